"""One counter at run time: its devices, its glass, its outbox, the sale it is busy with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from terminal.counter.book import Book
from terminal.counter.engine import AttemptDriver
from terminal.counter.glass import Glass
from terminal.counter.outbox import CopyMark, MakeSlip, Paper, Voice, note
from terminal.counter.ports import CodeScreen, Display, Health, Printer, Scanner, Screen, Speaker
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import TerminalError
from terminal.payments.event import Owed
from terminal.payments.sale import Sale


@dataclass(frozen=True, slots=True)
class Devices:
    """What stands on this counter; None: it has none of that kind."""

    display: Display | None = None
    scanner: Scanner | None = None
    printer: Printer | None = None
    speaker: Speaker | None = None

    def health(self) -> dict[str, Health]:
        roles = {
            "display": self.display,
            "scanner": self.scanner,
            "printer": self.printer,
            "speaker": self.speaker,
        }
        return {role: device.health() for role, device in roles.items() if device is not None}


class Lane:
    """``current`` is the sale this counter is busy with: neither ended nor parked."""

    def __init__(
        self,
        settings: CounterSettings,
        devices: Devices,
        book: Book,
        house: House,
        limits: Limits,
        make_slip: MakeSlip,
        copy_mark: CopyMark,
    ) -> None:
        self.settings, self.devices = settings, devices
        self.book = book
        self.turn = asyncio.Lock()  # one sale is opened, or scanned into, at a time
        self.current: str | None = None
        self.last_sale: str | None = None
        self.last_no = 0
        self.driver: dict[str, AttemptDriver] = {}  # by attempt, live ones
        self.glass = Glass(settings, house, devices.display, limits, self._shown)
        self.voice = Voice(book, devices.speaker, settings, house, limits)
        self.paper = Paper(book, devices.printer, settings, limits, make_slip, copy_mark)
        self._listener: Callable[[], None] = lambda: None
        self.glass.on_change = self.on_change
        self._noted = 0
        self.told: tuple[int, TerminalError] | None = None  # the last refusal a device caused, and when (mono ns)

    def listen(self, listener: Callable[[], None]) -> None:
        """Called whenever something a page shows of this counter may have changed."""
        self._listener = listener

    def on_change(self) -> None:
        self._listener()

    @property
    def id(self) -> str:
        return self.settings.id

    async def _shown(self, screen: Screen) -> None:
        """The device proved that it shows the code: a line of the sale's timeline."""
        if not isinstance(screen, CodeScreen) or screen.id == self._noted or self.current is None:
            return
        self._noted = screen.id
        where = "device" if self.devices.display else "browser"
        await note(self.book, self.current, "code_shown", glass=screen.id, where=where)

    def changed(self, sale: Sale) -> None:
        """A sale of this counter has new facts."""
        if not sale.ended and not sale.parked:
            self.current = sale.id
        elif self.current == sale.id:
            self.current = None
        self.last_sale = sale.id
        if self.current in {None, sale.id}:
            self.glass.follow(sale)
        self.on_change()

    def tell(self, refused: TerminalError) -> None:
        """Something a device did was refused: the till shows it for a moment."""
        self.told = (self.book.clock.mono_ns(), refused)
        self.on_change()

    def owe(self, owed: Owed) -> None:
        (self.voice if owed.kind == "voice" else self.paper).owe(owed)

    def drive(self, attempt: str) -> AttemptDriver | None:
        return self.driver.get(attempt)
