"""What the door of a till may ask of its counter: the pages' use cases, rights and limits, no rule of its own."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from terminal.counter.book import here
from terminal.counter.claims import Key, answered
from terminal.counter.ports import Health, IdleScreen
from terminal.counter.service import Service
from terminal.counter.unheard import KEPT_MS
from terminal.errors import Conflict, InvalidRequest, NotAllowed, NotFound, Unavailable
from terminal.payments.attempt import Direction
from terminal.payments.decide import OpenSale
from terminal.payments.event import NewEvent, Summary
from terminal.payments.exceptions import till_not_told, till_told
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt
from terminal.payments.refund import REFUND_ENDED
from terminal.payments.sale import Refund, Sale, SaleState
from terminal.people.roles import Action, Principal, Role, decide_sale, require
from terminal.people.service import People


class Outcome(StrEnum):
    """What a till may be told of a sale. CHECKING is neither paid nor not paid: keep the goods and ask again."""

    WAITING = "waiting"
    CHECKING = "checking"
    PAID = "paid"
    NOT_PAID = "not_paid"


_OUTCOMES: Final = {
    SaleState.OPEN: Outcome.WAITING,
    SaleState.PART_PAID: Outcome.WAITING,
    SaleState.CHECKING: Outcome.CHECKING,
    SaleState.PAID: Outcome.PAID,
    SaleState.CANCELLED: Outcome.NOT_PAID,
    SaleState.EXPIRED: Outcome.NOT_PAID,
}


_PAGE: Final = 20  # rows read in one turn of the loop; between two pages everybody else has a turn
_NUMBERED: Final = 1000
_ROWS_MAX: Final = 10_000  # of one till's day
_KEY: Final = re.compile(r"[!-~]{1,64}")  # ASCII without blanks


def outcome(sale: Sale) -> Outcome:
    return _OUTCOMES[sale.state]


def going_back(sale: Sale) -> bool:
    """Some of what was paid went back, or may have: it pays for nothing that is asked for again."""
    return any(sale.gives_back(each.id) for each in sale.attempts)


def not_told(sale: Sale) -> bool:
    """Whether a person is told that this till was not."""
    return any(each.kind == "till_not_told" and not each.closed for each in sale.exceptions)


def till(door: str, counter: str) -> Principal:
    """Who acts when the till behind this door of the settings does: as an API key that sells and refunds here."""
    return Principal(
        "pos", f"door:{door}", Role.POS, counters=frozenset({counter}), scopes=frozenset({"sales", "refunds"})
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A request for money. ``key``: the till's own name of it; the same key again is the same sale (A1, A3)."""

    amount: Money
    key: str
    order_no: str = ""
    reference: str = ""
    title: str = ""
    directions: tuple[Direction, ...] = ("push", "pull")
    lines: tuple[SaleLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Takings:
    """Of one till since some time: paid sales, and what was given back of them."""

    count: int = 0
    minor: int = 0
    returns: int = 0
    returned_minor: int = 0

    def more(self, minor: int, returned_minor: int) -> "Takings":
        returns = self.returns + (returned_minor > 0)
        return Takings(self.count + 1, self.minor + minor, returns, self.returned_minor + returned_minor)


class Desk:
    def __init__(self, service: Service, people: People, who: Principal, counter: str) -> None:
        self._service, self._people, self._who, self.counter = service, people, who, counter
        self._giving = asyncio.Lock()
        self._marks = service.unheard

    @property
    def currency(self) -> str:
        """The shop's own; another one is refused when a sale is opened."""
        return self._service.house.currency

    @property
    def ready(self) -> bool:
        """Before that nothing may be asked: what was unfinished is being found again."""
        return self._service.ready

    async def until_ready(self) -> None:
        await self._service.until_ready()

    def keep(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run a door's own job, again after a failure, until the service ends. Only once it is ready."""
        self._service.tasks.start(f"{self._who.id} {name}", job)

    async def open_sale(self, request: Request) -> Sale:
        """A new sale, or the one this key already has.

        Raises:
            InvalidRequest: ``field_wrong`` for a key longer than 64 or with more than plain text, and as
                ``Checkout.open_sale``; NotAllowed("limit_of_role"), Unavailable,
                Conflict("sale_live" | "order_no_used" | "idempotency_other_meaning").
        """
        self._may(Action.TAKE_MONEY)
        amount = request.amount
        policy = self._people.settings.sales
        decide_sale(policy, self._who, amount, currency=self.currency)
        return await self._service.checkout.open_sale(
            OpenSale(
                self.counter,
                amount,
                request.title,
                request.order_no,
                request.reference,
                request.directions,
                lines=request.lines,
            ),
            actor=self._who.actor,
            key=self._key("open", request.key, amount.minor, amount.currency, request.order_no),
        )

    def sale(self, sale_id: str) -> Sale:
        """Raises NotFound: also for a sale of another counter (S31)."""
        sale = self._service.book.sale(sale_id)
        if sale.counter != self.counter:
            raise NotFound("sale_unknown", sale=sale_id)
        return sale

    def sale_of(self, key: str) -> Sale | None:
        """What was opened under this key, also before a restart."""
        if not self.ready:
            raise Unavailable("starting")
        stored = self._service.feed.claimed("idem", f"{self._who.actor}/open/{key}")
        return self.sale(stored.partition(":")[2]) if stored else None

    def recent(self, limit: int = 20) -> list[Sale]:
        """What this till opened, newest first, among the counter's newest ``limit``; also before a restart."""
        if not self.ready:
            raise Unavailable("starting")
        rows = self._service.feed.list("sale", counter=self.counter, limit=limit)
        return [self._service.book.sale(row.subject) for row in rows if self.mine(row.subject)]

    def mine(self, sale_id: str) -> bool:
        """Whether this till opened it."""
        return self._marks.opener(sale_id) == str(self._who.actor)

    def asked(self, refund: Refund) -> bool:
        """Whether this till asked for it."""
        return refund.actor == str(self._who.actor)

    def check_code(self, sale: Sale) -> str:
        """Its four characters, as on glass and slip; empty until it is paid."""
        return self._service.check_code(sale)

    async def product(self, limit_s: float) -> str | None:
        """The next product scanned here while no sale is open; never a customer's payment code."""
        return await self._service.lane(self.counter).products.take(limit_s)

    def live_sale(self) -> Sale | None:
        """The one this counter is busy with, whoever opened it."""
        current = self._service.lane(self.counter).current
        return self._service.book.sale(current) if current else None

    async def ended(self, sale_id: str, limit_s: float) -> Sale:
        """The sale once it is paid, not paid, or ``limit_s`` are over."""
        await self._service.until(self.sale(sale_id).id, lambda sale: sale.ended, limit_s)
        return self.sale(sale_id)

    async def cancel(self, sale_id: str, why: str) -> Sale:
        """With proof: the answer may be paid, or still checking. Raises Conflict when it is too late."""
        self._may(Action.CANCEL_SALE)
        return await self._service.checkout.cancel(self.sale(sale_id).id, why=why, actor=self._who.actor)

    async def untold(self, sale_id: str) -> None:
        """It is paid and this till is gone: before a person, until the till comes back (row 94)."""
        at_ms = self._service.parts.clock.wall_ms()
        sale = self.sale(sale_id).id
        await self._service.book.commit(sale, lambda now: till_not_told(here(now), at_ms), self._who.actor)

    async def told(self, sale_id: str) -> None:
        """It has heard it after all."""
        at_ms = self._service.parts.clock.wall_ms()
        sale = self.sale(sale_id).id
        await self._service.book.commit(sale, lambda now: till_told(here(now), at_ms), self._who.actor)

    def heard(self, sale: Sale) -> None:
        """The till was given how this sale ended; recorded in the background, so that a start of ours knows it."""
        self._marks.heard(sale.id, str(sale.state), self._who.actor, sale.ended_ms)

    def unheard(self, sale: Sale) -> bool:
        """Paid within the last week, and the journal has neither that this till heard it nor that a person did."""
        if sale.state is not SaleState.PAID or self.ended_ago_ms(sale) > KEPT_MS:
            return False
        before_person = any(each.kind == "till_not_told" for each in sale.exceptions)
        return not before_person and not self._marks.told(sale.id, str(sale.state))

    async def first_time(self, message: str) -> bool:
        """Whether this door never took this message before, in any life of ours; durable once this returns."""
        if not self.ready:
            raise Unavailable("starting")
        claims = [["door_message", f"{self._who.actor}/{message}", "taken"]]
        body = {"counter": self.counter, "message": message, "index": {"claims": claims}}
        store, door = f"store:{self._service.house.store}", str(self._who.actor)
        try:
            await self._service.feed.append([NewEvent(store, "door_message_taken", door, self._who.actor, body)])
        except Conflict as taken:
            if taken.slug != "key_taken":
                raise
            return False
        return True

    def ended_ago_ms(self, sale: Sale) -> int:
        return self._service.parts.clock.wall_ms() - sale.ended_ms

    def check_again(self, sale_id: str) -> Sale:
        self._may(Action.TAKE_MONEY)
        return self._service.checkout.check_again(self.sale(sale_id).id)

    async def scan(self, text: str, key: str) -> Sale:
        """The customer's payment code for the sale that is live here. Raises as ``Checkout.take_scan``."""
        self._may(Action.TAKE_MONEY)
        meaning = hashlib.sha256(text.encode()).hexdigest()  # the code itself is secret (S42)
        return await self._service.checkout.take_scan(
            self.counter, text, actor=self._who.actor, key=self._key("scan", key, meaning)
        )

    async def refund(self, sale_id: str, amount_minor: int | None, reason: str, key: str) -> tuple[Sale, Refund]:
        """Give money back, as far as a till may alone; None is all that is left. Followed to its end by itself.

        Raises:
            NotAllowed("refund_needs_approval"): above what [shop] pos_refund_minor allows; Conflict,
            InvalidRequest as ``Aftercare.refund``.
        """
        self._may(Action.ASK_REFUND)
        sale, aftercare = self.sale(sale_id), self._service.aftercare
        named = self._key("refund", key, sale_id, amount_minor)
        async with self._giving:  # the same request twice at once uses up what a till may give back once
            if answered(self._service.feed, named) is None:
                offered = aftercare.offer(sale.id, amount_minor)
                amount, left = offered.amount, max(sale.refundable_minor(offered.attempt), 0)
                rights, other = self._people.refunds, amount.currency != self.currency  # no limit says how much
                by_pin = self._service.holds.refunds_by_pin or other
                self._service.holds.refund(self._who.actor)
                if not 1 <= amount.minor <= left:  # what is refused at once is not counted
                    raise InvalidRequest("refund_too_much", left=Money(left, amount.currency).plain())
                if not await rights.alone(self._who, amount.minor, by_pin=by_pin):
                    raise NotAllowed("refund_needs_approval")
                await rights.count(self._who.actor, amount)
                amount_minor = amount.minor
            return await aftercare.refund(sale.id, amount_minor, reason=reason, actor=self._who.actor, key=named)

    def refund_of(self, key: str) -> tuple[Sale, Refund] | None:
        """What was asked for under this key, also before a restart."""
        if not self.ready:
            raise Unavailable("starting")
        stored = self._service.feed.claimed("idem", f"{self._who.actor}/refund/{key}")
        if stored is None:
            return None
        sale_id, _, refund_id = stored.partition(":")[2].partition("/")
        sale = self.sale(sale_id)
        return sale, sale.refund(refund_id)

    async def refunded(self, sale_id: str, refund_id: str, limit_s: float) -> Refund:
        """The refund once it is done, has failed, or ``limit_s`` are over: asked for is not given back."""
        sale_id = self.sale(sale_id).id
        await self._service.until(sale_id, lambda sale: sale.refund(refund_id).state in REFUND_ENDED, limit_s)
        return self.sale(sale_id).refund(refund_id)

    async def takings(self, since_ms: int) -> Takings:
        """What this till took since then, wall time UTC, and what of it went back."""
        found = Takings()
        async with aclosing(self._rows(_ROWS_MAX)) as rows:
            async for row in rows:
                if row.first_ms < since_ms:
                    break
                if row.body["state"] == SaleState.PAID and self.mine(row.subject):
                    found = found.more(int(row.body["amount_minor"]), int(row.body["refunded_minor"]))
        return found

    async def numbered(self, fits: Callable[[int], bool]) -> Sale | None:
        """The newest sale of this till whose number, as people say it, fits; of the counter's last thousand."""
        if not self.ready:
            raise Unavailable("starting")
        async with aclosing(self._rows(_NUMBERED)) as rows:
            async for row in rows:
                if fits(int(row.body["no"])) and self.mine(row.subject):
                    return self._service.book.sale(row.subject)
        return None

    async def _rows(self, limit: int) -> AsyncGenerator[Summary, None]:
        """This counter's sales, newest first; the store is read on the loop, a little in each turn."""
        before = None
        for _ in range(0, limit, _PAGE):
            rows = self._service.feed.list("sale", counter=self.counter, before=before, limit=_PAGE)
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
            before = rows[-1].first_number
            await asyncio.sleep(0)

    def channels(self) -> dict[str, bool]:
        """By name: whether a new sale could start there now."""
        providers = self._service.providers()
        named = self._service.lane(self.counter).settings.channels
        return {name: not providers[name].trouble() for name in named if name in providers}

    def show_text(self, text: str) -> bool:
        """The till's words on the customer's glass until the next sale; not while it shows one's state."""
        glass = self._service.lane(self.counter).glass
        if not isinstance(glass.screen, IdleScreen):
            return False
        glass.want(replace(glass.screen, title=text, entered=None))
        return True

    def printed(self, subject: str, since_ms: int) -> bool:
        """Whether a slip of this name was owed to the printer since then, wall time UTC; also before a restart."""
        events = self._service.feed.of_subject(subject)
        return any(each.type == "report_print_asked" and each.wall_ms >= since_ms for each in events)

    async def print(self, subject: str, lines: Receipt) -> None:
        """The till's own slip on this counter's printer: owed, never waited for. Raises Conflict, NotFound."""
        self._may(Action.REPRINT)
        await self._service.report_paper.ask(self.counter, subject, lines, actor=self._who.actor)

    def health(self) -> dict[str, Health]:
        """By role: display, scanner, printer, speaker; only those that stand here."""
        return self._service.lane(self.counter).devices.health()

    def _may(self, action: Action) -> None:
        if not self.ready:
            raise Unavailable("starting")
        require(self._who, action, now_ns=self._service.parts.clock.mono_ns(), counter=self.counter)

    def _key(self, operation: str, key: str, *meaning: object) -> Key:
        if not _KEY.fullmatch(key):
            raise InvalidRequest("field_wrong", field="key")
        told: Sequence[str] = [str(each) for each in meaning]
        digest = hashlib.sha256("\x1f".join(told).encode()).hexdigest()
        return Key(str(self._who.actor), operation, key, digest)
