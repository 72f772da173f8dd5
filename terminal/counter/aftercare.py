"""After the sale: refunds, reprints, late money, slips that wait for a person."""

from dataclasses import dataclass
from typing import Final

from terminal.counter.book import SYSTEM, here
from terminal.counter.claims import Key, answered, claim
from terminal.counter.floor import Floor
from terminal.counter.ports import Provider
from terminal.counter.refunds import bank_ms, refund_due_ms
from terminal.errors import Conflict
from terminal.payments.event import Actor
from terminal.payments.exceptions import close_exception, late_part
from terminal.payments.fact import Fact, Facts
from terminal.payments.money import Money
from terminal.payments.refund import RefundState
from terminal.payments.refunding import cancel_refund, start_refund
from terminal.payments.sale import Attempt, Refund, Sale
from terminal.payments.slip import receipted
from terminal.payments.way_back import Way, way_back

USUAL_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """How an amount would go back now. ``due_ms``: when it is sent, wall time; 0 is at once."""

    attempt: Attempt
    amount: Money
    way: Way
    due_ms: int
    takes_days: int
    fee_returned: str  # yes, no, unknown


class Aftercare:
    def __init__(self, floor: Floor) -> None:
        self._floor, self._book = floor, floor.book

    async def refund(
        self,
        sale_id: str,
        amount_minor: int | None,
        *,
        reason: str,
        actor: Actor,
        approver: str = "",
        attempt_id: str = "",
        key: Key | None = None,
        lines: tuple[int, ...] = (),
    ) -> tuple[Sale, Refund]:
        """Give money back: None is all that is left; ``lines``, from 1: what for. Durable before sent (I5, I8).

        Raises:
            Conflict("refund_not_paid" | "refund_part_paid" | …), InvalidRequest("refund_too_much" | …),
            NotFound("channel_unknown"): its channel left the settings.
        """
        floor = self._floor
        if key and (known := answered(floor.feed, key)):
            return self._known(known)
        floor.holds.refund(actor)
        attempt = _captured(self._book.sale(sale_id), attempt_id, amount_minor, goods=bool(lines))
        provider = floor.provider(attempt.provider)  # a refund that nobody could send is not begun
        refund_id, at_ms = floor.parts.ids.ulid(), floor.parts.clock.wall_ms()

        def decide(current: Sale | None) -> Facts:
            if key and answered(floor.feed, key):
                return ()  # the same request, answered while this one waited for its turn
            now = here(current)
            amount = _asked(now, attempt.id, amount_minor)
            way, due_ms = self._way(now, attempt.id, amount, provider)
            return start_refund(
                now,
                attempt.id,
                amount,
                refund=refund_id,
                reason=reason,
                actor=str(actor),
                approver=approver,
                at_ms=at_ms,
                claims=claim(key, f"{sale_id}/{refund_id}"),
                way=way,
                due_ms=due_ms,
                lines=lines,
            )

        sale = await self._book.commit(sale_id, decide, actor, lambda now: floor.drive_refund(now, refund_id))
        known = answered(floor.feed, key) if key else None
        return self._known(known) if known else (sale, sale.refund(refund_id))

    def _way(self, sale: Sale, attempt: str, amount: Money, provider: Provider) -> tuple[Way, int]:
        clock = self._floor.parts.clock
        way = way_back(sale, sale.attempt(attempt), amount, provider.profile, bank_ms(clock, provider))
        return way, 0 if way.kind == "void" else refund_due_ms(clock, provider)

    async def leave_to_person(self, sale_id: str, attempt_id: str) -> None:
        """What a cancelled sale had taken cannot be asked back now: late money before a person (I1)."""
        at_ms = self._floor.parts.clock.wall_ms()

        def decide(current: Sale | None) -> Facts:
            sale = here(current)
            return tuple(late_part(sale, sale.attempt(attempt_id), at_ms))

        await self._book.commit(sale_id, decide, SYSTEM)

    def offer(self, sale_id: str, amount_minor: int | None = None, *, attempt_id: str = "") -> Offer:
        """What asking for this refund would do; nothing is reserved. Raises as ``refund``, but for the amount."""
        sale = self._book.sale(sale_id)
        attempt = _captured(sale, attempt_id, amount_minor)
        provider = self._floor.provider(attempt.provider)
        left = max(sale.refundable_minor(attempt), 0)
        amount = Money(left if amount_minor is None else amount_minor, sale.amount.currency)
        way, due_ms = self._way(sale, attempt.id, amount, provider)
        profile = provider.profile
        return Offer(attempt, amount, way, due_ms, profile.refund_takes_days, profile.refund_fee_returned)

    def promised(self, sale: Sale, refund: Refund) -> Offer:
        """The same of a refund that was asked for; the usual is told of a channel that left the settings."""
        attempt = sale.attempt(refund.attempt)
        channel = self._floor.channel(attempt.provider)
        profile = self._floor.parts.providers[channel].profile if channel else None
        takes_days = profile.refund_takes_days if profile else USUAL_DAYS
        fee_returned = profile.refund_fee_returned if profile else "unknown"
        way = Way("void", "rule") if refund.way == "void" else Way("refund", "not_by_channel")
        due_ms = refund.due_ms if refund.state is RefundState.QUEUED else 0
        return Offer(attempt, refund.amount, way, due_ms, takes_days, fee_returned)

    async def cancel_refund(self, sale_id: str, refund_id: str, *, actor: Actor) -> Sale:
        """Only one that is queued: nothing of it was ever sent. Raises Conflict("refund_not_queued" | …)."""
        at_ms = self._floor.parts.clock.wall_ms()

        def decide(sale: Sale | None) -> Facts:
            return cancel_refund(here(sale), refund_id, at_ms=at_ms)

        def wake(_: Sale) -> None:
            if driver := self._floor.refunding.get(refund_id):
                driver.nudge()

        return await self._book.commit(sale_id, decide, actor, wake)

    def _known(self, answer: str) -> tuple[Sale, Refund]:
        sale_id, _, refund_id = answer.partition("/")
        sale = self._book.sale(sale_id)
        return sale, sale.refund(refund_id)

    async def reprint(self, sale_id: str, *, actor: Actor) -> Sale:
        """Owe the newest receipt of a sale once more; it will be marked COPY n (row 64)."""
        sale = self._book.sale(sale_id)
        receipts = [f"{each.id}:receipt" for each in receipted(sale)]
        receipts += [f"{each.id}:receipt" for each in sale.refunds if each.state == "refunded"]
        receipts += [f"{each.id}:queued:receipt" for each in sale.refunds if each.state == "queued"]
        if not receipts:
            raise Conflict("reprint_nothing", sale=sale_id)
        again = self._floor.parts.ids.ulid()
        owes = {"id": again, "kind": "receipt", "receipt": receipts[-1], "again": True}
        at_ms = self._floor.parts.clock.wall_ms()
        fact = Fact("reprint_requested", {"receipt": receipts[-1], "at_ms": at_ms}, owes=(owes,))
        return await self._book.commit(sale_id, lambda _: (fact,), actor)

    async def close_exception(self, sale_id: str, exception: str, how: str, *, actor: Actor) -> Sale:
        """A person ends an exception: ``attached`` or ``seen`` (refunding closes late money by itself)."""
        at_ms = self._floor.parts.clock.wall_ms()
        return await self._book.commit(
            sale_id,
            lambda sale: close_exception(here(sale), exception, how, actor=str(actor), at_ms=at_ms),
            actor,
        )

    async def decide_slip(self, counter: str, effect: str, *, print_it: bool, actor: Actor) -> None:
        await self._floor.lane(counter).paper.decide(effect, print_it=print_it, actor=actor)


def _asked(sale: Sale, attempt_id: str, amount_minor: int | None) -> Money:
    left = sale.refundable_minor(sale.attempt(attempt_id))
    return Money(left if amount_minor is None else amount_minor, sale.amount.currency)


def _captured(sale: Sale, attempt_id: str, amount_minor: int | None, *, goods: bool = False) -> Attempt:
    """The attempt named, else what came too much, else what was paid: the first that has so much left.

    ``goods``: it is the sale's goods that go back; what came too much has none.
    """
    if attempt_id:
        found = next((each for each in sale.attempts if each.id == attempt_id and each.captured), None)
    else:
        excess = {each.attempt for each in sale.exceptions if each.kind == "excess" and not each.closed}
        first = {each.id for each in sale.attempts if each.pays} - excess if goods else excess
        left = [each for each in sale.attempts if each.captured and sale.refundable_minor(each) > 0]
        left = [each for each in left if sale.refundable_minor(each) >= (amount_minor or 1)] or left
        found = next((each for each in left if each.id in first), left[0] if left else None)
        found = found or next((each for each in sale.attempts if each.captured), None)
    if found is None:
        raise Conflict("refund_not_paid", sale=sale.id)
    return found
