"""The bank behind its protocol: time, customers, and what they set off. Pure; every call is told the time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import msgspec

from terminal.sandbox.bill_shelf import Shelf
from terminal.sandbox.faults import Active, Faults, Value
from terminal.sandbox.keyring import Keyring
from terminal.sandbox.ledger import CUSTOMER, Ledger
from terminal.sandbox.notifications import Delivery, Postbox
from terminal.sandbox.records import Capture, Errand, Notice, Order, PayCode, Refund, Row, order_key
from terminal.sandbox.telling import Teller
from terminal.sandbox.wire_forms import beijing_date

BEHAVIOURS: Final = ("pays", "password", "no-funds")
WALLETS: Final[Mapping[str, int]] = {"wechatpay": 10, "alipay": 25}  # first of the six prefixes of its codes


class Tells(Protocol):
    """Writes one provider's notifications."""

    def tell_payment(self, order: Order, capture: Capture, at_ms: int) -> None: ...

    def tell_refund(self, refund: Refund, at_ms: int) -> None: ...

    def forge(self, order: Order, variant: str, at_ms: int) -> None: ...

    def sealed(self, notice: Notice, now_ms: int) -> tuple[Mapping[str, str], bytes]: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What the provider's documents leave open, contradict, or do not put in figures.

    Args:
        userpaying_status: HTTP status of the USERPAYING answer; clients must go by the code.
        reverse_unknown_order: whether reversing a number the bank never saw is refused with ORDER_NOT_EXIST
            or accepted (then the number is spent: a charge that arrives later is refused).
        scripted_payers: codes the wallet never issued pay by their prefix: 10 pays, 11 needs a password for
            scripted_password_ms, 12 never confirms, 13 expired, 14 SYSTEM_ERROR but paid, 15 answer cut off.
    """

    userpaying_status: int = 400
    reverse_unknown_order: Literal["refused", "accepted"] = "refused"
    scripted_payers: bool = False
    scripted_password_ms: int = 8_000
    pay_code_life_ms: int = 60_000
    password_life_ms: int = 45_000  # a code payment nobody confirms is revoked by the bank
    reverse_window_ms: int = 7 * 86_400_000
    refund_window_ms: int = 365 * 86_400_000
    refund_takes_ms: int = 3_000
    opening_balance: int = 10**12
    fee_ppm: int = 6_000  # 0.60 %


class CustomerCannot(Exception):
    """The wallet refuses the customer. ``reason``: unknown-code, code-expired, closed, expired, paid,
    no-funds, not-waiting, unknown-order."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as the customer's phone shows it."""

    mchid: str
    order_no: str
    shop: str
    description: str
    amount: int  # fen
    currency: str
    state: str
    why_not: str  # empty when it can be paid now


