"""The voice over a disk that is slow: what is not news any more once it is durable is not spoken (I11, D6)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from terminal.counter.book import SYSTEM, Book
from terminal.counter.feed import Feed
from terminal.counter.ports import Health, HealthState, Journal, Played, Ticket, Utterance
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.voice import Voice
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.event import Event, NewEvent, Owed
from terminal.payments.money import Money
from terminal.virtual_time import VirtualClock, run
from tests.unit.journal.world import open_at

OWED = Owed("S1:voice:late", "voice", "1", "S1", 1, 0, {"says": "late", "attempt": ""})


class SlowJournal:
    """The same, and every commit takes so long."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self.takes_s = journal, 0.0

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        await asyncio.sleep(self.takes_s)
        return await self._journal.append(events, ticket=ticket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class SpeakerWithEars:
    def __init__(self) -> None:
        self.said: list[str] = []

    async def say(self, utterance: Utterance) -> Played:
        self.said.append(utterance.kind)
        return Played.DONE

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {})


@pytest.mark.row(52)
@pytest.mark.parametrize(("commit_s", "said", "outcome"), [(4.0, ["late"], "done"), (12.0, [], "not_played")])
def test_i11_d6_what_a_slow_disk_made_old_is_not_spoken(
    tmp_path: Path, commit_s: float, said: list[str], outcome: str
) -> None:
    async def story() -> None:
        async with open_at(tmp_path / "j.db") as sqlite:
            disk, clock, speaker = SlowJournal(sqlite), VirtualClock(), SpeakerWithEars()
            book = Book(Feed(cast("Journal", disk)), clock)
            facts = open_sale(OpenSale("1", Money(100, "CNY")), sale="S1", no=1, at_ms=clock.wall_ms())
            await book.commit("S1", lambda _: facts, SYSTEM)
            voice = Voice(book, speaker, CounterSettings("1"), House("m", "s", "Tea"), Limits())
            tasks: list[asyncio.Task[None]] = []
            voice.work.begin(lambda _name, job: tasks.append(asyncio.ensure_future(job())), "voice")
            disk.takes_s = commit_s
            voice.owe(OWED)
            await tasks[0]
            ends = [each.body["outcome"] for each in sqlite.of_subject("S1") if "outcome" in each.body]
            assert (speaker.said, ends) == (said, ["taken", outcome])

    run(story(), seed=1)
