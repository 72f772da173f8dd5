"""Cut wires, ended sessions and killed instances by chance: what was told stands once, and one key is one sale."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from terminal.chance import Chance
from terminal.journal.postgres.hold import Pace
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from tests.unit.journal.postgres.wire import Cut, Wire, wired
from tests.unit.journal.world import event, open_in

FAST = Pace(beat_s=0.2, lease_s=2.0, idle_s=3.0, poll_s=0.05)
ROUNDS, SALES, KEYS = 60, 30, 200


def plan(chance: Chance) -> list[Cut]:
    ways: Sequence[Literal["up", "down"]] = ("up", "down")
    return [Cut(ways[chance.below(2)], chance.below(12), chance.below(2) == 1) for _ in range(chance.below(4))]


async def sell(journal: PostgresJournal, subject: str, key: str, told: list[tuple[str, str]]) -> None:
    index = {"claims": [["order", key, subject]]}
    await journal.append([event(subject, index=index), event(subject, kind="code_shown")])
    told.append((subject, key))


async def round_of(journal: PostgresJournal, wire: Wire, number: int, chance: Chance) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    wire.plan.extend(plan(chance))
    sales = [
        asyncio.create_task(sell(journal, f"s{number}-{each}", f"k{chance.below(KEYS)}", told))
        for each in range(SALES)
    ]
    kind = chance.below(4)
    for _ in range(chance.below(20)):
        await asyncio.sleep(0)
    if kind == 0:
        wire.sever()
    if kind == 1:
        await journal.abandon()
    await asyncio.gather(*sales, return_exceptions=True)  # refused, unknown, told: the log decides
    return told


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_d1_i3_whatever_breaks_nothing_told_is_lost_and_no_key_is_sold_twice(
    place: Place, short: Path, tmp_path: Path, seed: int
) -> None:
    chance, told = Chance(f"torture {seed}"), list[tuple[str, str]]()
    for number in range(ROUNDS):
        view = tmp_path / f"{chance.below(2)}.db"  # this machine or the other one
        async with wired(place, short) as wire:
            async with asyncio.timeout(60):
                journal = await open_in(wire.place, view, standby=True, pace=FAST)
                told += await round_of(journal, wire, number, chance)
                wire.plan.clear()
                await journal.close()
        (short / ".s.PGSQL.5432").unlink(missing_ok=True)
    async with await open_in(place, tmp_path / "last.db", standby=True) as journal:
        events = [each for page in range(0, 10_000, 1000) for each in journal.after(page, limit=1000)]
        recorded = Counter(each.subject for each in events)
        assert set(recorded.values()) == {2}, "whole or not at all"
        assert {subject for subject, _ in told} <= recorded.keys()
        keys = Counter(claim[1] for each in events for claim in each.body.get("index", {}).get("claims", ()))
        assert set(keys.values()) == {1}
        assert len(told) > ROUNDS
        assert (await journal.verify_all()).sound
