"""Commands of the printed sheet: each does what its key does, through the same use cases (row 5).

A command is what a till may do with nobody signed in, and no more: it gives no money back. It opens the sale on
the till, where whoever gives it back chooses how much and types the PIN that the shop asks for.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.counter.aftercare import Aftercare
from terminal.counter.checkout import Checkout
from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.counter.moving import Moving
from terminal.errors import Conflict, InvalidRequest
from terminal.payments.command import DIGITS, amount_of, is_command, named, text_of, typed
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState

QUICK_UNITS: Final = (5, 10, 20, 50)  # whole units: keys on the till and codes on the sheet
Act = Callable[[Lane, Actor], Awaitable[None]]


def quick_amounts(currency: str) -> list[Money]:
    """QUICK_UNITS as amounts."""
    return [Money(each * 10 ** Money(0, currency).exponent, currency) for each in QUICK_UNITS]


@dataclass(frozen=True, slots=True)
class Keyed:
    """What was scanned of an amount at a counter, after its sale ``no``: whoever opens the next one ends it.

    ``count`` tells one scan from the next. ``last``: the digits scanned last, for a scanner takes the same code
    twice within seconds for one (row 54).
    """

    minor: int = 0
    count: int = 0
    no: int = 0
    last: str = ""


class Commands:
    """``key`` signs the sheet's texts: one a shop, so that its sheet works at every counter and in training."""

    def __init__(self, floor: Floor, checkout: Checkout, aftercare: Aftercare, moving: Moving, key: bytes) -> None:
        self._floor, self._key = floor, key
        self._checkout, self._aftercare, self._moving = checkout, aftercare, moving
        self._keyed: dict[str, Keyed] = {}
        self._acts: Final[Mapping[str, Act]] = {
            "PAY": self._pay,
            "STOP": self._stop,
            "BACK": self._back,
            "CLEAR": self._clear,
            "OTHER": self._other,
            "PARK": self._park,
            "REPRINT": self._reprint,
            "REFUND": self._refund,
        }

    def share_sheet(self, other: "Commands") -> None:
        """Take the sheet that another floor of this shop has printed."""
        self._key = other._key

    def text(self, name: str) -> str:
        """What the barcode of this command holds in this shop."""
        return text_of(name, self._key)

    def name(self, scan: str) -> str:
        """The command's name; empty: the scan is no command at all.

        Raises:
            InvalidRequest("command_foreign"): a command, but of no sheet of this shop.
        """
        if not is_command(scan):
            return ""
        if not (name := named(scan, self._key)):
            raise InvalidRequest("command_foreign")
        return name

    def keyed(self, lane: Lane) -> Keyed:
        keyed = self._keyed.get(lane.id, Keyed())
        return keyed if keyed.no == lane.last_no else Keyed(0, keyed.count)

    def clear(self, lane: Lane, seen: int | None = None) -> int:
        """What was scanned of an amount is over: somebody types one. Returns how much was taken away.

        seen: the count of what they saw; what was scanned since then stays.
        """
        keyed = self.keyed(lane)
        if seen is not None and seen != keyed.count:
            return 0
        self._set(lane, 0)
        return keyed.minor

    async def act(self, lane: Lane, name: str, actor: Actor) -> None:
        """Do what the key would do now.

        Raises:
            InvalidRequest("command_no_amount"), Conflict("command_nothing" | "sale_live" | …):
            as the use case behind the key.
        """
        keyed = self.keyed(lane)
        digits = keyed.last if name == "SAME" else name
        minor = amount_of(name)
        if minor is not None or digits in DIGITS:
            if lane.current is not None:
                raise Conflict("sale_live", sale=lane.current)
            if minor is None:
                self._set(lane, typed(keyed.minor, digits), digits)
            else:
                self._set(lane, minor)
        elif act := self._acts.get(name):
            await act(lane, actor)
        else:
            raise Conflict("command_nothing")  # no digit to repeat, or of a later version's sheet

    def _set(self, lane: Lane, minor: int, last: str = "") -> None:
        self._keyed[lane.id] = Keyed(minor, self.keyed(lane).count + 1, lane.last_no, last)
        lane.on_change()

    def _sale(self, lane: Lane) -> Sale | None:
        return self._floor.book.sale(lane.current) if lane.current else None

    def _last(self, lane: Lane) -> Sale:
        """The last one, with no sale on. Raises Conflict."""
        if lane.current is not None:
            raise Conflict("sale_live", sale=lane.current)
        if lane.last_sale is None:
            raise Conflict("command_nothing")
        return self._floor.book.sale(lane.last_sale)

    async def _pay(self, lane: Lane, actor: Actor) -> None:
        sale, checkout = self._sale(lane), self._checkout
        if sale is None:
            amount = Money(self.keyed(lane).minor, self._floor.house.currency)
            if not amount.minor:
                raise InvalidRequest("command_no_amount")
            await checkout.open_sale(OpenSale(lane.id, amount), actor=actor)
            self._set(lane, 0)
        elif sale.cancel_why:
            raise Conflict("command_nothing")
        elif sale.word == "checking":
            checkout.check_again(sale.id)
        elif sale.word == "not_paid" or (sale.state is SaleState.PART_PAID and sale.live_attempt is None):
            await checkout.show_code(sale.id, actor=actor)
        else:
            raise Conflict("command_nothing")

    async def _stop(self, lane: Lane, actor: Actor) -> None:
        sale = self._sale(lane)
        if sale is None:
            self._set(lane, 0)
        elif sale.word == "person":
            raise Conflict("command_nothing")
        elif not sale.cancel_why:
            await self._checkout.cancel(sale.id, why="cashier", actor=actor)

    async def _back(self, lane: Lane, _actor: Actor) -> None:
        if lane.current is not None:
            raise Conflict("sale_live", sale=lane.current)
        self._set(lane, self.keyed(lane).minor // 10)

    async def _clear(self, lane: Lane, _actor: Actor) -> None:
        self._set(lane, 0)

    async def _other(self, lane: Lane, actor: Actor) -> None:
        """The first channel that the till offers: the next one, round and round."""
        sale = self._sale(lane)
        offered = self._moving.offered(sale) if sale else []
        if sale is None or not offered:
            raise Conflict("command_nothing")
        await self._checkout.show_code(sale.id, actor=actor, channel=offered[0])

    async def _park(self, lane: Lane, actor: Actor) -> None:
        sale = self._sale(lane)
        if sale is None:
            raise Conflict("command_nothing")
        await self._checkout.park(sale.id, actor=actor)

    async def _reprint(self, lane: Lane, actor: Actor) -> None:
        sale = self._last(lane)
        if sale.state is not SaleState.PAID:
            raise Conflict("command_nothing")
        await self._aftercare.reprint(sale.id, actor=actor)

    async def _refund(self, lane: Lane, _actor: Actor) -> None:
        sale = self._last(lane)
        if not any(each.captured and sale.refundable_minor(each) > 0 for each in sale.attempts):
            raise Conflict("command_nothing")
        lane.find(sale)
