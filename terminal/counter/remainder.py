"""A sale paid in part: the rest is offered by itself, and a cancel gives back what was taken (rows 31, 33)."""

import logging
from typing import Final

from terminal.counter.aftercare import Aftercare
from terminal.counter.book import SYSTEM
from terminal.counter.checkout import Checkout
from terminal.counter.floor import Floor
from terminal.errors import TerminalError
from terminal.payments.part import awaits_rest, to_give_back
from terminal.payments.sale import Sale

log = logging.getLogger(__name__)
REASON: Final = "sale cancelled"


class Remainder:
    """Looks at the durable sale after every change and after a start: what a kill cut short is taken up again."""

    def __init__(self, floor: Floor, aftercare: Aftercare, checkout: Checkout) -> None:
        self._floor, self._aftercare, self._checkout = floor, aftercare, checkout
        self._begun: set[str] = set()  # what is under way here: one task each

    def changed(self, sale: Sale) -> None:
        if awaits_rest(sale) and "push" in sale.directions:
            self._begin(f"rest {sale.id} {len(sale.shares)}", sale.id)
        for attempt in to_give_back(sale):
            self._begin(f"give back {attempt.id}", sale.id, attempt.id)

    def _begin(self, name: str, sale_id: str, attempt_id: str = "") -> None:
        """One task at a time for each; what was refused waits for the next change, a person or a start."""
        if name in self._begun:
            return
        self._begun.add(name)

        async def run() -> None:
            try:
                await (self._give_back(sale_id, attempt_id) if attempt_id else self._ask_for_rest(sale_id))
            finally:
                self._begun.discard(name)

        self._floor.tasks.start(name, run)

    async def _ask_for_rest(self, sale_id: str) -> None:
        """On the first channel that can take it. Who was quicker, with a scan perhaps, has begun it already."""
        floor = self._floor
        if not awaits_rest(sale := floor.book.sale(sale_id)):
            return
        try:
            await self._checkout.show_code(sale_id, actor=SYSTEM)
        except TerminalError as refused:
            if awaits_rest(floor.book.sale(sale_id)):
                log.warning("the rest of sale %s is not offered by itself: %s", sale_id, refused.slug)
                floor.adopt(sale.counter).tell(refused)

    async def _give_back(self, sale_id: str, attempt_id: str) -> None:
        floor = self._floor
        if all(each.id != attempt_id for each in to_give_back(floor.book.sale(sale_id))):
            return
        try:
            await self._aftercare.refund(sale_id, None, reason=REASON, actor=SYSTEM, attempt_id=attempt_id)
        except TerminalError as refused:
            log.warning("what sale %s had taken is left to a person: %s", sale_id, refused.slug)
            await self._aftercare.leave_to_person(sale_id, attempt_id)
