"""A second payment for one sale: listed for a person, or given back by itself, as the shop decided (I3)."""

import logging
from functools import partial
from typing import Final

from terminal.counter.aftercare import Aftercare
from terminal.counter.book import SYSTEM
from terminal.counter.floor import Floor
from terminal.errors import TerminalError
from terminal.payments.sale import OpenException, Sale

log = logging.getLogger(__name__)
REASON: Final = "paid twice"


class Excess:
    """Only an order of its own is given back unasked, and only once: what failed is a person's to decide.

    Money that came twice under the one order that pays the sale stays listed: a refund by its number could take
    either payment.
    """

    def __init__(self, floor: Floor, aftercare: Aftercare) -> None:
        self._floor, self._aftercare = floor, aftercare
        self._begun: set[str] = set()  # exceptions being given back now: one task each

    def changed(self, sale: Sale) -> None:
        if self._floor.house.excess != "refund":
            return
        for found in sale.exceptions:
            if found.id not in self._begun and self._wanted(sale, found):
                self._begun.add(found.id)
                self._floor.tasks.start(f"excess {found.id}", partial(self._give_back, sale.id, found))

    def _wanted(self, sale: Sale, found: OpenException) -> bool:
        attempt = sale.attempt(found.attempt)
        own = (
            found.kind == "excess" and found.id == f"{attempt.id}:excess" and attempt.captured and not attempt.live
        )
        asked = any(each.attempt == attempt.id for each in sale.refunds)
        named = self._floor.channel(attempt.provider) is not None
        return own and named and not found.closed and not asked

    async def _give_back(self, sale_id: str, found: OpenException) -> None:
        """Whoever was quicker reserved it: then there is nothing left to do."""
        try:
            if not self._wanted(self._floor.book.sale(sale_id), found):
                return
            await self._aftercare.refund(
                sale_id, found.amount_minor, reason=REASON, actor=SYSTEM, attempt_id=found.attempt
            )
        except TerminalError as refused:
            log.warning("excess of sale %s is left to a person: %s", sale_id, refused.slug)
        finally:
            self._begun.discard(found.id)
