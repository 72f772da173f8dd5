"""A shop's visits over a real journal on virtual time; the process may die and come back at any moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds, VirtualLoop, run
from terminal.visit.desk import Keep, VisitDesk
from terminal.visit.record import Signer
from terminal.visit.steps import NEEDED, Step, Visit

KEYS: Final = JournalKeys.make(Chance("keys"))
KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OFFICER, MEI = Actor("person", "officer"), Actor("person", "mei")
SIGNERS: Final = (Signer("mei", "Mei", "owner", 5), Signer("officer", "Li", "onboarding", 6))


class Shop:
    """``kept``: the records that were made durable, by visit."""

    desk: VisitDesk

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock()
        self.ids = VirtualIds(self.clock, 1)
        self.kept: dict[str, bytes] = {}
        self.channels: list[dict[str, str]] = []
        self.open()

    def open(self, keep: Keep | None = None) -> None:
        self.journal = SqliteJournal.open(
            self.folder / "journal.db",
            identity=Identity("m-1", "s-1", Ledger.TEST),
            clock=self.clock,
            entropy=VirtualEntropy(1),
            keys=KEYS,
            inline=True,
        )
        self.desk = VisitDesk(
            "s-1",
            journal=self.journal,
            clock=self.clock,
            ids=self.ids,
            shop=self,
            key=KEY,
            keep=keep or self.keep,
        )

    def facts(self) -> Mapping[str, Any]:
        devices = [{"role": "printer", "port": "usb-path:1-2"}]
        return {"shop": {"title": "Tea House 茶馆"}, "devices": devices, "channels": self.channels}

    async def keep(self, visit: str, record: bytes) -> None:
        self.kept[visit] = record

    def power_cut(self, keep: Keep | None = None) -> None:
        """The process dies and starts again on the same disk; ``keep``: another place for records."""
        self.journal.abandon()
        self.open(keep)

    async def passed(self, visit: Visit, *steps: Step) -> Visit:
        for step in steps or sorted(NEEDED):
            self.desk.begin_step(visit.id, step)
            visit = await self.desk.end_step(visit.id, step, "passed", OFFICER, proof={"seen": step.value})
        return visit

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
