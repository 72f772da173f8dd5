"""A till's nexo messages answered over the desk: the same message again is the same sale.

A SaleID with its ServiceID names a message for 48 hours. The journal keeps which sale it opened, so that it is
answered alike after a lost connection and after a restart of ours.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Final, TypeVar

from terminal.counter.ports import Clock
from terminal.errors import Conflict, NotAllowed, TerminalError, Unavailable
from terminal.payments.sale import Sale
from terminal.pos import nexo_messages as messages
from terminal.pos.desk import Desk, Outcome, Request, outcome
from terminal.pos.followed import Followed
from terminal.pos.item_lines import of_items
from terminal.pos.nexo_answers import CHECKING, NOT_HERE, named, not_begun, payment_of, refused, reversal_of
from terminal.pos.nexo_counter import DAY_MS, SAME_MS, CounterSide
from terminal.pos.nexo_crypto import Unsealed
from terminal.pos.nexo_messages import Answer, Header, failure, success

V = TypeVar("V")
ACTS: Final = frozenset({"Payment", "Reversal", "Print"})
TOGETHER_MAX: Final = 4  # waiting for the answer to one message
KEPT_MAX: Final = 256  # of what only a running process needs to know


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds. ``sale_s``: for the customer, then the code is closed with proof; ``refund_s``: for the bank."""

    sale_s: float = 110.0
    refund_s: float = 10.0


