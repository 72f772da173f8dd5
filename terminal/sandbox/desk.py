"""What a customer or the laboratory can do to the running bank, as plain values for JSON.

It saves before it tells.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from terminal.sandbox import faults
from terminal.sandbox.account_desk import AT, AccountDesk
from terminal.sandbox.account_desk import FAULTS as ACCOUNT_FAULTS
from terminal.sandbox.alipay import AlipayDoor, is_alipay
from terminal.sandbox.engine import BEHAVIOURS, WALLETS, CustomerCannot, OrderView, plain, plain_view
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.ledger import CUSTOMER
from terminal.sandbox.outcome import Reply
from terminal.sandbox.payment_codes import price
from terminal.sandbox.pix import PixDoor, is_pix
from terminal.sandbox.store import Store
from terminal.sandbox.wechatpay import Bank

CALLS_KEPT: Final = 512
LISTED: Final = 50
LEDGER_LISTS: Final = 500
PHONE_LOOKS_AT: Final = 200  # the newest orders; older ones have left the customer's screen
PHONE_LISTS: Final = 8
_MONEY_MOVED: Final = {"SUCCESS", "REFUND", "REVOKED"}
PASSWORD_TAKES_MS: Final = 4_000
LATE_MS: Final = 90_000
HOME: Final = "CNY"  # of the customer's money before he paid anything
Plain = dict[str, Any]


class Clock(Protocol):
    def wall_ms(self) -> int: ...


class BadAsk(ValueError):
    """The body of a page's or laboratory's call is not usable; the text says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a merchant and what became of it."""

    at_ms: int
    method: str
    target: str
    status: int
    fault: str
    lost: str


class Desk:
    def __init__(
        self,
        bank: Bank,
        clock: Clock,
        store: Store,
        keys: KeysFolder,
        woken: Callable[[], None],
        accounts: AccountDesk | None = None,
    ) -> None:
        self.bank, self.clock = bank, clock
        self.accounts = AccountDesk((), Path()) if accounts is None else accounts
        self._alipay, self.pix = AlipayDoor(bank), PixDoor(bank)
        self._store, self._keys, self._woken = store, keys, woken
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def save(self) -> None:
        self._store.save(self.bank.take_changes())

    def _done(self) -> None:
        self.save()
        self._woken()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """A merchant's request; what it changed is durable before the reply is returned."""
        now_ms = self.clock.wall_ms()
        door = self._alipay if is_alipay(target) else self.pix if is_pix(target) else self.bank
        reply = door.handle(method, target, headers, body, now_ms)
        self._calls.append(Call(now_ms, method, target, reply.status, reply.fault, reply.lost))
        self._done()
        return reply

    # --- the customer -----------------------------------------------------------------------------------

    def scan(self, code_url: str) -> Plain:
        """A wallet's order, or what a banking app fills in. Raises CustomerCannot."""
        told = self.accounts.scan(code_url.strip())
        return told or _shown(self.bank.customer_scans(code_url.strip(), self.clock.wall_ms()))

    def act(self, act: str, order_no: str, mchid: str = "", delay_ms: int = 0) -> Plain:
        """pay, password (pays after a moment), late, refuse, confirm. Raises CustomerCannot, BadAsk."""
        now_ms, bank, result = self.clock.wall_ms(), self.bank, ""
        if mchid == AT:
            result = self.accounts.act(act, order_no, now_ms)
            return {"test": True, "result": result, "order_no": order_no}
        try:
            match act:
                case "pay":
                    result = bank.customer_pays(order_no, now_ms, delay_ms=delay_ms, mchid=mchid)
                case "password":
                    wait_ms = delay_ms or PASSWORD_TAKES_MS
                    result = bank.customer_pays(order_no, now_ms, delay_ms=wait_ms, mchid=mchid)
                case "late":
                    result = bank.customer_pays(order_no, now_ms, delay_ms=delay_ms or LATE_MS, mchid=mchid)
                case "refuse":
                    bank.customer_refuses(order_no, now_ms, mchid=mchid)
                    result = "refused"
                case "confirm":
                    bank.customer_confirms_password(order_no, now_ms, mchid=mchid)
                    result = "paid"
                case _:
                    raise BadAsk("act is pay, password, late, refuse or confirm")
        finally:
            self._done()
        return {"test": True, "result": result, "order_no": order_no}

    def code(self, behaviour: str, confirm_after_ms: int = 0, wallet: str = "wechatpay") -> Plain:
        if behaviour not in BEHAVIOURS:
            raise BadAsk(f"behaviour is one of {', '.join(BEHAVIOURS)}")
        if wallet not in WALLETS:
            raise BadAsk(f"wallet is one of {', '.join(WALLETS)}")
        now_ms = self.clock.wall_ms()
        code = self.bank.new_customer_code(now_ms, behaviour, confirm_after_ms=confirm_after_ms, wallet=wallet)
        self._done()
        expires_ms = now_ms + self.bank.rules.pay_code_life_ms
        return {"test": True, "auth_code": code, "behaviour": behaviour, "expires_ms": expires_ms}

    def phone(self) -> Plain:
        """Everything the wallet page shows."""
        now_ms = self.clock.wall_ms()
        self.bank.advance(now_ms)
        self._done()
        orders = self.bank.ledger.orders.newest(PHONE_LOOKS_AT)
        views = [(order, self.bank.view(order, now_ms)) for order in orders]
        return {
            "test": True,
            "balance": self.bank.ledger.balance(CUSTOMER),
            "money": price(self.bank.ledger.balance(CUSTOMER), orders[0].currency if orders else HOME),
            "open": [
                _shown(view) | {"code_url": order.code_urls[-1].url}
                for order, view in views
                if view.state == "NOTPAY" and not view.why_not and order.code_urls
            ][:PHONE_LISTS],
            "waiting": [_shown(view) for _, view in views if view.state == "USERPAYING"][:PHONE_LISTS],
            "history": [_shown(view) for _, view in views if view.state in _MONEY_MOVED][:PHONE_LISTS],
        }

    # --- the laboratory ---------------------------------------------------------------------------------

    def orders(self, limit: int = LISTED) -> Plain:
        newest = self.bank.ledger.orders.newest(max(1, min(limit, LEDGER_LISTS)))
        return {
            "test": True,
            "orders": [plain(order) | {"price": price(order.total, order.currency)} for order in newest],
        }

    def captures(self) -> Plain:
        merchants = self.bank.keys.merchants
        return {
            "test": True,
            "captures": {mchid: self.bank.captures(mchid) for mchid in merchants},
            "returned": {mchid: self.bank.returned(mchid) for mchid in merchants},
        }

    def ledger(self) -> Plain:
        books = self.bank.ledger
        refunds = [plain(refund) for refund in books.refunds.newest(LEDGER_LISTS)]
        wallets = {wallet.openid: wallet.balance for wallet in books.wallets}
        return self.orders(LEDGER_LISTS) | self.captures() | {"refunds": refunds, "wallets": wallets}

    def calls(self) -> Plain:
        return {"test": True, "calls": [asdict(call) for call in self._calls]}

    def notifications(self) -> Plain:
        post = self.bank.post
        fields = ("notification_id", "about", "event_type", "url", "due_ms", "attempt", "tamper")
        waiting = [{name: getattr(notice, name) for name in fields} for notice in post.table]
        return {"test": True, "waiting": waiting, "history": [asdict(attempt) for attempt in post.history]}

    def list_faults(self) -> Plain:
        rows = [
            {"slug": row.slug, "stage": row.stage, "does": row.does, "params": dict(row.params)}
            for row in faults.ROWS.values()
        ]
        return {"test": True, "faults": rows, "active": [_plain_fault(f) for f in self.bank.faults.active()]}

    def set_fault(
        self, slug: str, count: int | None, duration_ms: int | None, params: Mapping[str, faults.Value]
    ) -> Plain:
        """Raises faults.UnknownFault."""
        now_ms = self.clock.wall_ms()
        active = self.bank.set_fault(slug, now_ms, count=count, duration_ms=duration_ms, params=params)
        self._done()
        return {"test": True, "active": _plain_fault(active)}

    def clear_faults(self, slug: str = "") -> Plain:
        self.bank.faults.clear(slug)
        return self.list_faults()

    # --- accounts at a bank without an API ----------------------------------------------------------------

    def account(self) -> Plain:
        self.accounts.advance(self.clock.wall_ms())
        return {"test": True, "accounts": self.accounts.told(), "faults": ACCOUNT_FAULTS}

    def deliver_statement(self, currency: str) -> Plain:
        """Raises CustomerCannot."""
        self.accounts.advance(self.clock.wall_ms())
        return {"test": True, "file": self.accounts.deliver(currency, self.clock.wall_ms())}

    def set_account_fault(self, currency: str, slug: str, count: int) -> Plain:
        """No slug: all are ended. Raises CustomerCannot; BadAsk: no such fault, or count."""
        if not slug:
            self.accounts.clear_faults()
            return self.account()
        if slug not in ACCOUNT_FAULTS or not 1 <= count <= 1000:
            raise BadAsk(f"an account's fault is one of {', '.join(ACCOUNT_FAULTS)}, 1 to 1000 times")
        self.accounts.set_fault(currency, slug, count)
        return self.account()

    def rotate_certificate(self) -> Plain:
        key = self._keys.rotate_certificate(self.clock.wall_ms())
        self.bank.keys.certificates.append(key)
        self.bank.keys.alipay = self._keys.alipay(self.clock.wall_ms())
        return {"test": True, "serial": key.serial}


def _shown(view: OrderView) -> Plain:
    return plain_view(view) | {"price": price(view.amount, view.currency)}


def _plain_fault(active: faults.Active) -> Plain:
    return {
        "slug": active.row.slug,
        "left": active.left,
        "until_ms": active.until_ms,
        "params": dict(active.params),
    }


__all__ = ["BadAsk", "Clock", "CustomerCannot", "Desk", "Plain"]
