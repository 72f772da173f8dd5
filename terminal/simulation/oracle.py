"""Judges a simulated shop by what the bank's own books, the journal file, glass, paper, voice and clients say.

Knows nothing of the product's state machine; the invariants are named as in docs/invariants.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from terminal.counter.ports import HttpRequest
from terminal.journal.reader import Reader
from terminal.sandbox.any_bank import Entry
from terminal.sandbox.keyring import SimulatedMerchant
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply
from terminal.sandbox.records import Order, Refund, order_key
from terminal.sandbox.wechatpay import Bank
from terminal.simulation import speech
from terminal.simulation.books import ENDED, AttemptRow, Body, Journaled, RefundRow
from terminal.simulation.speech import Asked, Letter, Stated
from terminal.simulation.trace import Trace
from terminal.simulation.witness import Witness

GLASS_GRACE_NS: Final = 3 * 10**9
_ROWS: Final = (
    "SELECT number, type, subject, mono_ns, body, hash, stream FROM event WHERE number > ? ORDER BY number"
)
_MONEY_STATES: Final = {"SUCCESS", "REFUND"}
_ON_GLASS: Final = {"ordering", "shown", "waiting"}


class Oracle(Witness):
    """``blame`` is the first broken invariant, empty while all hold."""

    def __init__(self, bank: Bank, shop: SimulatedMerchant, trace: Trace, currency: str = "CNY") -> None:
        self.bank, self.shop, self.trace, self.currency = bank, shop, trace, currency
        self.log = Journaled()
        self.codes: Callable[[str], str] = lambda _payload: ""  # of a bank that never sees the code
        self.blame = ""
        self._file: Reader | None = None
        self.deaths_ns: list[int] = []
        self._heard: dict[str, list[Stated]] = {}  # evidence id -> what was said under it
        self.letters: dict[str, Letter] = {}  # delivery -> what it said
        self.taken: dict[str, Letter] = {}
        self._code_of: dict[str, str] = {}  # scanned code -> order number
        self.ended_there: dict[str, int] = {}  # order -> bank's time of its close or reverse
        self._said: dict[tuple[str, int], int] = {}
        self._printed: set[tuple[str, int]] = set()
        self._stale: dict[str, int] = {}
        self._told: dict[str, str] = {}  # sale -> the end a client was told
        self._keys: dict[str, str] = {}  # idempotency key -> sale

    def wrong(self, invariant: str, what: str) -> None:
        self.trace.note(f"WRONG {invariant}: {what}")
        self.blame = self.blame or f"{invariant}: {what}"

    def must(self, holds: bool, invariant: str, what: str) -> None:
        if not holds:
            self.wrong(invariant, what)

    # --- the journal file -------------------------------------------------------------------------------

    def born(self, journal: Path) -> None:
        self._file = Reader.at(journal)
        self.committed()

    def died(self) -> None:
        self.committed()
        self.deaths_ns.append(self.trace.now_ns)
        self.blind()
        if self._file is not None:
            self._file.close()
        self._file = None

    def committed(self) -> None:
        """Read on: whatever is in the file now is durable."""
        if self._file is None:
            return
        for number, kind, subject, mono_ns, text, seal, stream in self._file.connection.execute(
            _ROWS, (self.log.last,)
        ):
            self.trace.note(f"journal {number} {stream} {kind} {subject}", raw=seal)
            self.must(number == self.log.last + 1, "I18", f"event {number} after {self.log.last}")
            self.log.last = number
            body: Body = msgspec.json.decode(text)
            self._before(kind, subject, stream, body)
            self.log.read(kind, subject, mono_ns, body)
            self._after(kind, subject, body)

    def _before(self, kind: str, subject: str, stream: str, body: Body) -> None:
        if kind == "sale_opened":
            counter = body["counter"]
            self.must(counter not in self.log.at, "I15", f"{subject} opened beside {self.log.at.get(counter)}")
        elif kind == "attempt_started":
            sale = self.log.sales[subject]
            paid = [x for x in sale.attempts if x.pays]
            others = [x for x in sale.attempts if x.live and not x.aside]
            others += paid if sum(x.amount for x in paid) >= sale.amount else []
            self.must(not others, "I15", f"a second attempt for {subject}")
        elif kind == "override_made":
            busy = self.log.at.get(self.log.sales[subject].counter, subject)
            self.must(busy == subject, "I15", f"{subject} taken up again beside {busy}")
        elif kind == "attempt_moved":
            row = self.log.attempts[body["attempt"]]
            self.must(row.state == body["from"], "I7", f"{row.id} was {row.state}, not {body['from']}")
            self.must(row.state not in ENDED, "I7", f"{row.id} left {row.state} for {body['to']}")
            self.trace.count(f"move {row.direction} {row.state} {body['signal']}")
        elif kind == "sale_moved" and self.log.sales[subject].ended:
            allowed = body["to"] == "paid" and self.log.sales[subject].state != "paid"
            self.must(allowed, "I7", f"sale {subject} left {self.log.sales[subject].state}")
        if subject in self.log.sales:
            self.must(stream == f"counter:{self.log.sales[subject].counter}", "I14", f"{subject} in {stream}")

    def _after(self, kind: str, subject: str, body: Body) -> None:
        if kind == "attempt_moved" and body["to"] == "paid":
            self._check_paid(self.log.attempts[body["attempt"]], body["evidence"])
        elif kind == "attempt_moved" and body["to"] in ENDED:
            self._check_unpaid(self.log.attempts[body["attempt"]])
        elif kind == "sale_opened":
            self.must(type(body["amount_minor"]) is int and body["amount_minor"] > 0, "I12", subject)
            lines = [x["amount_minor"] for x in body.get("lines", ())]
            self.must(not lines or sum(lines) == body["amount_minor"], "I12", f"{subject} is for {lines}")
        elif kind == "attempt_started":
            sale = self.log.sales[subject]
            left = sale.amount - sum(x.amount for x in sale.attempts if x.pays)
            self.must(body["amount_minor"] == left, "I12", body["attempt"])
        elif kind == "sale_moved" and body["to"] == "paid":
            sale = self.log.sales[subject]
            paid = sum(x.amount for x in sale.attempts if x.pays)
            self.must(paid == sale.amount, "I2", f"sale {subject} is paid with {paid} of {sale.amount}")
        elif kind == "refund_started":
            self._check_refunds(body["attempt"])
        elif kind == "exception_opened":
            self.trace.count(f"exception {body['kind']}")
        elif kind == "refund_way_chosen":
            self.trace.count(f"way {body['way']}")
        elif kind == "refund_moved":
            self.trace.count(f"refund {body['from']} {body['signal']}")

    def _check_paid(self, row: AttemptRow, evidence: Body) -> None:
        said = self._heard.get(speech.evidence_name(evidence["id"]), [])
        if not any(self._proves(each, row) and each.txn == evidence["txn"] for each in said):
            self.wrong("I2", f"{row.id} is paid by {evidence['id']}, which said {said}")
        order = self.order(row.id)
        number = speech.book_number(evidence["txn"])
        mine = [x for x in order.captures if x.transaction_id == number] if order is not None else []
        self.must(bool(mine), "I2", f"{row.id} is paid, the bank took nothing")
        part = order is not None and order.alterable and any(x.amount == row.amount for x in mine)
        self.must(part or not row.asked, "I2", f"{row.id} is paid with {row.amount} of {row.asked}")

    def _check_unpaid(self, row: AttemptRow) -> None:
        """No scanned payment ends without money while the bank holds some, unless that came after its own word."""
        order, over_ms = self.order(row.id), self.ended_there.get(row.id)
        held = order is not None and [x for x in order.captures if over_ms is None or x.at_ms <= over_ms]
        if row.direction == "pull" and order is not None and held:
            back = sum(x.amount for x in held) <= order.returned
            self.must(back, "I4", f"{row.id} is {row.state}, and the bank holds its money")

    def _proves(self, said: Stated, row: AttemptRow) -> bool:
        mine, fields = (row.id, row.amount, self.currency), (said.order_no, said.amount, said.currency)
        return said.genuine and said.ours and fields == mine and said.state in _MONEY_STATES

    def _check_refunds(self, attempt: str) -> None:
        row = self.log.attempts[attempt]
        asked = sum(x.amount for x in self.log.refunds.values() if x.attempt == attempt and x.state != "failed")
        self.must(asked <= row.amount, "I8", f"{asked} of {row.amount} asked back of {attempt}")

    def order(self, order_no: str) -> Order | None:
        return self.bank.ledger.orders.get(order_key(self.shop.mchid, order_no))

    def refund_there(self, refund: RefundRow) -> Refund | None:
        """At Pix a refund's number counts within its payment."""
        order = self.order(refund.attempt)
        found = self.bank.ledger.refunds_of(order) if order else []
        return next((each for each in found if each.out_refund_no.rpartition("/")[2] == refund.id), None)

    # --- transfers --------------------------------------------------------------------------------------

    def attempt_named(self, core: str) -> str:
        return next((each for each in self.log.attempts if each.startswith(core)), core)

    def booked(self, number: str, entries: Sequence[Entry]) -> None:
        """The statement that tells of it is the evidence; which bytes it has is the bank's matter."""
        self.trace.note(f"booked {number} {[each.service for each in entries]}")
        for each in entries:
            amount, currency, ours = each.amount_minor, each.currency, True
            said = Stated(number, ours, amount, currency, "SUCCESS", each.service, each.credit)
            self._heard.setdefault(f"entry:{each.service}", []).append(said)

    # --- the line ---------------------------------------------------------------------------------------

    def request(self, request: HttpRequest) -> None:
        address = request.target.partition("&sign=")[0]
        self.trace.note(f"> {request.method} {address[:200]}", raw=request.body)
        said = speech.asked(request.method, request.target, request.body)
        if said.act in {"query", "query_refund", "other"}:
            row = self.log.attempts.get(said.order_no) if said.act == "query" else None
            self.trace.count(f"query when {row.direction} {row.state}" if row else "query of a refund")
            return
        self.committed()
        row = self.log.attempts.get(said.order_no)
        match said.act:
            case "order" | "pay":
                good = row is not None and row.amount == said.amount
                self.must(good, "I5", f"{said.act} {said.order_no} left before its intent")
                self._scanned_once(said)
            case "close" | "reverse":
                self._ending(said, row)
            case "refund":
                self._refunding(said)

    def _scanned_once(self, said: Asked) -> None:
        if said.code:
            first = self._code_of.setdefault(said.code, said.order_no)
            self.must(first == said.order_no, "I3", f"one scanned code for {first} and {said.order_no}")

    def _ending(self, said: Asked, row: AttemptRow | None) -> None:
        meant = row is not None and row.state not in {"intent", "sent", "ordering", "shown", "declined"}
        self.must(meant, "I5", f"{said.act} {said.order_no} left before it was decided: {row}")
        if row is not None and row.state == "paid":
            undone = [x for x in self.log.refunds.values() if x.attempt == row.id and x.way == "void"]
            self.must(bool(undone), "I8", f"{said.act} of the paid {row.id} without a void on record")

    def _refunding(self, said: Asked) -> None:
        refund = self.log.refunds.get(said.refund_no)
        good = refund is not None and refund.amount == said.amount
        self.must(good, "I5", f"refund {said.refund_no} left before its intent")
        both = refund is not None and refund.way != "refund"
        self.must(not both, "I8", f"{refund} is being undone and refunded")

    def worked(self, request: HttpRequest, reply: Reply, at_ms: int) -> None:
        if reply.fault:
            self.trace.count(f"bank {reply.fault}")
        said = speech.asked(request.method, request.target, request.body)
        lost = reply.fault if said.act == "query" else reply.fault.startswith("timeout")  # a query only tells
        if not lost and speech.ends(said, request.target, reply.status, reply.body):
            self.ended_there.setdefault(said.order_no, at_ms)

    def reply(self, request: HttpRequest, reply: Reply) -> None:
        tail = request.target.partition("?")[0].split("/")[-1]
        self.trace.note(f"< {tail} {reply.status} {reply.fault}", raw=reply.body)
        genuine = reply.fault != "bad-signature" or speech.still_signed(request.target, reply.body, self.bank.keys)
        for name, said in speech.stated_in_reply(request.target, reply.body, self.shop, genuine=genuine):
            self._heard.setdefault(name, []).append(said)

    def letter(self, delivery: Delivery) -> None:
        self.trace.note(f"letter {delivery.event_type} {delivery.about}", raw=delivery.body)
        notice = self.bank.post.table.get(delivery.id.partition(".")[0])
        told = speech.letter(delivery, self.shop, genuine=notice is not None and not notice.tamper)
        if told is None:
            return
        self.letters[delivery.id] = told
        if told.stated is not None:
            self._heard.setdefault(delivery.notification_id, []).append(told.stated)

    def letter_taken(self, delivery: Delivery) -> None:
        """The shop said yes: what the letter proves must be durable (I6), a second capture listed (I3)."""
        self.trace.note(f"yes to {delivery.about}")
        told = self.letters.get(delivery.id)
        if told is None:
            return
        self.taken[delivery.id] = told
        if told.refund_no:
            refund = self.log.refunds.get(told.refund_no)
            ended = refund is not None and refund.state not in {"sent", "intent"}
            kept = ended or told.refund_no in self.log.refused or told.order_no in self.log.orphans
            self.must(kept, "I6", f"refund letter {told} taken, not kept")
        elif not told.hint:
            self.must(self._kept(told), "I6", f"letter for {told.order_no} taken, not kept")

    def _kept(self, told: Letter) -> bool:
        row = self.log.attempts.get(told.order_no)
        if row is None:
            return told.order_no in self.log.orphans
        listed = self.log.exceptions_of(told.order_no)
        return told.txn in row.txns or any(x.kind == "mismatch" or told.txn in x.id for x in listed)

    # --- devices ----------------------------------------------------------------------------------------

    def painted(self, counter: str, payload: str, amount_minor: int) -> None:
        row = self._behind(payload)
        self.trace.note(f"glass {counter} {payload} {amount_minor}")
        if row is None or row.counter != counter or row.amount != amount_minor:
            self.wrong("I10", f"glass {counter} shows {payload}, which is {row}")

    def _behind(self, payload: str) -> AttemptRow | None:
        found = self.bank.ledger.find_scanned(payload, 0)
        number = found[0].out_trade_no if found else self.codes(payload)
        return self.log.attempts.get(number)

    def look(self, counter: str, payload: str, now_ns: int) -> None:
        """The glass at this moment, while the process lives and the display is plugged in."""
        row = self._behind(payload) if payload else None
        sale = self.log.sales[row.sale] if row else None
        fine = not payload or (row and sale and row.state in _ON_GLASS and not sale.ended and not sale.parked)
        if fine:
            self._stale.pop(counter, None)
            return
        since = self._stale.setdefault(counter, now_ns)
        self.must(now_ns - since <= GLASS_GRACE_NS, "I10", f"glass {counter} still shows {payload}: {row}")

    def blind(self) -> None:
        """Nobody can take a code down now: the grace begins anew."""
        self._stale.clear()

    def printing(self, counter: str, receipt: str, copy: int) -> None:
        self.trace.note(f"paper {counter} {receipt} copy {copy}")
        self.must((receipt, copy) not in self._printed, "I9", f"{receipt} copy {copy} printed twice")
        self.must(copy in self.log.printings.get(receipt, ()), "I6", f"{receipt} printed before its commit")
        self._printed.add((receipt, copy))

    def said(self, counter: str, kind: str, amount_minor: int) -> None:
        self.trace.note(f"voice {counter} {kind} {amount_minor}")
        if kind != "paid":
            return
        times = self._said[counter, amount_minor] = self._said.get((counter, amount_minor), 0) + 1
        owed = [x for x in self.log.attempts.values() if x.counter == counter and x.amount == amount_minor]
        allowed = sum(x.state == "paid" and self.log.settled.get(f"{x.id}:voice:paid") == "taken" for x in owed)
        self.must(times <= allowed, "I11", f"{amount_minor} said {times} times at {counter}, {allowed} paid")

    # --- clients ----------------------------------------------------------------------------------------

    def opened(self, key: str, sale_id: str) -> None:
        self.trace.note(f"told {key} is {sale_id}")
        self.must(sale_id in self.log.sales, "I6", f"{sale_id} told before its commit")
        self.must(
            self._keys.setdefault(key, sale_id) == sale_id, "I16", f"{key} is {self._keys[key]} and {sale_id}"
        )

    def told(self, sale_id: str, state: str) -> None:
        self.trace.note(f"told {sale_id} {state}")
        row = self.log.sales.get(sale_id)
        if row is None or row.state != state:
            self.wrong("I6", f"{sale_id} told {state}, journal says {row}")
        if state in {"paid", "cancelled", "expired"}:
            first = self._told.setdefault(sale_id, state)
            self.must(first in (state, "cancelled", "expired"), "I7", f"{sale_id} told {first}, then {state}")

    def refund_told(self, refund_id: str) -> None:
        self.must(refund_id in self.log.refunds, "I6", f"refund {refund_id} told before its commit")
