"""A shop on virtual time with a real journal; close and open it again as often as a story needs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Event, Ledger
from terminal.people.pins import PinCost
from terminal.people.roles import Principal
from terminal.people.service import People, PeopleSettings
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds, VirtualLoop, run

CHEAP: Final = PeopleSettings(pin_cost=PinCost(passes=1, memory_kib=8))
KEYS: Final = JournalKeys.make(Chance("keys"))
OWNER_PIN, CASHIER_PIN, WRONG = "837465", "294857", "605948"
TILL: Final = "till-1"


class Shop:
    """``people`` is open; ``owner`` is the first owner's id once ``set_up`` ran."""

    people: People
    owner: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock()
        self.entropy = VirtualEntropy(1)
        self.ids = VirtualIds(self.clock, 1)
        self.pepper = bytes(32)
        self.open()

    def open(self) -> None:
        self.journal = SqliteJournal.open(
            self.folder / "journal.db",
            identity=Identity("m-1", "s-1", Ledger.TEST),
            clock=self.clock,
            entropy=self.entropy,
            keys=KEYS,
            inline=True,
        )
        self.people = People(
            "s-1",
            journal=self.journal,
            clock=self.clock,
            entropy=self.entropy,
            ids=self.ids,
            pepper=self.pepper,
            settings=CHEAP,
        )

    def power_cut(self) -> None:
        """The process dies and starts again on the same disk."""
        self.journal.abandon()
        self.open()

    async def set_up(self) -> str:
        """The first owner, signed in: the session's token."""
        code = self.people.new_set_up_code()
        signed_in = await self.people.set_up(code, label="Owner", pin=OWNER_PIN, device=TILL)
        self.owner = signed_in.person
        return signed_in.session_token

    def principal(self, session: str, device: str = "") -> Principal:
        who = self.people.who(device, session)
        assert who is not None
        return who

    def events(self) -> list[Event]:
        return [event for event in self.journal.after(0, limit=10_000) if event.stream == "people:s-1"]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def skip(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.skip(seconds)


def story(folder: Path, tell: Callable[[Shop], Awaitable[None]], *, seed: int = 1) -> None:
    async def told() -> None:
        shop = Shop(folder)
        try:
            await tell(shop)
        finally:
            await shop.journal.close()

    run(told(), seed=seed)
