"""Disks that fill up or take seconds, a second service, a stopped one, no descriptors, wrong clocks, SIGTERM."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from terminal.chance import Chance
from terminal.system import SystemClock
from tests.torture import strace
from tests.torture.errors import JOURNAL_CODE, attached
from tests.torture.judge import after_a_kill
from tests.torture.kills import owes
from tests.torture.shop import COUNTERTOP, DidNotStart, Shop, shop
from tests.torture.till import NO_ANSWER, Till, Told

DISK_MB: Final = 4
FULL_S: Final = 120.0
STARTS_WHILE_FULL: Final = 3
SYNC_S: Final = 1.0
PROBES: Final = 100
LATE_S: Final = 0.5  # ten times the goal of 50 ms: other processes share this machine
STOPPED_S: Final = 8.0
TERMS: Final = 20
TERM_S: Final = 5.0
FAR_S: Final = 3 * 365 * 86_400
Say = Callable[[str], None]


@dataclass(slots=True)
class Part:
    """One hardship: what was seen, what was wrong, or why it could not be tried here."""

    name: str
    seen: str = ""
    missing: str = ""
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        return f"{self.name}: {f'NOT RUN: {self.missing}' if self.missing else self.seen}; {len(self.wrong)} wrong"


async def run(folder: Path, seed: int, say: Say, only: str = "") -> list[Part]:
    """``only``: one of them, by its name."""
    parts: list[Part] = []
    for act in [
        each for each in (full, slow, second, stopped, descriptors, terms, clock) if only in each.__name__
    ]:
        part = Part(act.__name__)
        place = folder / part.name
        place.mkdir()
        try:
            await act(place, Chance(seed).split(part.name), part)
        except (AssertionError, TimeoutError, DidNotStart, *NO_ANSWER) as error:
            part.wrong.append(f"{part.name}: {error!r}")
        say(part.line())
        parts.append(part)
    return parts


@asynccontextmanager
async def _open(folder: Path, chance: Chance, *, state: Path | None = None) -> AsyncIterator[tuple[Shop, Till]]:
    """A running shop with one till."""
    async with shop(folder, counters=("1",), state=state) as place:
        await place.start()
        await place.ready()
        yield place, Till(place, "1", chance, calm=True)


async def _checked(place: Shop, till: Till, part: Part) -> None:
    """The service is down: what it left holds everything it told."""
    part.wrong += await asyncio.to_thread(after_a_kill, place.state, till.log, place.bank.orders(), whole=True)
    part.wrong += till.wrong


async def _at_rest(place: Shop) -> None:
    async with asyncio.timeout(FULL_S):
        while await owes(place, ("1",)):  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(0.2)


# --- disks -------------------------------------------------------------------------------------------------


async def full(folder: Path, chance: Chance, part: Part) -> None:
    """D4, I20: a small disk fills up in the middle of sales; with room again it goes on by itself."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = await asyncio.to_thread(
        subprocess.run,
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        part.missing = f"no right to mount a small disk ({mounted.stderr.strip()})"
        return
    try:
        await _fill(folder, disk, chance, part)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(disk)], check=False)


async def _fill(folder: Path, disk: Path, chance: Chance, part: Part) -> None:
    async with _open(folder, chance, state=disk / "state") as (place, till):
        await till.sell()
        await _at_rest(place)
        ballast = disk / "ballast"
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        ballast.write_bytes(bytes(max(0, free - 40_000)))
        selling = asyncio.ensure_future(_sell_on(till))
        code = await place.ended()
        if code != JOURNAL_CODE or "J-08" not in place.last_words():
            part.wrong.append(f"I20 full: it ended with {code}: {place.last_words()}")
        await _checked(place, till, part)
        for _ in range(STARTS_WHILE_FULL):  # as a supervisor would
            ballast.write_bytes(bytes(ballast.stat().st_size))
            await place.start()
            code = await place.ended() if not (place.state / "ready.json").exists() else 0
            if code != JOURNAL_CODE and place.runs:
                await place.end(signal.SIGKILL)
        ballast.unlink()
        await place.start()
        await place.ready()
        till.stop = True
        async with asyncio.timeout(FULL_S):
            await selling
        await _at_rest(place)
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        unpaid = [each.sale for each in till.log if each.end != "paid"]
        part.wrong += [f"D4 full: {unpaid} did not end as paid"] if unpaid else []
        part.seen = f"{len(till.log)} sales over a disk of {DISK_MB} MB that filled up, all paid"


