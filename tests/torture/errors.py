"""I/O errors of the running service, at every write and sync of one sale: it stops, a fresh one knows the truth.

strace lets the k-th call fail (EIO, ENOSPC; once, or from then on) in the only thread that writes the journal.
"""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.chance import Chance
from tests.torture import strace
from tests.torture.judge import after_a_kill, fold
from tests.torture.kills import owes
from tests.torture.shop import Shop, shop
from tests.torture.till import Till, Told

CALLS: Final = ("fdatasync", "pwrite64")
ERRORS: Final = ("EIO", "ENOSPC")
STICKY: Final = ("", "+")
JOURNAL_CODE: Final = 4  # the exit code of a journal that cannot go on
K_MAX: Final = 400  # no sale writes so often
SALE_S: Final = 60.0
Say = Callable[[str], None]


@dataclass(slots=True)
class Errors:
    seed: int
    runs: Counter[str] = field(default_factory=Counter)  # by call, error and how long
    ended: int = 0
    survived: int = 0  # the call was none of the journal's: a checkpoint that is signed later
    missing: str = ""
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        if self.missing:
            return f"errors: NOT RUN: {self.missing}"
        each = ", ".join(f"{count} {name}" for name, count in sorted(self.runs.items()))
        return (
            f"errors: {self.runs.total()} injected ({each}), seed {self.seed}; {self.ended} ended the service "
            f"with {JOURNAL_CODE}, {self.survived} were none of the journal's; {len(self.wrong)} lies after it"
        )


async def run(folder: Path, stride: int, seed: int, say: Say) -> Errors:
    """``stride``: 1 takes every call of a sale, n every n-th of the writes (all syncs are always taken)."""
    tally = Errors(seed, missing=strace.missing())
    if tally.missing:
        return tally
    async with shop(folder, counters=("1",)) as place:
        till = Till(place, "1", Chance(seed).split("errors"), calm=True)
        await place.start()
        await place.ready()
        await till.sell()
        for call in CALLS:
            for error in ERRORS:
                for sticky in STICKY:
                    await _sweep(place, till, (call, error, sticky), stride if call == "pwrite64" else 1, tally)
                    say(f"  {tally.line()}")
                    if tally.wrong:
                        return tally
        await place.end(signal.SIGTERM)
        sales = fold(place.journal).sales
        if len(sales) != len(till.log):
            tally.wrong.append(f"I16 {len(till.log)} keys, {len(sales)} sales")
    return tally


async def _sweep(place: Shop, till: Till, what: tuple[str, str, str], stride: int, tally: Errors) -> None:
    """Until a whole sale needs fewer calls than k."""
    call, error, sticky = what
    for k in range(1 + till.chance.below(stride), K_MAX, stride):
        fired = await _one(place, till, f"{call}:error={error}:when={k}{sticky}", tally)
        if tally.wrong or not fired:
            return
        tally.runs[f"{call} {error} {'sticky' if sticky else 'once'}"] += 1


async def _one(place: Shop, till: Till, what: str, tally: Errors) -> bool:
    """One sale under one failing call; whether the call ever came."""
    log = place.folder / "inject.log"
    async with attached(place, what, log):
        selling = asyncio.ensure_future(till.sell())
        ended = asyncio.ensure_future(place.ended())
        resting = asyncio.ensure_future(_rests(place, selling))
        await asyncio.wait({ended, resting}, return_when=asyncio.FIRST_COMPLETED, timeout=SALE_S)
    fired = [line for line in log.read_text().splitlines() if "(INJECTED)" in line]
    of_journal = [line for line in fired if "/journal.db>" in line or "/journal.db-wal>" in line]
    if of_journal:  # the sale may have been at rest a moment before
        await asyncio.wait({ended}, timeout=SALE_S)
    if ended.done():
        await _judge(place, till, what, ended.result(), tally)
        tally.ended += 1
    else:
        ended.cancel()
        if of_journal:
            tally.wrong.append(f"D5 {what}: it went on after {of_journal[0]}")
        tally.survived += bool(fired)
    resting.cancel()
    await asyncio.gather(ended, resting, return_exceptions=True)
    async with asyncio.timeout(SALE_S):
        await selling
        while await owes(place, ("1",)):  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(0.1)
    tally.wrong += [f"{what}: {each}" for each in till.wrong]
    return bool(fired)


async def _judge(place: Shop, till: Till, what: str, code: int, tally: Errors) -> None:
    """It must have ended by itself, in words; then a fresh process takes the same files."""
    if code != JOURNAL_CODE:
        tally.wrong.append(f"D5 {what}: it ended with {code}: {place.last_words()}")
    wrong = await asyncio.to_thread(after_a_kill, place.state, till.log, place.bank.orders(), whole=True)
    tally.wrong += [f"{what}: {each}" for each in wrong]
    await place.start()
    await place.ready()


async def _rests(place: Shop, selling: "asyncio.Future[Told]") -> None:
    """The sale has ended, and its voice and paper too."""
    await asyncio.wait({selling})
    while await owes(place, ("1",)):  # noqa: ASYNC110  # another process's work
        await asyncio.sleep(0.1)


@asynccontextmanager
async def attached(place: Shop, what: str, log: Path) -> AsyncIterator[None]:
    """While this runs, calls of the running service meet ``what`` (strace's inject)."""
    assert place.process is not None
    call = what.partition(":")[0]
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-y", "-e", f"trace={call}", "-e", f"inject={what}", "-o", str(log),
        "-p", str(place.process.pid), stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr is not None
    said = await tracer.stderr.readline()
    assert b"attached" in said, said.decode()
    reading = asyncio.ensure_future(tracer.stderr.read())
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            tracer.send_signal(signal.SIGINT)
        await tracer.wait()
        await reading
