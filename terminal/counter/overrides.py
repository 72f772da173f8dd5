"""An owner's decisions against the course of things: who may is the door's business, what can be the core's."""

from terminal.counter.book import here
from terminal.counter.claims import Key, answered, claim
from terminal.counter.floor import Floor
from terminal.payments.event import Actor
from terminal.payments.fact import Facts
from terminal.payments.overriding import accept_paid
from terminal.payments.sale import Sale


class Overrides:
    def __init__(self, floor: Floor) -> None:
        self._floor, self._book = floor, floor.book

    async def accept_paid(
        self, sale_id: str, *, reference: str, reason: str, actor: Actor, key: Key | None = None
    ) -> Sale:
        """Keep a payment that was proven while it was being taken back. Raises as ``overriding.accept_paid``."""
        at_ms = self._floor.parts.clock.wall_ms()

        def decide(current: Sale | None) -> Facts:
            if key and answered(self._floor.feed, key):
                return ()
            claims = claim(key, sale_id)
            return accept_paid(here(current), reference=reference, reason=reason, at_ms=at_ms, claims=claims)

        return await self._book.commit(sale_id, decide, actor, self._wake)

    def settled(self, sale: Sale) -> None:
        """One of two attempts was paid: what is left of the other is closed or taken back at once, with proof."""
        if not any(each.set_aside for each in sale.attempts):
            return
        lane = self._floor.adopt(sale.counter)
        for attempt in sale.attempts:
            unwanted = attempt.live and (sale.ended or sale.share_paid(attempt.share))
            if unwanted and (driver := lane.drive(attempt.id)):
                driver.give_up()

    def _wake(self, sale: Sale) -> None:
        """Whoever was about to ask for the reverse looks first: it is not wanted any more."""
        lane = self._floor.adopt(sale.counter)
        for attempt in sale.attempts:
            if driver := lane.drive(attempt.id):
                driver.nudge()