async def _sell_on(till: Till) -> None:
    while not till.stop:
        await till.sell()


async def slow(folder: Path, chance: Chance, part: Part) -> None:
    """D6: every sync takes a second. Others are answered all the while, and the sale is paid in the end."""
    if missing := strace.missing():
        part.missing = missing
        return
    async with _open(folder, chance) as (place, till):
        await till.sell()
        late: list[float] = []
        async with attached(place, f"fdatasync:delay_enter={SYNC_S * 1e6:.0f}", folder / "slow.log"):
            selling = asyncio.ensure_future(till.sell())
            for _ in range(PROBES):
                late.append(await _health_s(place))
                await asyncio.sleep(0.05)
            async with asyncio.timeout(FULL_S):
                told = await selling
        late.sort()
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        if told.end != "paid":
            part.wrong.append(f"D6 slow: the sale is {told.end}")
        if late[-1] > LATE_S:
            part.wrong.append(f"D6 slow: the service said nothing for {late[-1] * 1e3:.0f} ms")
        part.seen = (
            f"syncs of {SYNC_S:.0f} s; health {PROBES} times: {late[len(late) // 2] * 1e3:.0f} ms p50, "
            f"{late[-1] * 1e3:.0f} ms at most"
        )


async def _health_s(place: Shop) -> float:
    clock = SystemClock()
    began_ns = clock.mono_ns()
    status, _ = await place.ask("GET", "/health")
    assert status == 200, status
    return (clock.mono_ns() - began_ns) / 1e9


# --- processes ---------------------------------------------------------------------------------------------


async def second(folder: Path, chance: Chance, part: Part) -> None:
    """D7: it ends at once with a sentence that names the first, which goes on."""
    async with _open(folder, chance) as (place, till):
        assert place.process is not None
        other = await asyncio.create_subprocess_exec(
            str(COUNTERTOP), "serve", "--config", str(place.config),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(other.communicate(), FULL_S)
        words = said.decode(errors="replace")
        if other.returncode != JOURNAL_CODE or "J-01" not in words:
            part.wrong.append(f"D7 second: {other.returncode}: {words[-500:]}")
        told = await till.sell()
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        part.seen = f"the second ended with {other.returncode}, the first sold on ({told.end})"


async def stopped(folder: Path, chance: Chance, part: Part) -> None:
    """D9: SIGSTOP while a code is shown; the customer pays meanwhile. On waking it asks before it acts."""
    async with _open(folder, chance) as (place, till):
        assert place.process is not None
        status, sale = await place.ask("POST", "/sales", _body(1234), key="stopped-0001")
        assert status == 201, sale
        told = Told("stopped-0001", "1", 1234, sale["id"])
        till.log.append(told)
        order = await _order(place, sale)
        place.process.send_signal(signal.SIGSTOP)
        assert place.bank.pay(order)
        await asyncio.sleep(STOPPED_S)
        place.process.send_signal(signal.SIGCONT)
        told.end = await _ended(place, sale["id"])
        await _at_rest(place)
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        if told.end != "paid":
            part.wrong.append(f"D9 stopped: paid meanwhile, and called {told.end}")
        part.seen = f"stopped for {STOPPED_S:.0f} s while the customer paid; then {told.end}"


async def descriptors(folder: Path, chance: Chance, part: Part) -> None:
    """D10: no descriptor is left; nothing half is done, and with some again it goes on."""
    async with _open(folder, chance) as (place, till):
        assert place.process is not None
        pid = place.process.pid
        await till.sell()
        used = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # a look at the kernel, no disk
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(8, used - 4), before[1]))
        selling = asyncio.ensure_future(till.sell())
        refused = 0
        for _ in range(10):
            try:
                await place.ask("GET", "/health", answer_s=1.0)
            except NO_ANSWER:
                refused += 1
        if not place.runs:
            part.wrong.append(f"D10 it ended: {place.last_words()}")
            return
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        async with asyncio.timeout(FULL_S):
            told = await selling
        await _at_rest(place)
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        part.seen = f"{used} descriptors and no more: {refused} of 10 calls got no answer; afterwards {told.end}"


