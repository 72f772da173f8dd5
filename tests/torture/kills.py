"""SIGKILL at random times, again and again: the installed service, two tills, devices, a bank over TLS."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from terminal.chance import Chance
from tests.torture.judge import after_a_kill, at_the_end, fold
from tests.torture.shop import COUNTERS, Shop, shop
from tests.torture.till import NO_ANSWER, Till, Told

WHOLE_EVERY: Final = 20  # of so many kills one is followed by a check of the whole chain
IDLE_LIVES: Final = 6
LONG_LIFE_S: Final = 180.0  # a scan that never arrived is believed after two minutes of one life
REST_S: Final = 180.0
Say = Callable[[str], None]


@dataclass(slots=True)
class Kills:
    """What a run of kills adds up to."""

    seed: int
    kills: int = 0
    where: Counter[str] = field(default_factory=Counter)
    sales: int = 0
    paid: int = 0
    ended: int = 0
    idle: int = 0  # lives since a sale ended
    retries: int = 0
    slips: int = 0
    copies: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        places = ", ".join(f"{count} {name}" for name, count in sorted(self.where.items()))
        return (
            f"kills: {self.kills} SIGKILLs ({places}), seed {self.seed}; {self.sales} sales told, "
            f"{self.paid} paid, {self.retries} questions repeated, {self.slips} slips ({self.copies} copies); "
            f"{len(self.wrong)} acknowledged-but-lost, doubled or corrupt"
        )


async def run(folder: Path, kills: int, seed: int, say: Say) -> Kills:
    """Ends at the first thing that is wrong."""
    chance, tally = Chance(seed).split("kills"), Kills(seed)
    async with shop(folder) as place:
        tills = [Till(place, name, chance.split(f"till {name}")) for name in COUNTERS]
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(till.work()) for till in tills]
            while tally.kills < kills and not tally.wrong:
                await _one(place, tills, chance, tally)
                if tally.kills % 25 == 0:
                    say(f"  {tally.kills} kills, {sum(len(x.log) for x in tills)} sales …")
            if not tally.wrong:
                await _rest(place, tills, working, tally)
            for task in working:
                task.cancel()
        _count(tills, tally)
    return tally


async def _one(place: Shop, tills: list[Till], chance: Chance, tally: Kills) -> None:
    """A life of random length: three in four end at work, one while it starts."""
    await place.start()
    if chance.below(4) == 0:
        await asyncio.sleep(chance.below(1200) / 1000)
        where = "while starting"
    else:
        await place.ready()
        await _live(tills, chance, tally)
        where = "at work"
    if not place.runs:
        tally.wrong.append(f"D11 it ended by itself: {place.last_words()}")
        return
    if where == "while starting" and (place.state / "ready.json").exists():
        where = "just ready"
    await place.end(signal.SIGKILL)
    tally.kills += 1
    tally.where[where] += 1
    told = [each for till in tills for each in till.log]
    whole = tally.kills % WHOLE_EVERY == 0
    tally.wrong += await asyncio.to_thread(after_a_kill, place.state, told, place.bank.orders(), whole=whole)
    tally.wrong += [each for till in tills for each in till.wrong]


async def _live(tills: list[Till], chance: Chance, tally: Kills) -> None:
    """Up to two seconds; longer once no sale has come to an end for many lives.

    Some doubts need a life of their own length: "not found" is believed after fifteen seconds, which a restart
    begins anew (I17).
    """
    ended = sum(bool(each.end) for till in tills for each in till.log)
    tally.idle = tally.idle + 1 if ended == tally.ended else 0
    tally.ended = ended
    await asyncio.sleep(chance.below(2000) / 1000)
    if tally.idle < IDLE_LIVES:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONG_LIFE_S):
            while sum(bool(each.end) for till in tills for each in till.log) == ended:  # noqa: ASYNC110  # others' work
                await asyncio.sleep(0.1)


async def _rest(place: Shop, tills: list[Till], working: list["asyncio.Task[None]"], tally: Kills) -> None:
    """Nobody kills any more: the sales at hand end, a person prints what waits, everything is compared."""
    await place.start()
    await place.ready()
    for till in tills:
        till.stop = True
    async with asyncio.timeout(REST_S):
        await asyncio.wait(working)
        while await owes(place):  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(0.3)
    code = await place.end(signal.SIGTERM)
    if code != 0:
        tally.wrong.append(f"D12 SIGTERM ended it with {code}: {place.last_words()}")
    told = [each for till in tills for each in till.log]
    tally.wrong += after_a_kill(place.state, told, place.bank.orders(), whole=True)
    paper = {name: place.paper(name) for name in COUNTERS}
    tally.wrong += at_the_end(fold(place.journal), told, place.bank.orders(), paper)


async def owes(place: Shop, counters: tuple[str, ...] = COUNTERS) -> bool:
    """Print what waits for a person; whether anything is still open."""
    busy = False
    for name in counters:
        with contextlib.suppress(*NO_ANSWER):
            _, view = await place.ask("GET", f"/counters/{name}")
            for slip in view["slips"]:
                await _print(place, name, slip)
            busy = busy or bool(view["slips"]) or view["sale"] is not None
    log = fold(place.journal)
    live = any(x.live for x in log.attempts.values()) or any(not x.ended for x in log.sales.values())
    return busy or live or bool(log.owed)


async def _print(place: Shop, counter: str, slip: dict[str, Any]) -> None:
    await place.ask(
        "POST", f"/counters/{counter}/slips/{slip['effect']}", {"print": True}, key=f"p-{slip['effect']}"
    )


def _count(tills: list[Till], tally: Kills) -> None:
    told: list[Told] = [each for till in tills for each in till.log]
    tally.sales, tally.paid = len(told), sum(each.end == "paid" for each in told)
    tally.retries = sum(till.retries for till in tills)
    paper = [slip for name in COUNTERS for slip in tills[0].shop.paper(name)]
    tally.slips, tally.copies = len(paper), sum("COPY" in slip for slip in paper)