class Engine:
    def __init__(self, keys: Keyring, *, rules: Rules | None = None) -> None:
        self.keys, self.rules = keys, rules or Rules()
        self.ledger = Ledger(opening_balance=self.rules.opening_balance)
        self.faults = Faults()
        self.post = Postbox(self._sign_notice)
        self.teller = Teller(keys, self.faults, self.post)
        self.others: dict[str, Tells] = {}  # by trade type, of the doors beside WeChat Pay's
        self.errands: dict[str, Callable[[Errand], None]] = {}  # by kind, theirs too
        self.shelf = Shelf(keys.entropy)
        self.address = "http://127.0.0.1:7610"  # where downloads are told to lie
        self.home = next(iter(keys.merchants))  # the merchant meant when none is named

    # --- time -------------------------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Do everything that was due until now, in order of its time."""
        while (errand := self.ledger.next_errand()) is not None and errand.at_ms <= now_ms:
            self.ledger.errands.drop(errand.key)
            self._do(errand)

    def next_due_ms(self) -> int | None:
        """When ``due`` next has something to do; None when the bank waits for somebody else."""
        errand = self.ledger.next_errand()
        times = (errand.at_ms if errand else None, self.post.next_due_ms())
        return min((time for time in times if time is not None), default=None)

    def due(self, now_ms: int) -> list[Delivery]:
        """Notifications to POST now. Each must be answered for with ``delivered``."""
        self.advance(now_ms)
        return self.post.due(now_ms)

    def delivered(self, delivery_id: str, ok: bool, now_ms: int) -> None:
        self.post.delivered(delivery_id, ok, now_ms)

    def _do(self, errand: Errand) -> None:
        order = self.ledger.orders.get(errand.about)
        if errand.kind == "capture" and order is not None:
            try:
                self.capture(order, errand.at_ms)
            except CustomerCannot:
                return  # closed, expired or paid meanwhile: the phone says so, nothing is taken
        elif errand.kind == "lapse" and order is not None and order.state == "USERPAYING":
            self.ledger.move(order, "REVOKED")
        elif errand.kind == "settle":
            self._settle(errand)
        elif errand.kind in self.errands:
            self.errands[errand.kind](errand)

    def _settle(self, errand: Errand) -> None:
        refund = self.ledger.refunds.get(errand.about)
        if refund is not None and refund.status == "PROCESSING":
            self.ledger.finish_refund(refund, errand.detail or "SUCCESS", errand.at_ms)
            self._teller_of(self.ledger.orders.get(order_key(refund.mchid, refund.out_trade_no))).tell_refund(
                refund, errand.at_ms
            )

    def _teller_of(self, order: Order | None) -> Tells | Teller:
        return self.teller if order is None else self.others.get(order.trade_type, self.teller)

    def _sign_notice(self, notice: Notice, now_ms: int) -> tuple[Mapping[str, str], bytes]:
        if notice.kind:
            return self.others[notice.kind].sealed(notice, now_ms)
        key = self.keys.notifying_key()
        headers = self.keys.signed(notice.body.encode(), now_ms, key, notice.tamper)
        headers |= {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
        return headers, notice.body.encode()

    # --- money ------------------------------------------------------------------------------------------

    def why_not(self, order: Order, at_ms: int) -> str:
        """Why the customer cannot pay this order now; empty when he can."""
        if order.state == "USERPAYING" or (order.state == "NOTPAY" and at_ms < order.payable_until_ms):
            return ""
        words = {"NOTPAY": "expired", "SUCCESS": "paid", "REFUND": "paid"}
        return words.get(order.state, "closed")

    def capture(self, order: Order, at_ms: int) -> None:
        """Take the money and owe the notification. Raises CustomerCannot."""
        why_not = self.why_not(order, at_ms)
        if why_not == "closed" and not order.captures and self.faults.take("capture-after-close", at_ms):
            why_not = ""
        if why_not:
            raise CustomerCannot(why_not)
        order.openid = order.openid or CUSTOMER
        if self.faults.take("no-funds", at_ms) or self.ledger.balance(order.openid) < order.total:
            raise CustomerCannot("no-funds")
        times = 2 if self.faults.take("double-capture", at_ms) else 1
        for _ in range(times):
            if self.ledger.balance(order.openid) < order.total:
                break
            self.ledger.capture(order, self.new_number("42000", at_ms), at_ms, self._part(order, at_ms))
            if order.trade_type != "MICROPAY":
                self._teller_of(order).tell_payment(order, order.captures[-1], at_ms)

    def _part(self, order: Order, at_ms: int) -> int:
        """What the payer changes the amount to, where the order allows that; 0: nothing."""
        if not order.alterable or order.total < 2 or (part := self.faults.take("partial-approval", at_ms)) is None:
            return 0
        return min(max(order.total * part.number("percent") // 100, 1), order.total - 1)

    def new_number(self, prefix: str, at_ms: int) -> str:
        """28 digits: prefix, date, chance."""
        head = prefix + beijing_date(at_ms)
        digits = 28 - len(head)
        return head + str(int.from_bytes(self.keys.entropy.bytes(8)) % 10**digits).rjust(digits, "0")

    # --- customers --------------------------------------------------------------------------------------

    def customer_scans(self, code_url: str, now_ms: int) -> OrderView:
        """What the phone shows after scanning. Raises CustomerCannot unknown-code or code-expired."""
        self.advance(now_ms)
        found = self.ledger.find_scanned(code_url, now_ms)
        if found is None:
            raise CustomerCannot("unknown-code")
        order, code = found
        if now_ms >= code.until_ms:
            raise CustomerCannot("code-expired")
        if not order.scanned_ms:
            order.scanned_ms = now_ms
            self.ledger.orders.put(order)
        return self.view(order, now_ms)

    def view(self, order: Order, now_ms: int) -> OrderView:
        return OrderView(
            order.mchid,
            order.out_trade_no,
            self.keys.merchants[order.mchid].shop,
            order.description,
            order.total,
            order.currency,
            order.state,
            self.why_not(order, now_ms),
        )

    def customer_pays(self, order_no: str, now_ms: int, *, delay_ms: int = 0, mchid: str = "") -> str:
        """Pay now ("paid"), or in ``delay_ms`` ("later"). Raises CustomerCannot."""
        order = self._waiting(order_no, mchid, now_ms)
        late = self.faults.take("pay-late", now_ms)
        delay_ms = late.number("delay_ms") if late else delay_ms
        if delay_ms:
            self.ledger.later(now_ms + delay_ms, "capture", order.key)
            return "later"
        self.capture(order, now_ms)
        return "paid"

    def customer_refuses(self, order_no: str, now_ms: int, *, mchid: str = "") -> None:
        """A shown order is simply left unpaid; a code payment waiting for a password fails."""
        order = self._waiting(order_no, mchid, now_ms)
        for errand in self.ledger.errands:
            if errand.about == order.key and errand.kind == "capture":
                self.ledger.errands.drop(errand.key)
        if order.state == "USERPAYING":
            self.ledger.move(order, "PAYERROR")

    def customer_confirms_password(self, order_no: str, now_ms: int, *, mchid: str = "") -> None:
        order = self._waiting(order_no, mchid, now_ms)
        if order.state != "USERPAYING":
            raise CustomerCannot("not-waiting")
        try:
            self.capture(order, now_ms)
        except CustomerCannot:
            self.ledger.move(order, "PAYERROR")
            raise

    def new_customer_code(
        self, now_ms: int, behaviour: str = "pays", *, confirm_after_ms: int = 0, wallet: str = "wechatpay"
    ) -> str:
        """A fresh payment code: 18 digits from 10 to 15, or 25 to 30 for alipay; one use, one minute.

        Args:
            behaviour: pays, no-funds, or password (confirmed after ``confirm_after_ms``; 0 waits for the
                customer).
        """
        assert behaviour in BEHAVIOURS, behaviour
        first = WALLETS[wallet]
        while True:
            chance = int.from_bytes(self.keys.entropy.bytes(8))
            code = f"{first + chance % 6}{chance // 6 % 10**16:016d}"
            if self.ledger.codes.get(code) is None:
                break
        self.ledger.add_code(PayCode(code, CUSTOMER, behaviour, now_ms, confirm_after_ms))
        return code

    def _waiting(self, order_no: str, mchid: str, now_ms: int) -> Order:
        self.advance(now_ms)
        order = self.ledger.find(mchid or self.home, order_no, now_ms)
        if order is None:
            raise CustomerCannot("unknown-order")
        return order

    # --- for the laboratory -----------------------------------------------------------------------------

    def set_fault(
        self,
        slug: str,
        now_ms: int,
        *,
        count: int | None = None,
        duration_ms: int | None = None,
        params: Mapping[str, Value] | None = None,
    ) -> Active:
        """Switch a named fault on. Raises UnknownFault."""
        active = self.faults.set(slug, now_ms, count=count, duration_ms=duration_ms, params=params)
        self.forge_if_asked(now_ms)
        return active

    def forge_if_asked(self, now_ms: int) -> None:
        """A forged notification needs an unpaid order to lie about; it waits until there is one."""
        wanted = next((f for f in self.faults.active() if f.row.slug == "forged-notification"), None)
        if wanted is None:
            return
        named = wanted.text("order_no")
        unpaid = [
            order
            for order in self.ledger.orders
            if order.state == "NOTPAY" and order.notify_url and named in ("", order.out_trade_no)
        ]
        if unpaid and self.faults.take("forged-notification", now_ms):
            self._teller_of(unpaid[-1]).forge(unpaid[-1], wanted.text("variant"), now_ms)

    def captures(self, mchid: str = "") -> dict[str, list[int]]:
        """Every amount ever taken from a customer, by order number: an oracle counts them."""
        return self.ledger.captures(mchid or self.home)

    def returned(self, mchid: str = "") -> dict[str, int]:
        return self.ledger.returned(mchid or self.home)

    # --- keeping ----------------------------------------------------------------------------------------

    def take_changes(self) -> list[Row]:
        """Rows to save before anybody is told of what they record."""
        return self.ledger.take_changes() + self.post.table.take_changes()

    def load(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        rows = tuple(rows)
        self.ledger.load(rows)
        for name, key, text in rows:
            if name == "notice":
                self.post.table.load(key, text)
        self.post.restored()


def plain_view(view: OrderView) -> dict[str, object]:
    """For JSON."""
    return {name: getattr(view, name) for name in OrderView.__slots__} | {"test": True}


def plain(record: Order | Refund) -> dict[str, object]:
    """A record for JSON."""
    told: dict[str, object] = msgspec.to_builtins(record)
    return told
