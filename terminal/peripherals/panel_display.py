"""Any display with letters of its own as the display port: words chosen, shown, watched, taken down in time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from drivers.display.panel import Kind, Panel, PanelScreen
from drivers.errors import DeviceError, DeviceRefused
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, CodeScreen, Health, IdleScreen, ResultScreen, ScanScreen, Screen
from terminal.errors import PeripheralFailed
from terminal.on_demand import Alarm
from terminal.payments.money import Money
from terminal.peripherals.keeper import Keeper, together
from terminal.peripherals.marks import mark
from terminal.peripherals.sweep import Sweep, never, rest

ASK_S: Final = 2.0  # between two questions while something is shown for a customer
DARK: Final = PanelScreen("idle")  # what a panel shows before anybody says what is wanted
_KINDS: Final[dict[str, Kind]] = {
    "paid": "paid",
    "not_paid": "failed",
    "cancelled": "cancelled",
    "checking": "checking",
    "late": "late",
    "unverified": "checking",
}
_WORDS: Final[dict[Kind, str]] = {
    "idle": "customer.welcome",
    "code": "customer.scan_or_show",
    "scan": "customer.show_yours",
    "scanned": "customer.checking",
    "acting": "customer.finish_on_phone",
    "paid": "customer.paid",
    "failed": "customer.not_paid",
    "cancelled": "customer.cancelled",
    "checking": "customer.checking",
}


class Wording:
    """What a panel says, in the display's language.

    Args:
        words: a key of the catalogue -> its text. money: an amount as that language writes it.
        title: the shop's name where a screen brings none.
    """

    def __init__(self, words: Callable[[str], str], money: Callable[[Money], str], *, title: str = "") -> None:
        self._words, self._money, self._title = words, money, title

    def said(self, screen: Screen) -> PanelScreen:
        test = self._words(mark(screen)) if screen.test else ""
        match screen:
            case IdleScreen(entered=goods) if goods is not None:
                return self._goods(goods.name, goods.amount, goods.total, test)
            case IdleScreen():
                return PanelScreen("idle", title=screen.title or self._title, words=self._of("idle"), test=test)
            case CodeScreen():
                return replace(
                    self._priced("code", screen.amount, test),
                    payload=screen.payload,
                    title=screen.title or self._title,
                )
            case ScanScreen():
                return replace(self._priced(screen.now, screen.amount, test), title=screen.title or self._title)
            case ResultScreen():
                said = replace(
                    self._priced(_KINDS[screen.result], screen.amount, test),
                    reference=screen.text,
                    title=self._title,
                )
                unverified = screen.result == "unverified"
                return replace(said, words=self._words("customer.unverified")) if unverified else said

    def _goods(self, name: str, amount: Money, total: Money, test: str) -> PanelScreen:
        """The newest line above the sum so far: two texts where the panel's idle page has no more. The price is
        first: what is too long is cut at its end. Without the currency's sign: a panel that lacks it would leave
        a whole text out."""
        price, sum_ = _bare(self._money(amount)), self._money(total)
        return PanelScreen(
            "idle",
            title=f"{price} {name}",
            words=f"{self._words('receipt.total')} {_bare(sum_)}",
            item=name,
            price=price,
            amount=sum_,
            digits=total.plain(),
            test=test,
        )

    def _priced(self, kind: Kind, amount: Money, test: str) -> PanelScreen:
        money = self._money(amount)
        return PanelScreen(kind, amount=money, digits=amount.plain(), words=self._of(kind), test=test)

    def _of(self, kind: Kind) -> str:
        return self._words(_WORDS[kind]) if kind in _WORDS else ""


def _bare(money: str) -> str:
    """The number of an amount, as its language writes it: ``-1.234,50``."""
    return "".join(char for char in money if char in "-0123456789.,").strip(".,")


class PanelDisplay:
    """A panel shows until it is told otherwise, so the end of a code's life is kept here.

    Args:
        make: the driver of this protocol on an open transport.
        shows_codes: it draws codes; else ``show`` of one puts up the amount and raises ``display_no_codes``.
        sweep: when a panel that shows nothing for a customer is asked whether it is there; None: never.
    """

    shows_tests = True

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        make: Callable[[Transport], Panel],
        wording: Wording,
        shows_codes: bool,
        sweep: Sweep | None = None,
    ) -> None:
        self.shows_codes = shows_codes
        self._make, self._wording, self._sweep = make, wording, sweep
        self.keeper = Keeper("display", where, open_, clock, self._serve)
        self._turn = asyncio.Lock()  # the end of a code's life never overtakes the next screen
        self._shown: PanelScreen | None = None  # what it took; None: not known
        self._ends_s: float | None = None  # of what is shown, in the loop's time
        self._news = asyncio.Event()
        self._lit = Alarm()  # something is shown for a customer

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    def on_back(self, again: Callable[[], None]) -> None:
        """``again`` is called when the panel went, is back, or shows something else than it was told (I10)."""
        self.keeper.on_change = again

    async def show(self, screen: Screen) -> None:
        """Return when the panel has it: read back where the protocol can, else when the bytes left.

        Raises:
            PeripheralFailed: ``display_no_codes`` from a display of words only, once the amount is up.
        """
        lit = not isinstance(screen, IdleScreen)
        device = self.keeper.device if lit else self.keeper.if_there
        wanted = self._wording.said(screen)
        async with self._turn:
            if wanted != self._shown:
                await self._put(device, wanted)
            until_s = screen.ttl_s if isinstance(screen, CodeScreen) else 0
            self._ends_s = asyncio.get_running_loop().time() + until_s if until_s else None
        self._news.set()
        if lit:
            self._lit.set()
            if self._sweep:
                self._sweep.used()
        else:
            self._lit.clear()
        if isinstance(screen, CodeScreen) and not self.shows_codes:
            raise PeripheralFailed("display_no_codes", port=self.keeper.where)

    async def _put(self, device: Panel, wanted: PanelScreen) -> None:
        self._shown = None
        try:
            await device.show(wanted)
        except DeviceError as error:
            if isinstance(error, DeviceRefused):  # what stood there belongs to nobody now
                with suppress(DeviceError):
                    await device.show(DARK)
            raise self.keeper.failed(error) from error
        self._shown = wanted
        self._well(device)

    def _well(self, device: Panel) -> None:
        self.keeper.well(cannot_tell=not device.answers)

    async def _serve(self, transport: Transport, ready: Callable[[Panel], None]) -> None:
        device = self._make(transport)
        told = await device.greet()
        self._shown, self._ends_s = None, None
        self._lit.clear()
        await device.show(DARK)  # it may still show what nobody may pay any more
        proof = "reads back" if device.reads_back else "cannot tell"
        self.keeper.detail |= {**{name: value for name, value in told.items() if value}, "proof": proof}
        self._well(device)
        ready(device)
        await together(device.watch(), self._keep_asking(device), self._end_in_time(device))

    async def _keep_asking(self, device: Panel) -> None:
        """Often while a customer looks at it: another glass takes over when this one fell silent."""
        while device.answers:
            if not self._lit.is_set():
                await rest(self._sweep, self._lit)
            if self._lit.is_set():
                await asyncio.sleep(ASK_S)
            async with self._turn:
                shown = self._shown
                same = await device.alive()
            self._well(device)
            if shown is not None and not same:
                self._shown = None
                self.keeper.on_change()
        await never()

    async def _end_in_time(self, device: Panel) -> None:
        """No panel takes a code down by itself: a code nobody renewed ends here."""
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._ends_s):
                    await self._news.wait()
            async with self._turn:
                if self._ends_s is not None and loop.time() >= self._ends_s:
                    self._shown, self._ends_s = None, None
                    self._lit.clear()
                    await device.show(DARK)
