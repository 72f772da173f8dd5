"""Days of a shop in a real journal, and the bills its bank makes of them; what is planted changes the bill."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from terminal.chance import Chance
from terminal.counter.book import Book
from terminal.counter.feed import Feed
from terminal.counter.healing import BillEvidence
from terminal.errors import NotFound
from terminal.payments.attempt import Signal
from terminal.payments.bill import BillEnd, BillLine, LineKind, LineState
from terminal.payments.decide import OpenSale, hear, open_sale, start_attempt
from terminal.payments.event import Actor
from terminal.payments.evidence import Account
from terminal.payments.fact import Facts
from terminal.payments.fees import FeeRule
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Trade
from terminal.payments.refund import RefundSignal
from terminal.payments.refunding import hear_refund, start_refund
from terminal.payments.sale import Sale
from terminal.settlement.ports import BillChannel, BillHead, ImportKind
from terminal.settlement.reconcile import Reconciler, Report
from tests.unit.journal.world import open_at

RULE: Final = FeeRule("list", 6_000)
WECHAT: Final = BillChannel(
    "wechatpay",
    Account("wechatpay", "1900000001", "wx1"),
    ("CNY",),
    offset_min=480,
    rule=RULE,
    fee_returned="yes",
    wallet="wechatpay",
)
MEI: Final = Actor("person", "mei")
DAY: Final = date(2026, 11, 20)
HOUR_MS: Final = 3_600_000


def begins_ms(day: date) -> int:
    """Beijing's midnight."""
    return (day - date(1970, 1, 1)).days * 24 * HOUR_MS - 8 * HOUR_MS


@dataclass
class SetClock:
    now_ms: int = begins_ms(DAY) + 9 * HOUR_MS

    def wall_ms(self) -> int:
        return self.now_ms

    def mono_ns(self) -> int:
        return self.now_ms * 1_000_000


@dataclass
class Asked:
    """What the provider answers when it is asked again: nothing, unless a test says so."""

    evidence: BillEvidence
    orders: list[str] = field(default_factory=list)
    word: str = ""

    async def take(self, channel: str, notice: Any) -> None:
        await self.evidence.take(channel, notice)

    async def ask(self, channel: str, order_no: str) -> str:
        self.orders.append(order_no)
        return self.word