async def terms(folder: Path, chance: Chance, part: Part) -> None:
    """D12: SIGTERM at any moment: an end in order within seconds, and the next start knows everything."""
    slowest, clock = 0.0, SystemClock()
    async with _open(folder, chance) as (place, till):
        till.calm = False
        selling = asyncio.ensure_future(_sell_on(till))
        for _ in range(TERMS):
            await asyncio.sleep(chance.below(1500) / 1000)
            began_ns = clock.mono_ns()
            code = await place.end(signal.SIGTERM)
            slowest = max(slowest, (clock.mono_ns() - began_ns) / 1e9)
            if code != 0:
                part.wrong.append(f"D12 it ended with {code}: {place.last_words()}")
            await _checked(place, till, part)
            await place.start()
            await place.ready()
        till.stop = True
        async with asyncio.timeout(FULL_S):
            await selling
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
    if slowest > 2 * TERM_S:
        part.wrong.append(f"D12 the slowest end took {slowest:.1f} s")
    part.seen = f"{TERMS} ends, the slowest took {slowest:.1f} s; {len(till.log)} sales"


async def clock(folder: Path, chance: Chance, part: Part) -> None:
    """D8, I17: the wall clock is years off, monotonic time goes on (libfaketime)."""
    library = faketime()
    if library is None:
        part.missing = "libfaketime is not installed and cannot be (apt-get install libfaketime)"
        return
    async with _open(folder, chance) as (place, till):
        first = await till.sell()
        await _at_rest(place)
        await place.end(signal.SIGTERM)
        ends = [first.end]
        for offset_s in (FAR_S, -FAR_S, -90, 3600):
            place.more = {
                "LD_PRELOAD": str(library), "FAKETIME": f"{offset_s:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1", "DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
            await place.start()
            await place.ready()
            ends.append(await _one_sale_or_refusal(place, till))
            await place.end(signal.SIGTERM)
            await _checked(place, till, part)
        place.more = {}
        await place.start()
        await place.ready()
        ends.append((await till.sell()).end)
        await _at_rest(place)
        await place.end(signal.SIGTERM)
        await _checked(place, till, part)
        part.seen = f"clocks off by years, minutes, an hour: {', '.join(ends)}"


async def _one_sale_or_refusal(place: Shop, till: Till) -> str:
    """A clock that is known to be wrong may refuse new sales in words; what is begun ends all the same."""
    key = f"clock-off-{len(till.log):04}"
    async with asyncio.timeout(FULL_S):
        status, sale = await place.ask("POST", "/sales", _body(500), key=key)
        if status != 201:
            return str(sale.get("error") or sale.get("slug") or status)
        told = Told(key, "1", 500, sale["id"])
        till.log.append(told)
        order = None
        for _ in range(100):
            order = order or next(
                (x for x in place.bank.orders() if x.out_trade_no == sale["attempts"][-1]["id"]), None
            )
            if order is not None and not order.captures:
                place.bank.pay(order.out_trade_no)
            _, now = await place.ask("GET", f"/sales/{sale['id']}")
            if now["state"] in {"paid", "cancelled", "expired"}:
                told.end = now["state"]
                return told.end
            await asyncio.sleep(0.2)
        await place.ask("POST", f"/sales/{sale['id']}/cancel", {"why": "customer_left"}, key=f"{key}-c")
        told.end = await _ended(place, sale["id"])
    return told.end


def faketime() -> Path | None:
    """Where libfaketime is; installed where that is allowed."""
    if (found := _libraries()) or os.geteuid() != 0:
        return found[0] if found else None
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "libfaketime"], capture_output=True, timeout=120, check=False
        )
    found = _libraries()
    return found[0] if found else None


def _libraries() -> list[Path]:
    return sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def _body(minor: int) -> dict[str, Any]:
    return {"counter": "1", "amount_minor": minor, "currency": "CNY"}


async def _order(place: Shop, sale: dict[str, Any]) -> str:
    """Its number once the bank knows it and its code is there."""
    number = str(sale["attempts"][-1]["id"])
    async with asyncio.timeout(FULL_S):
        while (order := place.bank.order(number)) is None or not order.code_urls:  # noqa: ASYNC110  # another's work
            await asyncio.sleep(0.05)
    return number


async def _ended(place: Shop, sale: str) -> str:
    async with asyncio.timeout(FULL_S):
        while True:
            _, told = await place.ask("GET", f"/sales/{sale}")
            if told["state"] in {"paid", "cancelled", "expired"}:
                return str(told["state"])
            await asyncio.sleep(0.1)


Act = Callable[[Path, Chance, Part], Awaitable[None]]
