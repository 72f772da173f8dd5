"""What the journal file says and what the bank said, as plain records an oracle can compare.

Shares no code with the product.
"""

from dataclasses import dataclass, field
from typing import Any, Final

ENDED: Final = frozenset({"paid", "declined", "closed", "reversed", "not_sent"})
Body = dict[str, Any]


@dataclass(slots=True)
class AttemptRow:
    id: str
    sale: str
    counter: str
    direction: str
    amount: int  # what was asked for, then what was taken
    share: int
    state: str
    at_ns: int = 0  # of the last move
    txns: set[str] = field(default_factory=set)
    attached: bool = False
    aside: bool = False  # an owner let another begin beside it
    chimed: int = 0
    asked: int = 0  # of one that was paid in part: what had been asked for

    @property
    def live(self) -> bool:
        return self.state not in ENDED

    @property
    def pays(self) -> bool:
        return self.state == "paid" or self.attached


@dataclass(slots=True)
class SaleRow:
    id: str
    counter: str
    amount: int
    order_no: str
    state: str = "open"
    parked: bool = False
    attempts: list[AttemptRow] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.state in {"paid", "cancelled", "expired"}


@dataclass(slots=True)
class RefundRow:
    id: str
    attempt: str
    amount: int
    state: str = "intent"
    way: str = "refund"
    voided: bool = False


@dataclass(slots=True)
class ExceptionRow:
    id: str
    kind: str
    attempt: str
    closed: str = ""


class Journaled:
    """The fold of the durable log."""

    def __init__(self) -> None:
        self.last = 0
        self.sales: dict[str, SaleRow] = {}
        self.attempts: dict[str, AttemptRow] = {}
        self.refunds: dict[str, RefundRow] = {}
        self.exceptions: dict[str, ExceptionRow] = {}
        self.owed: dict[str, Body] = {}
        self.settled: dict[str, str] = {}
        self.printings: dict[str, list[int]] = {}
        self.orphans: set[str] = set()
        self.refused: set[str] = set()  # refunds about which genuine evidence was not believed
        self.claims: dict[tuple[str, str], str] = {}
        self.unmatched: set[str] = set()  # credits of statements that name none of our orders
        self.at: dict[str, str] = {}  # counter -> its open sale

    def read(self, kind: str, subject: str, mono_ns: int, body: Body) -> None:
        index = body.get("index") or {}
        for effect in index.get("settles", ()):
            self.owed.pop(effect, None)
        for effect in index.get("owes", ()):
            self.owed[effect["id"]] = effect
        for name, key, value in index.get("claims", ()):
            self.claims[name, key] = value
        change = getattr(self, f"_{kind}", None)
        if change is not None:
            change(subject, body, mono_ns)

    def _sale_opened(self, subject: str, body: Body, _ns: int) -> None:
        self.sales[subject] = SaleRow(subject, body["counter"], body["amount_minor"], body["order_no"])
        self.at[body["counter"]] = subject

    def _attempt_started(self, subject: str, body: Body, ns: int) -> None:
        sale = self.sales[subject]
        row = AttemptRow(
            body["attempt"],
            subject,
            sale.counter,
            body["direction"],
            body["amount_minor"],
            body["share"],
            body["state"],
            ns,
        )
        sale.attempts.append(row)
        self.attempts[row.id] = row

    def _attempt_moved(self, _subject: str, body: Body, ns: int) -> None:
        row = self.attempts[body["attempt"]]
        row.state, row.at_ns = body["to"], ns
        self._evidence_noted(_subject, body, ns)

    def _evidence_noted(self, _subject: str, body: Body, _ns: int) -> None:
        evidence = body.get("evidence", {})
        if not evidence.get("txn"):
            return
        row = self.attempts[body["attempt"]]
        if evidence["trade"] == "paid" and not row.txns and evidence["amount_minor"] < row.amount:
            row.asked, row.amount = row.amount, evidence["amount_minor"]
        row.txns.add(evidence["txn"])

    def _sale_moved(self, subject: str, body: Body, _ns: int) -> None:
        self.sales[subject].state = body["to"]
        self._leave(subject)

    def _sale_parked(self, subject: str, _body: Body, _ns: int) -> None:
        self.sales[subject].parked = True
        self._leave(subject)

    def _leave(self, subject: str) -> None:
        sale = self.sales[subject]
        if (sale.ended or sale.parked) and self.at.get(sale.counter) == subject:
            del self.at[sale.counter]

    def _override_made(self, subject: str, body: Body, _ns: int) -> None:
        if body["kind"] == "new_attempt":
            self.attempts[body["attempt"]].aside, sale = True, self.sales[subject]
            sale.parked, self.at[sale.counter] = False, subject

    def _refund_started(self, _subject: str, body: Body, _ns: int) -> None:
        self.refunds[body["refund"]] = RefundRow(body["refund"], body["attempt"], body["amount_minor"])

    def _refund_way_chosen(self, _subject: str, body: Body, _ns: int) -> None:
        row = self.refunds[body["refund"]]
        row.way, row.voided = body["way"], row.voided or body["way"] == "void"

    def _refund_queued(self, _subject: str, body: Body, _ns: int) -> None:
        self.refunds[body["refund"]].state = "queued"

    def _refund_moved(self, _subject: str, body: Body, _ns: int) -> None:
        self.refunds[body["refund"]].state = body["to"]

    def _refund_evidence_refused(self, _subject: str, body: Body, _ns: int) -> None:
        self.refused.add(body["refund"])

    def _exception_opened(self, _subject: str, body: Body, _ns: int) -> None:
        self.exceptions[body["exception"]] = ExceptionRow(body["exception"], body["kind"], body["attempt"])

    def _exception_closed(self, _subject: str, body: Body, _ns: int) -> None:
        self.exceptions[body["exception"]].closed = body["how"]
        if body["how"] == "attached":
            self.attempts[body["attempt"]].attached = True

    def _effect_done(self, _subject: str, body: Body, _ns: int) -> None:
        self.settled[body["effect"]] = body["outcome"]

    def _print_started(self, _subject: str, body: Body, _ns: int) -> None:
        self.printings.setdefault(body["receipt"], []).append(body["copy"])

    def _statement_unmatched(self, _subject: str, body: Body, _ns: int) -> None:
        self.unmatched |= {each["entry"].partition("/")[0] for each in body["credits"]}

    def _payment_orphaned(self, _subject: str, body: Body, _ns: int) -> None:
        self.orphans.add(body["order_no"])

    def exceptions_of(self, attempt: str) -> list[ExceptionRow]:
        return [each for each in self.exceptions.values() if each.attempt == attempt]
