"""Selling while nobody can confirm: a list with a cap, never "paid", ended by proof or a person (row 39)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from terminal.counter.book import here
from terminal.counter.claims import Key, answered, claim, opening_claims
from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.errors import Conflict, InvalidRequest
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.event import Actor, Summary
from terminal.payments.fact import Claim, Facts, fold
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
from terminal.payments.unverified import KIND, claim_paid, put_on_list, write_off

DAY_MS: Final = 86_400_000
PAGE: Final = 100
SHOWN_MAX: Final = 50
_CLOCK: Final = "clock_off"  # a wrong clock is no missing line: it is set right, not sold around


@dataclass(frozen=True, slots=True)
class Unproven:
    """``mark``: unverified or claimed; ``reference``: the bank's number an owner typed; ``listed_ms``: UTC."""

    sale: str
    no: int
    counter: str
    amount_minor: int
    currency: str
    mark: str
    listed_ms: int
    reference: str


class Unverified:
    """``turn`` is held from the look at the cap to the journal: two tills never pass it together."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.turn = asyncio.Lock()
        self._listed: dict[str, tuple[int, int]] | None = None  # sale -> (when, minor), of the last day
        self.changes = 0

    def offered(self, lane: Lane) -> bool:
        """Whether the till may put a sale on the list now: the shop allows it and nobody can confirm."""
        floor = self._floor
        if floor.house.offline.policy != "list" or floor.stopping or not lane.settings.channels:
            return False
        troubles = [floor.provider(each).trouble() for each in lane.settings.channels]
        return all(each not in {"", _CLOCK} for each in troubles)

    def _check(self, lane: Lane, amount: Money) -> None:
        """Raises why not, with a sentence a customer understands."""
        floor, offline = self._floor, self._floor.house.offline
        if offline.policy != "list":
            raise Conflict("offline_not_allowed")
        if not self.offered(lane):
            raise Conflict("channel_can_confirm")
        if amount.currency != floor.house.currency:
            raise InvalidRequest("currency_not_taken", currency=amount.currency)
        if amount.minor > offline.sale_minor:
            limit = Money(offline.sale_minor, amount.currency).plain()
            raise InvalidRequest("offline_sale_limit", limit=limit)
        left = max(offline.day_minor - self._risk_minor(), 0)
        if amount.minor > left:
            raise InvalidRequest("offline_day_limit", left=Money(left, amount.currency).plain())

    def _risk_minor(self) -> int:
        """Listed within 24 hours and not proven; what was written off was lost and counts."""
        now_ms = self._floor.parts.clock.wall_ms()
        if self._listed is None:
            self._listed = self._recount(now_ms)
        self._listed = {sale: each for sale, each in self._listed.items() if each[0] > now_ms - DAY_MS}
        book = self._floor.book
        return sum(minor for sale, (_, minor) in self._listed.items() if not _proven(book.sale(sale)))

    def _recount(self, now_ms: int) -> dict[str, tuple[int, int]]:
        """From the journal after a start: the sales of two days, and whatever is still on the list."""
        floor, found = self._floor, {}
        subjects = [row.subject for row in self._rows()]
        before: int | None = None
        while rows := floor.feed.list("sale", before=before, limit=PAGE):
            fresh = [row for row in rows if row.first_ms > now_ms - 2 * DAY_MS]
            subjects += [row.subject for row in fresh]
            if len(fresh) < len(rows):
                break
            before = rows[-1].first_number
        for subject in subjects:
            sale = floor.book.sale(subject)
            if sale.listed_ms:
                found[sale.id] = (sale.listed_ms, sale.amount.minor)
        return found

    # --- putting one on the list --------------------------------------------------------------------------

    async def open(self, lane: Lane, request: OpenSale, actor: Actor, key: Key | None) -> Sale:
        """A new sale, listed in the append that opens it. The caller holds the counter's turn.

        Raises:
            Conflict("offline_not_allowed" | "channel_can_confirm" | "sale_live"), InvalidRequest("offline_…").
        """
        floor = self._floor
        if lane.current is not None:
            raise Conflict("sale_live", sale=lane.current)
        async with self.turn:
            self._check(lane, request.amount)
            sale_id, at_ms = floor.parts.ids.ulid(), floor.parts.clock.wall_ms()
            claims = opening_claims(floor.house.merchant, request, sale_id, key)
            opened = open_sale(request, sale=sale_id, no=lane.last_no + 1, at_ms=at_ms, claims=claims)
            facts = (*opened, *put_on_list(fold(None, opened), at_ms=at_ms))
            sale = await floor.book.commit(sale_id, lambda _: facts, actor, self._told)
            return self._counted(sale)

    async def put(self, sale_id: str, *, actor: Actor, key: Key | None = None) -> Sale:
        """A sale that is under way: what was ordered for it goes on being asked about. Raises as ``open``."""
        floor = self._floor
        lane = floor.lane(floor.book.sale(sale_id).counter)
        if key and (known := answered(floor.feed, key)):
            return floor.book.sale(known)
        async with lane.turn, self.turn:
            if lane.current != sale_id:
                raise Conflict("list_not_possible", sale=sale_id)
            self._check(lane, floor.book.sale(sale_id).amount)
            at_ms = floor.parts.clock.wall_ms()

            def decide(current: Sale | None) -> Facts:
                return put_on_list(here(current), at_ms=at_ms, claims=claim(key, sale_id))

            return self._counted(await floor.book.commit(sale_id, decide, actor, self._told))

    def _counted(self, sale: Sale) -> Sale:
        if self._listed is not None:
            self._listed[sale.id] = (sale.listed_ms, sale.amount.minor)
        return sale

    def _told(self, sale: Sale) -> None:
        """The customer reads it too."""
        self._floor.adopt(sale.counter).glass.follow(None, sale)

    # --- ending it ----------------------------------------------------------------------------------------

    async def claim(self, sale_id: str, *, reference: str, reason: str, actor: Actor, key: Key | None) -> Sale:
        """An owner's word with the bank's number. Raises as ``claim_paid``, and Conflict("reference_used")."""

        def decide(sale: Sale, at_ms: int, claims: tuple[Claim, ...]) -> Facts:
            return claim_paid(sale, reference=reference, reason=reason, at_ms=at_ms, claims=claims)

        try:
            return await self._decided(sale_id, decide, actor, key)
        except Conflict as taken:
            if taken.facts.get("kind") != KIND:
                raise
            raise Conflict("reference_used") from None

    async def write_off(self, sale_id: str, *, reason: str, actor: Actor, key: Key | None) -> Sale:
        """Raises as ``payments.unverified.write_off``."""

        def decide(sale: Sale, at_ms: int, claims: tuple[Claim, ...]) -> Facts:
            return write_off(sale, reason=reason, at_ms=at_ms, claims=claims)

        sale = await self._decided(sale_id, decide, actor, key)
        lane = self._floor.adopt(sale.counter)
        for attempt in sale.attempts:
            if attempt.live and (driver := lane.drive(attempt.id)):
                driver.give_up()
        return sale

    async def _decided(
        self,
        sale_id: str,
        decide: Callable[[Sale, int, tuple[Claim, ...]], Facts],
        actor: Actor,
        key: Key | None,
    ) -> Sale:
        at_ms = self._floor.parts.clock.wall_ms()

        def decided(current: Sale | None) -> Facts:
            if key and answered(self._floor.feed, key):
                return ()
            return decide(here(current), at_ms, claim(key, sale_id))

        return await self._floor.book.commit(sale_id, decided, actor)

    # --- looking ------------------------------------------------------------------------------------------

    def _rows(self) -> list[Summary]:
        return [each for each in self._floor.feed.unfinished() if each.body.get("mark")]

    def waiting(self) -> list[Unproven]:
        """Oldest first, at most SHOWN_MAX."""
        return [_unproven(self._floor.book.sale(row.subject)) for row in self._rows()[:SHOWN_MAX]]

    def sums(self) -> dict[str, int]:
        """Of all of them, by currency."""
        found: dict[str, int] = {}
        for row in self._rows():
            currency = str(row.body["currency"])
            found[currency] = found.get(currency, 0) + int(row.body["amount_minor"])
        return found

    def changed(self, before: Sale | None, after: Sale) -> None:
        """Every till shows the list: all are told when it changes."""
        if before and before.mark and not after.mark:
            self._floor.adopt(after.counter).glass.take_down(after)
        if (before.mark if before else "") == after.mark:
            return
        self.changes += 1
        self._floor.shop.tell()


def _proven(sale: Sale) -> bool:
    return sale.state is SaleState.PAID


def _unproven(sale: Sale) -> Unproven:
    amount = sale.amount
    return Unproven(
        sale.id, sale.no, sale.counter, amount.minor, amount.currency, sale.mark, sale.listed_ms, sale.claimed_as
    )
