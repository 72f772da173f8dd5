"""A sale's way through the core, as its caller would walk it: decide, fold, count what the world is owed."""

from typing import Any

from terminal.payments import decide
from terminal.payments.attempt import Direction, Signal, State
from terminal.payments.exceptions import close_exception, open_mismatch
from terminal.payments.fact import Facts, fold
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Trade
from terminal.payments.refund import RefundSignal
from terminal.payments.refunding import hear_refund, start_refund
from terminal.payments.sale import Attempt, Sale, SaleState

PROOF = {Signal.SUCCESS, Signal.BILL_PAID, Signal.NOT_REVERSIBLE}


def notice(order_no: str, *, amount_minor: int | None = 2850, **changed: Any) -> Notice:
    """Genuine evidence that ``order_no`` was paid, with single fields changed."""
    fields: dict[str, Any] = {
        "provider": "wallet",
        "source": "query",
        "evidence_id": "e1",
        "merchant_id": "m1",
        "app_id": "app1",
        "order_no": order_no,
        "trade": Trade.PAID,
        "amount_minor": amount_minor,
        "currency": "CNY",
        "provider_txn": "T1",
        "payer_minor": amount_minor,
        "paid_at": "2026-01-02T03:04:05+08:00",
        "wallet": "wallet",
        **changed,
    }
    return Notice(**fields)


class Journey:
    """One sale of 28.50 (or of its shares). Attempts are A1, A2 …, refunds R1, R2 …"""

    def __init__(
        self, *, minor: int = 2850, shares: tuple[int, ...] = (), lines: tuple[SaleLine, ...] = ()
    ) -> None:
        self.sale: Sale
        self.owed: list[dict[str, Any]] = []
        self.types: list[str] = []
        request = decide.OpenSale("c1", Money(minor, "CNY"), shares=shares, lines=lines)
        self.sale = fold(None, decide.open_sale(request, sale="S1", no=1, at_ms=1))
        self._refunds = 0

    def take(self, facts: Facts) -> Facts:
        self.sale = fold(self.sale, facts) if facts else self.sale
        for fact in facts:
            self.types.append(fact.type)
            self.owed.extend(fact.owes)
        ids = self.owed_ids()
        assert len(ids) == len(set(ids)), "an effect is owed twice"
        return facts

    def state(self) -> SaleState:
        return self.sale.state

    def owed_ids(self) -> list[str]:
        return [effect["id"] for effect in self.owed]

    @property
    def attempt(self) -> Attempt:
        assert self.sale.last_attempt is not None
        return self.sale.last_attempt

    def start(self, direction: Direction, *, share: int = 0) -> str:
        name = f"A{len(self.sale.attempts) + 1}"
        self.take(
            decide.start_attempt(
                self.sale,
                attempt=name,
                provider="wallet",
                direction=direction,
                share=share,
                at_ms=2,
                expires_ms=62_000,
            )
        )
        return name

    def hear(self, *signals: Signal, of: str = "", txn: str = "T1", **named: Any) -> Facts:
        """The facts of the last signal."""
        attempt = self.sale.attempt(of) if of else self.attempt
        facts: Facts = ()
        for signal in signals:
            told = dict(named)
            if signal in PROOF:
                paid = notice(attempt.id, amount_minor=attempt.amount.minor, provider_txn=txn)
                told.setdefault("evidence", paid)
            facts = self.take(decide.hear(self.sale, attempt.id, signal, at_ms=3, **told))
        return facts

    def shown(self) -> str:
        """A code on the glass."""
        name = self.start("push")
        self.hear(Signal.CODE_READY, payload="weixin://x")
        return name

    def sent(self) -> str:
        """A customer's code on its way to the provider."""
        name = self.start("pull")
        self.hear(Signal.COMMITTED)
        return name

    def at(self, direction: Direction, state: State) -> str:
        """A fresh attempt brought into a live state by the shortest way."""
        name = self.start(direction)
        self.hear(*WAYS[direction][state])
        assert self.attempt.state is state
        return name

    def cancel(self) -> Facts:
        return self.take(decide.request_cancel(self.sale, why="cashier", at_ms=4))

    def park(self) -> Facts:
        return self.take(decide.park(self.sale, at_ms=4))

    def refund(
        self,
        minor: int,
        *signals: RefundSignal,
        of: str = "",
        reason: str = "wrong size",
        lines: tuple[int, ...] = (),
    ) -> str:
        name = f"R{len(self.sale.refunds) + 1}"
        attempt = of or self.attempt.id
        self.take(
            start_refund(
                self.sale,
                attempt,
                Money(minor, "CNY"),
                refund=name,
                reason=reason,
                actor="person:k",
                approver="person:m",
                at_ms=5,
                lines=lines,
            )
        )
        self.hear_refund(name, *signals)
        return name

    def hear_refund(self, name: str, *signals: RefundSignal) -> Facts:
        facts: Facts = ()
        for signal in signals:
            facts = self.take(hear_refund(self.sale, name, signal, at_ms=6, provider_refund="P1"))
        return facts

    def close_exception(self, exception: str, how: str) -> Facts:
        return self.take(close_exception(self.sale, exception, how, actor="person:m", at_ms=7))

    def mismatch(self, field: str, wrong: Notice) -> Facts:
        return self.take(open_mismatch(self.sale, self.attempt, field, wrong, at_ms=8))

    def open_exceptions(self) -> list[str]:
        return [each.kind for each in self.sale.exceptions if not each.closed]


_S, _E = State, Signal
WAYS: dict[Direction, dict[State, tuple[Signal, ...]]] = {
    "pull": {
        _S.INTENT: (),
        _S.SENT: (_E.COMMITTED,),
        _S.WAITING: (_E.COMMITTED, _E.PAYING),
        _S.UNKNOWN: (_E.COMMITTED, _E.UNCLEAR),
        _S.REVERSING: (_E.COMMITTED, _E.UNCLEAR, _E.GIVE_UP),
        _S.REVERSE_UNKNOWN: (_E.COMMITTED, _E.UNCLEAR, _E.GIVE_UP, _E.UNCLEAR),
        _S.MANUAL: (_E.COMMITTED, _E.UNCLEAR, _E.GIVE_UP, _E.UNCLEAR, _E.WINDOW_OVER),
        _S.PAID: (_E.COMMITTED, _E.SUCCESS),
        _S.DECLINED: (_E.COMMITTED, _E.REFUSED),
        _S.CLOSED: (_E.COMMITTED, _E.CLOSED_THERE),
        _S.REVERSED: (_E.COMMITTED, _E.UNCLEAR, _E.GIVE_UP, _E.REVERSE_OK),
        _S.NOT_SENT: (_E.NOT_SENT_FINAL,),
    },
    "push": {
        _S.ORDERING: (),
        _S.SHOWN: (_E.CODE_READY,),
        _S.WAITING: (_E.CODE_READY, _E.PAYING),
        _S.CLOSING: (_E.CODE_READY, _E.GIVE_UP),
        _S.MANUAL: (_E.CODE_READY, _E.GIVE_UP, _E.WINDOW_OVER),
        _S.PAID: (_E.CODE_READY, _E.SUCCESS),
        _S.DECLINED: (_E.REFUSED,),
        _S.CLOSED: (_E.CODE_READY, _E.GIVE_UP, _E.CLOSE_OK),
        _S.NOT_SENT: (_E.NOT_SENT_FINAL,),
    },
}
