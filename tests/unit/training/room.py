"""Lessons and exams over a real journal on virtual time; the other side of the counter does nothing by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from terminal.chance import Chance
from terminal.counter.feed import Feed
from terminal.errors import JournalError
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Event, Ledger, NewEvent
from terminal.training.desk import LOOK_S, LessonDesk, Run
from terminal.training.exam_desk import ExamDesk
from terminal.training.lesson import Play
from terminal.training.stage import Till
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds, run

KEYS: Final = JournalKeys.make(Chance("keys"))
MEI, LI = Actor("person", "mei"), Actor("person", "li")
SYSTEM: Final = Actor("system", "engine")


@dataclass(slots=True)
class Nobody:
    """A stage on which customer and bank do nothing; ``paid``: sales that the till shows green."""

    scans: bool = True
    paid: dict[str, int] = field(default_factory=dict)

    def till(self, sale: str) -> Till:
        return Till("paid", self.paid[sale]) if sale in self.paid else Till("waiting" if sale else "", 0)

    async def play(self, counter: str, play: Play) -> str:
        return ""

    async def clear(self, counter: str) -> None: ...


class Full(Feed):
    """A journal that refuses the next appends of a type, as one that another process holds for a moment."""

    def __init__(self, journal: SqliteJournal) -> None:
        super().__init__(journal)
        self.refuses: list[str] = []

    async def append(
        self, events: Sequence[NewEvent], then: Callable[[tuple[Event, ...]], None] | None = None, **behind: Any
    ) -> tuple[Event, ...]:
        if events[0].type in self.refuses:
            self.refuses.remove(events[0].type)
            raise JournalError("journal_locked")
        return await super().append(events, then, **behind)


class Room:
    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.ids = VirtualIds(self.clock, 1)
        self.journal = SqliteJournal.open(
            folder / "journal.db",
            identity=Identity("m-1", "s-1", Ledger.TRAINING),
            clock=self.clock,
            entropy=VirtualEntropy(1),
            keys=KEYS,
            inline=True,
        )
        self.feed, self.stage = Full(self.journal), Nobody()
        self.desk = self.another_desk()
        self.exams = self.another_exam_desk()

    def another_desk(self) -> LessonDesk:
        """As after a restart: of the same journal, and it knows of no lesson under way."""
        return LessonDesk("s-1", journal=self.feed, clock=self.clock, ids=self.ids, stage=self.stage)

    def another_exam_desk(self) -> ExamDesk:
        return ExamDesk("s-1", journal=self.feed, clock=self.clock, ids=self.ids, lessons=self.desk)

    async def told(self, sale: str, event_type: str, *, by: Actor = SYSTEM, **body: Any) -> None:
        """Of a sale at counter 1."""
        await self.feed.append([NewEvent("counter:1", event_type, sale, by, body)])

    async def sold(self, sale: str, minor: int) -> None:
        """Opened and paid, and the till is green."""
        await self.told(sale, "sale_opened", amount_minor=minor)
        self.stage.paid[sale] = minor
        await self.told(sale, "sale_moved", to="paid")
        await self.looked()

    async def looked(self) -> None:
        """The desk has looked at what was written down before."""
        await asyncio.sleep(2 * LOOK_S)

    async def pass_lesson(self, lesson: str, *, exam: str = "") -> Run:
        """A sale that is paid, and the goods."""
        begun = await self.desk.begin(lesson, "1", MEI, exam=exam)
        await self.sold(f"sale of {begun.id}", begun.due_minor)
        await self.desk.act("1", "handed_over", MEI)
        return begun

    def ends(self, begun: Run) -> list[str]:
        """What the journal says of how this lesson ended."""
        told = self.journal.of_subject(begun.id)
        return [each.body["outcome"] for each in told if each.type == "lesson_ended"]


def story(folder: Path, tell: Callable[[Room], Awaitable[None]]) -> None:
    async def told() -> None:
        room = Room(folder)
        try:
            await tell(room)
        finally:
            await room.desk.close()
            await room.journal.close()

    run(told(), seed=1)
