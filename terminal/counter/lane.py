"""One counter at run time: its devices, its glass, its outbox, the sale it is busy with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from terminal.counter.book import Book, Releases
from terminal.counter.engine import AttemptDriver
from terminal.counter.glass import Glass, glass_id
from terminal.counter.outbox import note
from terminal.counter.paper import CopyMark, MakeSlip, Paper, TaxNumbers
from terminal.counter.ports import CodeScreen, Devices, Screen
from terminal.counter.products import Products
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.voice import Voice
from terminal.errors import TerminalError
from terminal.payments.event import Owed
from terminal.payments.fact import Facts
from terminal.payments.sale import Attempt, Sale

__all__ = ["Devices", "Lane"]


@dataclass(frozen=True, slots=True)
class Away:
    """A counter either sells or trains. ``slug``: why no sale begins here now; ``url``: where its pages are."""

    slug: str = ""
    url: str = ""


HERE: Final = Away()


@dataclass(frozen=True, slots=True)
class Ways:
    """What every counter of a house asks the service, bound once for all of them: a chain has thousands."""

    make_slip: MakeSlip
    copy_mark: CopyMark
    tax: TaxNumbers
    on_phone: Callable[[Owed], Awaitable[bool]]
    instead_of_paper: Callable[[Sale, Owed], str]
    code_life_s: Callable[[Attempt], float]
    check_code: Callable[[Sale], str]
    poster_waits: Callable[[str], bool]
    receipt: Callable[[Sale], tuple[str, float]]


def _nobody() -> None:
    """No page looks."""


class Lane:
    """``current`` is the sale this counter is busy with: neither ended nor parked."""

    __slots__ = (
        "_listener",
        "_noted",
        "away",
        "book",
        "current",
        "devices",
        "driver",
        "found",
        "glass",
        "last_no",
        "last_sale",
        "moving",
        "paper",
        "products",
        "settings",
        "told",
        "turn",
        "voice",
    )

    def __init__(
        self,
        settings: CounterSettings,
        devices: Devices,
        book: Book,
        house: House,
        limits: Limits,
        ways: Ways,
    ) -> None:
        self.settings, self.devices = settings, devices
        self.book = book
        self.turn = asyncio.Lock()  # one sale is opened, or scanned into, at a time
        self.current: str | None = None
        self.last_sale: str | None = None
        self.last_no = 0
        self.driver: dict[str, AttemptDriver] = {}  # by attempt, live ones
        self.glass = Glass(settings, house, devices.display, limits, self._shown)
        self.glass.life_s, self.glass.check_code = ways.code_life_s, ways.check_code
        self.glass.waits, self.glass.receipt = ways.poster_waits, ways.receipt
        self.products = Products()
        self.voice = Voice(book, devices.speaker, settings, house, limits)
        self.paper = Paper(book, devices.printer, settings, limits, ways.make_slip, ways.copy_mark)
        self.paper.tax, self.paper.on_phone, self.paper.instead = ways.tax, ways.on_phone, ways.instead_of_paper
        self._listener: Callable[[], None] = _nobody
        self.glass.on_change = self.on_change
        self.moving = ""  # the channel that follows once the shown code is proven closed; a person waits for it
        self._noted = 0
        self.away = HERE  # where this counter sells instead, while it does not sell here
        self.found: tuple[int, int, str] | None = None  # the last receipt scanned: count, when (mono ns), its sale
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
        attempt = self.book.sale(self.current).last_attempt
        if attempt is None or glass_id(attempt.id) != screen.id:
            return  # the counter has gone on meanwhile
        self._noted = screen.id
        where = "device" if self.devices.display else "browser"
        await note(self.book, self.current, "code_shown", glass=screen.id, where=where)

    def show_code(self, sale: Sale, attempt: Attempt, payload: str) -> None:
        if self.current == sale.id:
            self.glass.show_code(attempt, payload)

    def changed(self, before: Sale | None, sale: Sale) -> None:
        """A sale of this counter has new facts. Only the one this counter is busy with moves its glass."""
        mine = self._is_mine(sale)
        if mine:
            self.current = None if sale.ended or sale.parked else sale.id
        if sale.no >= self.last_no:
            self.last_no, self.last_sale = sale.no, sale.id
        if mine:
            self.glass.follow(before, sale)
        self.on_change()

    def foresee(self, before: Sale | None, sale: Sale) -> Releases:
        """These facts are about to be made durable; ``changed`` follows once they are."""
        asks = self.paper.foresee()
        shows = self.glass.foresee(before, sale) if self._is_mine(sale) else None
        return Releases((asks,) if asks is not None else (), (shows,) if shows is not None else ())

    def _is_mine(self, sale: Sale) -> bool:
        """The one this counter was busy with, or is from now on."""
        return self.current == sale.id or not (sale.ended or sale.parked)

    def find(self, sale: Sale) -> None:
        """A receipt was scanned while no sale waits: the till opens its sale."""
        count = self.found[0] + 1 if self.found else 1
        self.found = (count, self.book.clock.mono_ns(), sale.id)
        self.on_change()

    def tell(self, refused: TerminalError) -> None:
        """Something a device did was refused: the till shows it for a moment."""
        self.told = (self.book.clock.mono_ns(), refused)
        self.on_change()

    def begin(self, sale: Sale, owed: Owed) -> Facts:
        """With which facts this effect begins in the append that owes it; none: later."""
        return (self.voice if owed.kind == "voice" else self.paper).begin(sale, owed)

    def owe(self, owed: Owed, *, begun: bool) -> None:
        (self.voice if owed.kind == "voice" else self.paper).owe(owed, begun=begun)

    def drive(self, attempt: str) -> AttemptDriver | None:
        return self.driver.get(attempt)