class Nexo:
    def __init__(self, desk: Desk, clock: Clock, counter: CounterSide, waits: Waits | None = None) -> None:
        self._desk, self._clock, self._counter = desk, clock, counter
        self._waits = waits or Waits()
        self.followed = Followed(desk, self._waits.sale_s)
        self._running: Counter[str] = Counter()  # messages that are being worked on
        self._aborted: OrderedDict[str, int] = OrderedDict()  # before they came, and when
        self._last: OrderedDict[str, str] = OrderedDict()  # SaleID -> its last ServiceID

    async def answer(self, request: messages.Request, nonce: str = "") -> Answer | None:
        """The inside of a SaleToPOIResponse; None where the protocol answers with an empty one (Abort).

        Args:
            nonce: of a sealed message, in hex. What moves money or paper is taken once with it, for ever.

        Raises:
            Unsealed: it was taken before, perhaps by an earlier life of ours: somebody kept a copy.
        """
        header, body = request.header, request.body
        if header.category == "Abort":
            await self._abort(header, body)
            return None
        try:
            if nonce and header.category in ACTS and not await self._desk.first_time(nonce):
                raise Unsealed
            told = await self._told(header, body)
        except TerminalError as error:
            told = {"Response": refused(error)}
        return messages.response(header, told)

    async def heard(self, request: messages.Request, told: Answer) -> None:
        """The till has this answer: that a sale was paid needs no person to say so."""
        header, body = request.header, request.body
        if isinstance(body, messages.Payment):
            name = named(header.sale_id, header.service_id)
        elif isinstance(body, messages.Status) and body.reference:
            name = named(body.reference.sale_id or header.sale_id, body.reference.service_id)
        else:
            return
        if told[f"{header.category}Response"]["Response"]["Result"] != "Success":
            return
        if (sale := self._asked(name)) is not None and sale.ended:
            await self.followed.heard(sale.id)

    def _asked(self, name: str) -> Sale | None:
        return self._desk.sale_of(self._key(name))

    async def _told(self, header: Header, body: object) -> Answer:
        if not self._desk.ready and header.category not in ("Diagnosis", "Login", "Logout"):
            raise Unavailable("starting")
        match body:
            case messages.Payment():
                return await self._pay(header, body)
            case messages.Reversal():
                return await self._reverse(header, body)
            case messages.Status():
                return self._status(header, body)
            case messages.Print():
                return await self._counter.print(header, body.output)
            case messages.Display():
                return {"OutputResult": [self._counter.display(each) for each in body.outputs]}
        match header.category:
            case "Diagnosis":
                return self._counter.diagnose()
            case "Login":
                return self._counter.log_in()
            case "Logout":
                return {"Response": success()}
            case "GetTotals" | "Reconciliation":
                return await self._counter.totals(header.category)
            case "EnableService":
                return {"Response": failure("NotAllowed", NOT_HERE)}
        return {"Response": failure("UnavailableService", NOT_HERE)}

    async def _pay(self, header: Header, body: messages.Payment) -> Answer:
        name = named(header.sale_id, header.service_id)
        _keep(self._last, header.sale_id, header.service_id)
        self._running[name] += 1
        try:
            if self._running[name] > TOGETHER_MAX:
                return {"Response": failure("InProgress", CHECKING)}
            sale = await self._open(name, body)
            if name in self._aborted:  # while it was being opened
                sale = await self.followed.give_up(sale.id, "till_aborted")
            sale = await self._desk.ended(sale.id, self._waits.sale_s)
            if outcome(sale) is Outcome.WAITING:
                sale = await self.followed.give_up(sale.id, "till_waited")
            return self._payment_of(sale, body.sale.transaction.time)
        except TerminalError as error:
            return not_begun(body, error)
        finally:
            self._running[name] -= 1
            self._running += Counter()  # forgets what is worked on no more

    async def _open(self, name: str, body: messages.Payment) -> Sale:
        amounts = body.transaction.amounts
        if body.data.type != "Normal" or amounts.cash_back != 0:
            raise NotAllowed("not_allowed")
        amount = messages.money_of(amounts.requested, amounts.currency)
        if self._clock.wall_ms() - self._aborted.get(name, -SAME_MS) < SAME_MS:
            raise Conflict("sale_ended")
        lines = of_items(body.transaction.items, amount)
        order = body.sale.transaction.id
        return await self.followed.open(Request(amount, self._key(name), reference=order, lines=lines))

    def _payment_of(self, sale: Sale, time: str = "") -> Answer:
        return payment_of(sale, self._desk.counter, self._desk.check_code(sale), time)

    def _key(self, name: str) -> str:
        """What the message opened within 48 hours, else a new one of today."""
        since_ms = self._clock.wall_ms() - SAME_MS
        for key in self._keys(name):
            sale, refund = self._desk.sale_of(key), self._desk.refund_of(key)
            if (sale and sale.opened_ms >= since_ms) or (refund and refund[1].since_ms >= since_ms):
                return key
        return f"nexo-{name}-{self._clock.wall_ms() // DAY_MS}"

    def _keys(self, name: str) -> list[str]:
        """Under which it may have opened something, newest first; a clock may have been set back a day."""
        today = self._clock.wall_ms() // DAY_MS
        return [f"nexo-{name}-{today + 1 - back}" for back in range(SAME_MS // DAY_MS + 2)]

    async def _abort(self, header: Header, body: messages.Abort) -> None:
        """Too late is no error: the payment's own answer says that it was paid."""
        name = named(body.reference.sale_id or header.sale_id, body.reference.service_id)
        if not self._desk.ready:
            return
        sale = self._desk.sale_of(self._key(name))
        if sale is None:
            _keep(self._aborted, name, self._clock.wall_ms())
        elif not sale.ended:
            await self.followed.give_up(sale.id, "till_aborted")

    def _status(self, header: Header, body: messages.Status) -> Answer:
        asked = body.reference
        if asked is None:
            if header.sale_id not in self._last:
                return {"Response": failure("NotFound", "Nothing was asked for since the start")}
            asked = messages.Reference(self._last[header.sale_id])
        sale_id = asked.sale_id or header.sale_id
        told = {
            "MessageReference": {
                "MessageCategory": asked.category,
                "SaleID": sale_id,
                "ServiceID": asked.service_id,
                "POIID": header.poi_id,
            }
        }
        name = named(sale_id, asked.service_id)
        found = self._result(name)
        if found is None:
            if name in self._running:
                return {"Response": failure("InProgress", CHECKING), **told}
            return {"Response": failure("NotFound", "Never started: it is safe to send it again"), **told}
        category, result = found
        if result["Response"].get("ErrorCondition") == "InProgress":
            return {"Response": result["Response"], **told}
        again = {**messages.answering(header), "MessageCategory": category, "SaleID": sale_id}
        repeated = {
            "MessageHeader": {**again, "ServiceID": asked.service_id},
            "RepeatedResponseMessageBody": {f"{category}Response": result},
        }
        return {"Response": success(), **told, "RepeatedMessageResponse": repeated}

    def _result(self, name: str) -> tuple[str, Answer] | None:
        """Of 48 hours: an older one of the same name would say "paid" for a payment that never came here."""
        key = self._key(name)
        if (sale := self._desk.sale_of(key)) is not None:
            return "Payment", self._payment_of(sale)
        if (refund := self._desk.refund_of(key)) is not None:
            return "Reversal", reversal_of(*refund)
        return None

    async def _reverse(self, header: Header, body: messages.Reversal) -> Answer:
        _keep(self._last, header.sale_id, header.service_id)
        original = self._desk.sale(body.original.transaction.id)
        currency = original.amount.currency
        minor = None if body.amount is None else messages.money_of(body.amount, currency).minor
        key = self._key(named(header.sale_id, header.service_id))
        sale, refund = await self._desk.refund(original.id, minor, body.reason, key)
        refund = await self._desk.refunded(sale.id, refund.id, self._waits.refund_s)
        return reversal_of(self._desk.sale(sale.id), refund)


def _keep(kept: OrderedDict[str, V], name: str, value: V) -> None:
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > KEPT_MAX:
        kept.popitem(last=False)