class Shop:
    """One counter and one channel. Sales are decided by the product and stand in its own journal."""

    def __init__(self, folder: Path, *, channel: BillChannel = WECHAT, **journal: Any) -> None:
        self.clock, self.channel = SetClock(), channel
        self.journal = open_at(folder / "j.db", clock=self.clock, **journal)
        self.feed = Feed(self.journal)
        self.book = Book(self.feed, self.clock)
        self.asked = Asked(BillEvidence(self.book, self._account))
        self.reconciler = Reconciler(self.feed, self.journal.settled, self.clock, "s-1", self.asked)
        self.count = 0

    def _account(self, name: str) -> Account:
        if name != self.channel.name:
            raise NotFound("channel_unknown", channel=name)
        return self.channel.account

    async def _do(self, sale: str, decide: Callable[[Sale | None], Facts]) -> Sale:
        return await self.book.commit(sale, decide, MEI)

    async def pay(
        self, minor: int, at_ms: int, *, end: Signal | None = Signal.SUCCESS, fee: FeeRule | None = None
    ) -> str:
        """A shown code that ends so; None: its end is not known. Returns the order number."""
        self.count += 1
        number, self.clock.now_ms = self.count, at_ms
        sale, order = f"S{number:05}", f"A{number:05}"
        asked = OpenSale("1", Money(minor, "CNY"))
        await self._do(sale, lambda _: open_sale(asked, sale=sale, no=number, at_ms=at_ms))
        extra: dict[str, Any] = {"fee": fee} if fee else {}
        await self._do(
            sale,
            lambda now: start_attempt(
                _here(now), attempt=order, provider=self.channel.name, direction="push", at_ms=at_ms,
                expires_ms=at_ms + 90_000, **extra,
            ),
        )  # fmt: skip
        await self._hear(sale, order, Signal.CODE_READY)
        if end is Signal.CLOSE_OK:
            await self._hear(sale, order, Signal.GIVE_UP)
        if end is not None:
            await self._hear(sale, order, end, minor)
        return order

    async def paid_after_all(self, order: str) -> None:
        """The bank says so now, whenever the code was shown."""
        await self._hear(f"S{order[1:]}", order, Signal.SUCCESS, self.sale(order).attempt(order).amount.minor)

    async def _hear(self, sale: str, order: str, signal: Signal, minor: int = 0) -> None:
        at_ms = self.clock.now_ms
        proof = self.notice(order, minor) if signal is Signal.SUCCESS else None
        payload = "code" if signal is Signal.CODE_READY else ""
        await self._do(
            sale, lambda now: hear(_here(now), order, signal, at_ms=at_ms, evidence=proof, payload=payload)
        )

    def notice(self, order: str, minor: int) -> Notice:
        account = self.channel.account
        return Notice(
            account.provider, "query", f"sha256:{order}", account.merchant_id, account.app_id, order, Trade.PAID,
            minor, "CNY", provider_txn=txn(order), paid_at="", wallet="wechatpay",
        )  # fmt: skip

    async def refund(
        self, order: str, minor: int, at_ms: int, *, end: RefundSignal | None = RefundSignal.REFUNDED
    ) -> str:
        self.clock.now_ms = at_ms
        sale, number = f"S{order[1:]}", f"R{order[1:]}"
        await self._do(
            sale,
            lambda now: start_refund(
                _here(now), order, Money(minor, "CNY"), refund=number, reason="back", actor="person:mei",
                approver="", at_ms=at_ms,
            ),
        )  # fmt: skip
        for signal in (RefundSignal.COMMITTED, *((end,) if end else ())):
            await self._do(sale, lambda now, signal=signal: hear_refund(_here(now), number, signal, at_ms=at_ms))  # type: ignore[misc]  # bound now
        return number

    async def day(self, day: date, count: int, seed: int | str) -> list[str]:
        """Paid sales between nine and twenty-one o'clock."""
        chance = Chance(f"{seed}/{day}")
        at_ms = begins_ms(day) + 9 * HOUR_MS
        orders = []
        for _ in range(count):
            at_ms += 1_000 + chance.below(12 * HOUR_MS // count)
            orders.append(await self.pay(1 + chance.below(50_000), at_ms))
        return orders

    def sale(self, order: str) -> Sale:
        return self.book.sale(f"S{order[1:]}")

    def line(self, number: str, **changed: Any) -> BillLine:
        """How a true bill tells a payment (A…) or refund (R…) of this journal."""
        sale = self.sale(number)
        back = number.startswith("R")
        minor = sale.refund(number).amount.minor if back else sale.attempt(f"A{number[1:]}").amount.minor
        fee = RULE.expected_fee(minor)
        line = BillLine(
            line=1,
            kind=LineKind.REFUND if back else LineKind.PAYMENT,
            state=LineState.DONE,
            at="2026-11-20T12:00:00+08:00",
            currency="CNY",
            gross_minor=minor,
            settle_minor=minor,
            fee_milli=-fee if back else fee,
            order_no=f"A{number[1:]}",
            refund_no=number if back else "",
            provider_txn=txn(number),
            provider_refund=f"5000{number}" if back else "",
            merchant_id=self.channel.account.merchant_id,
        )
        return replace(line, **changed)

    async def take(
        self, lines: Sequence[BillLine], day: date = DAY, *, kind: ImportKind = "trade", salt: str = ""
    ) -> Report:
        digest = sha256(repr((lines, salt)).encode()).hexdigest()
        self.clock.now_ms = max(self.clock.now_ms, begins_ms(day) + 34 * HOUR_MS)
        return await self.reconciler.run(BillHead(self.channel, kind, digest, day), bill(lines, day))

    async def close(self) -> None:
        await self.journal.close()


def _here(sale: Sale | None) -> Sale:
    assert sale is not None
    return sale


def txn(number: str) -> str:
    return f"4200{number[1:]:>020}"


def bill(lines: Iterable[BillLine], day: date = DAY) -> Iterator[BillLine | BillEnd]:
    count = 0
    for count, line in enumerate(lines, 1):
        yield replace(line, line=count)
    yield BillEnd(count, first_day=day, last_day=day)


def tomorrow(day: date, days: int = 1) -> date:
    return day + timedelta(days=days)
