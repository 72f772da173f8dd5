"""A shop's feedback and cases over a real journal on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from terminal.care.cases import CaseDesk
from terminal.care.feedback import FeedbackDesk
from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds, VirtualLoop, run

KEYS: Final = JournalKeys.make(Chance("keys"))
MEI, GLASS = Actor("person", "mei"), Actor("device", "glass")


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, VirtualClock()
        self.ids = VirtualIds(self.clock, 1)
        self.open()

    def open(self) -> None:
        self.journal = SqliteJournal.open(
            self.folder / "journal.db",
            identity=Identity("m-1", "s-1", Ledger.TEST),
            clock=self.clock,
            entropy=VirtualEntropy(1),
            keys=KEYS,
            inline=True,
        )
        self.feedback = FeedbackDesk("s-1", journal=self.journal, clock=self.clock, ids=self.ids, rating=True)
        self.cases = CaseDesk("s-1", journal=self.journal, clock=self.clock, ids=self.ids, answer_h=48)

    def power_cut(self) -> None:
        self.journal.abandon()
        self.open()

    async def sold(self, sale: str, counter: str = "1", state: str = "paid") -> None:
        row = {"kind": "sale", "state": state, "final": True, "open": False}
        body: dict[str, Any] = {"index": {"summary": row}}
        await self.journal.append([NewEvent(f"counter:{counter}", "sale_moved", sale, MEI, body)])

    def types(self) -> list[str]:
        return [event.type for event in self.journal.after(0, limit=1000)]

    def skip(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.skip(seconds)


def story(folder: Path, tell: Callable[[Shop], Awaitable[None]]) -> None:
    async def told() -> None:
        shop = Shop(folder)
        try:
            await tell(shop)
        finally:
            await shop.journal.close()

    run(told(), seed=1)
