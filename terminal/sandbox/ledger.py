"""The bank's own books: orders, what was taken for them, what went back, and the customers' wallets.

Pure. Money is integers of fen. An oracle reads ``captures`` and ``returned``; nothing here depends on what
the merchant was told.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from terminal.sandbox.records import (
    Capture,
    CodeUrl,
    Errand,
    Order,
    PayCode,
    Refund,
    Row,
    Table,
    Wallet,
    Webhook,
    order_key,
)

DAY_MS: Final = 86_400_000
AUTO_CLOSE_MS: Final = 7 * DAY_MS  # an unpaid order closes by itself
CODE_URL_LIFE_MS: Final = 2 * 3_600_000
PAY_CODES_KEPT: Final = 512
CUSTOMER: Final = "oTEST-customer-0000000000001"


class Ledger:
    def __init__(self, *, opening_balance: int) -> None:
        """``opening_balance``: fen in the customer's wallet when the books are new."""
        self.orders: Table[Order] = Table("order", Order)
        self.refunds: Table[Refund] = Table("refund", Refund)
        self.wallets: Table[Wallet] = Table("wallet", Wallet)
        self.codes: Table[PayCode] = Table("code", PayCode)
        self.errands: Table[Errand] = Table("errand", Errand)
        self.webhooks: Table[Webhook] = Table("webhook", Webhook)
        self._by_transaction: dict[str, str] = {}
        self._by_code_url: dict[str, str] = {}
        self._refunds_of: dict[str, list[str]] = {}
        self._next_errand = 1
        self.wallets.put(Wallet(CUSTOMER, opening_balance))

    # --- orders -----------------------------------------------------------------------------------------

    def add(self, order: Order) -> None:
        assert self.orders.get(order.key) is None, order.key
        self.orders.put(order)

    def find(self, mchid: str, out_trade_no: str, now_ms: int) -> Order | None:
        return self._current(order_key(mchid, out_trade_no), now_ms)

    def find_paid(self, mchid: str, transaction_id: str, now_ms: int) -> Order | None:
        order = self._current(self._by_transaction.get(transaction_id, ""), now_ms)
        return order if order is not None and order.mchid == mchid else None

    def find_scanned(self, code_url: str, now_ms: int) -> tuple[Order, CodeUrl] | None:
        order = self._current(self._by_code_url.get(code_url, ""), now_ms)
        if order is None:
            return None
        return order, next(code for code in order.code_urls if code.url == code_url)

    def add_code_url(self, order: Order, url: str, now_ms: int) -> None:
        order.code_urls.append(CodeUrl(url, now_ms + CODE_URL_LIFE_MS))
        self._by_code_url[url] = order.key
        self.orders.put(order)

    def move(self, order: Order, state: str) -> None:
        order.state = state
        self.orders.put(order)

    def _current(self, key: str, now_ms: int) -> Order | None:
        order = self.orders.get(key)
        if order is not None and order.state == "NOTPAY" and now_ms >= order.created_ms + AUTO_CLOSE_MS:
            self.move(order, "CLOSED")
        return order

    # --- money ------------------------------------------------------------------------------------------

    def balance(self, openid: str = CUSTOMER) -> int:
        wallet = self.wallets.get(openid)
        return 0 if wallet is None else wallet.balance

    def capture(self, order: Order, transaction_id: str, at_ms: int, amount: int = 0) -> None:
        """Take the total, or ``amount``, from the customer. The caller has checked that the wallet has it."""
        amount = amount or order.total
        assert transaction_id not in self._by_transaction, transaction_id
        self._change_wallet(order.openid, -amount)
        order.captures.append(Capture(transaction_id, amount, at_ms, order.openid))
        self._by_transaction[transaction_id] = order.key
        self.move(order, "SUCCESS")

    def give_back(self, order: Order, at_ms: int) -> None:
        """A reverse: everything taken for the order goes back."""
        taken = sum(capture.amount for capture in order.captures) - order.returned
        order.returned, order.returned_ms = order.returned + taken, at_ms
        self._change_wallet(order.openid, taken)
        self.move(order, "REVOKED")

    def _change_wallet(self, openid: str, by: int) -> None:
        wallet = self.wallets.get(openid)
        assert wallet is not None, openid
        assert wallet.balance + by >= 0, "the caller checks the balance first"
        wallet.balance += by
        self.wallets.put(wallet)

    # --- refunds ----------------------------------------------------------------------------------------

    def refunds_of(self, order: Order) -> list[Refund]:
        keys = self._refunds_of.get(order.key, [])
        return [refund for refund in map(self.refunds.get, keys) if refund is not None]

    def refundable(self, order: Order) -> int:
        """Fen that may still be asked back: refunds under way count, definite failures do not."""
        held = sum(refund.amount for refund in self.refunds_of(order) if refund.status != "CLOSED")
        return (order.captures[0].amount if order.captures else order.total) - held

    def add_refund(self, refund: Refund) -> None:
        self.refunds.put(refund)
        self._refunds_of.setdefault(order_key(refund.mchid, refund.out_trade_no), []).append(refund.key)

    def finish_refund(self, refund: Refund, status: str, at_ms: int) -> None:
        refund.status = status
        if status == "SUCCESS":
            refund.success_ms = at_ms
            order = self.orders.get(order_key(refund.mchid, refund.out_trade_no))
            assert order is not None, refund.key
            self._change_wallet(order.openid, refund.amount)
        self.refunds.put(refund)

    # --- codes and errands ------------------------------------------------------------------------------

    def add_code(self, code: PayCode) -> None:
        self.codes.put(code)
        if len(self.codes) > PAY_CODES_KEPT:
            self.codes.drop(next(iter(self.codes)).key)

    def later(self, at_ms: int, kind: str, about: str, detail: str = "") -> None:
        self.errands.put(Errand(self._next_errand, at_ms, kind, about, detail))
        self._next_errand += 1

    def next_errand(self) -> Errand | None:
        return min(self.errands, key=lambda errand: (errand.at_ms, errand.number), default=None)

    # --- for an oracle ----------------------------------------------------------------------------------

    def captures(self, mchid: str) -> dict[str, list[int]]:
        """Every amount taken, by order number, in the order it was taken."""
        return {
            order.out_trade_no: [capture.amount for capture in order.captures]
            for order in self._of(mchid)
            if order.captures
        }

    def returned(self, mchid: str) -> dict[str, int]:
        """Fen that went back, by reverse or by refunds that succeeded."""
        back = {}
        for order in self._of(mchid):
            refunds = sum(refund.amount for refund in self.refunds_of(order) if refund.status == "SUCCESS")
            if order.returned or refunds:
                back[order.out_trade_no] = order.returned + refunds
        return back

    def _of(self, mchid: str) -> Iterator[Order]:
        return (order for order in self.orders if order.mchid == mchid)

    # --- keeping ----------------------------------------------------------------------------------------

    def take_changes(self) -> list[Row]:
        tables = (self.orders, self.refunds, self.wallets, self.codes, self.errands, self.webhooks)
        return [row for table in tables for row in table.take_changes()]

    def load(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Read back what ``take_changes`` gave. Rows of other tables are passed over."""
        for name, key, text in rows:
            if name == "order":
                self._load_order(self.orders.load(key, text))
            elif name == "refund":
                refund = self.refunds.load(key, text)
                self._refunds_of.setdefault(order_key(refund.mchid, refund.out_trade_no), []).append(key)
            elif name == "wallet":
                self.wallets.load(key, text)
            elif name == "code":
                self.codes.load(key, text)
            elif name == "webhook":
                self.webhooks.load(key, text)
            elif name == "errand":
                self._next_errand = max(self._next_errand, self.errands.load(key, text).number + 1)

    def _load_order(self, order: Order) -> None:
        for capture in order.captures:
            self._by_transaction[capture.transaction_id] = order.key
        for code in order.code_urls:
            self._by_code_url[code.url] = order.key
