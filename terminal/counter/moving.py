"""From one channel to the next within a sale: only after proof that the first takes nothing (row 35, 3.4)."""

from collections.abc import Sequence
from typing import Final

from terminal.counter.book import SYSTEM
from terminal.counter.checkout import Checkout
from terminal.counter.choosing import Choosing
from terminal.counter.floor import Floor
from terminal.errors import TerminalError
from terminal.payments.attempt import State
from terminal.payments.due import remaining
from terminal.payments.sale import Attempt, Sale, SaleState

NOTHING_MADE: Final = frozenset({State.NOT_SENT, State.DECLINED})  # of an order: nobody can ever pay it


def onward(found: Sequence[str], here: str, channels: Sequence[str]) -> list[str]:
    """``found``, which stand as in ``channels``: those after ``here`` first, then the others."""
    behind = channels[: channels.index(here)] if here in channels else ()
    return sorted(found, key=lambda each: each in behind)


class Moving:
    def __init__(self, floor: Floor, checkout: Checkout, choosing: Choosing) -> None:
        self._floor, self._checkout, self._choosing = floor, checkout, choosing

    def offered(self, sale: Sale) -> list[str]:
        """The channels the till may move this sale to, once the present attempt is proven to take nothing.

        The one after the present comes first, in the counter's order, round and round: who cannot choose takes it.
        A shown code may be left for another one; while the customer types a password, nothing is offered.
        """
        last = sale.last_attempt
        if sale.ended or sale.cancel_why or sale.parked or last is None or last.captured:
            return []
        if last.live and last.state is not State.SHOWN and sale.state is not SaleState.CHECKING:
            return []  # it is on its way, or the customer is busy with it
        lane = self._floor.adopt(sale.counter)
        here = self._name(last)
        found = self._choosing.others(lane, remaining(sale), {here}, sale.id)
        return onward(found, here, lane.settings.channels)

    def _name(self, attempt: Attempt) -> str:
        return self._floor.channel(attempt.provider) or attempt.provider

    def changed(self, sale: Sale) -> None:
        """An order that was never made hurts nobody: the next channel's code follows by itself."""
        if self._to(sale):
            self._floor.tasks.start(f"move {sale.id}", lambda: self._move(sale.id))

    def _to(self, sale: Sale) -> list[str]:
        """Each channel once a sale, so that two that are down do not take turns for ever."""
        last = sale.last_attempt
        if last is None or last.direction != "push" or last.state not in NOTHING_MADE or sale.live_attempt:
            return []
        if sale.ended or sale.cancel_why or sale.parked or sale.switching:
            return []
        tried = {self._name(each) for each in sale.attempts}
        return self._choosing.others(self._floor.adopt(sale.counter), remaining(sale), tried, sale.id)

    async def _move(self, sale_id: str) -> None:
        sale = self._floor.book.sale(sale_id)
        if not (to := self._to(sale)):
            return
        try:
            await self._checkout.show_code(sale_id, actor=SYSTEM, channel=to[0])
        except TerminalError:
            return  # somebody was quicker, or that channel fails as well: the till says what is
