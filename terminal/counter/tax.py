"""Numbers of a tax device on slips: asked before the first printing, owed when it does not answer (row 68).

A slip never waits longer than the device's own limit: without an answer it is printed and says that the number is
owed. What is owed is asked for again until the device gives it; copies then carry it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from terminal.counter.book import Book
from terminal.counter.settings import CounterSettings
from terminal.counter.slips import Slips, receipt_id
from terminal.log_context import about
from terminal.on_demand import OnDemand
from terminal.payments.event import Actor, Owed
from terminal.payments.fact import Fact
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt
from terminal.payments.sale import Sale
from terminal.payments.slip import receipted
from terminal.payments.tax_mark import TaxMark

log = logging.getLogger(__name__)
KIND: Final = "tax"
PAUSES_S: Final = (15.0, 30.0, 60.0, 300.0)  # before what is owed is asked again; the last for all further times
_ACTOR: Final = Actor("system", "tax-device")


@dataclass(frozen=True, slots=True)
class TaxQuestion:
    """One receipt to be registered. Asked again with the same ``receipt`` it is the same one.

    Args:
        of: of a refund, the receipt it takes back; empty for a sale.
        at_ms: when the money moved, wall time UTC; of a sale paid in parts when the last one did.
    """

    receipt: str
    kind: Literal["sale", "refund"]
    sale_no: int
    order_no: str
    counter: str
    amount: Money
    at_ms: int
    of: str
    test: bool


class TaxUnanswered(Exception):
    """No number now: ``why`` is ``no_answer``, ``refused`` or ``answer_wrong``."""

    def __init__(self, why: Literal["no_answer", "refused", "answer_wrong"]) -> None:
        super().__init__(why)
        self.why = why


class TaxDevice(Protocol):
    async def register(self, question: TaxQuestion) -> TaxMark:
        """Bounded by its own time limit. Raises TaxUnanswered."""
        ...


class TaxDesk:
    """One house's. ``device`` None: nobody is asked, and nothing of this exists. ``test``: no money moves."""

    def __init__(self, book: Book, slips: Slips, *, test: bool) -> None:
        self._book, self._slips, self._test = book, slips, test
        self.device: TaxDevice | None = None
        self._owed: OrderedDict[str, Owed] = OrderedDict()  # by effect, the one that was tried longest ago first
        self.work = OnDemand(self._catch_up)

    @property
    def asks(self) -> bool:
        return self.device is not None

    async def before_slip(self, owed: Owed) -> None:
        """Register a receipt before anything of it is on paper; never twice, and never later than its limit."""
        if self.device is None:
            return
        sale = self._book.sale(owed.subject)
        receipt = receipt_id(owed)
        question = self._question(sale, receipt)
        if question is None or sale.printings(receipt) or self.mark(sale, receipt) is not None:
            return
        try:
            found = await self.device.register(question)
        except TaxUnanswered as failed:
            log.warning("the tax device gives no number for a slip of counter %s: %s", sale.counter, failed.why)
            await self._owe(sale.id, receipt, failed.why)
        else:
            await self._registered(sale.id, receipt, found)

    def late(self, counter: CounterSettings, owed: Owed, lines: Receipt) -> Receipt:
        """A copy of a slip whose number was owed carries it, once it came."""
        sale = self._book.sale(owed.subject)
        return self._slips.late_tax(counter, sale, receipt_id(owed), lines)

    async def after_restart(self, owed: Owed) -> None:
        """A slip that was owed when the power went and may wait for a person: its number does not."""
        if self.device is None:
            return
        sale = self._book.sale(owed.subject)
        receipt = receipt_id(owed)
        if self._question(sale, receipt) and self.mark(sale, receipt) is None:
            await self._owe(sale.id, receipt, "no_answer")

    def owe(self, owed: Owed) -> None:
        self._owed[owed.id] = owed
        self.work.wake()

    def mark(self, sale: Sale, receipt: str) -> TaxMark | None:
        """What the journal knows of this receipt; None: nobody was asked."""
        found: TaxMark | None = None
        for event in self._book.feed.of_subject(sale.id):
            if event.body.get("receipt") != receipt:
                continue
            if event.type == "tax_registered":
                return TaxMark(event.body["number"], event.body["code"], tuple(event.body["lines"]))
            if event.type == "tax_owed":
                found = TaxMark("")
        return found

    def _question(self, sale: Sale, receipt: str) -> TaxQuestion | None:
        """In the same words whenever it is asked. None: no money moved, or money without a receipt went back."""
        given = self._given(sale)
        if receipt not in given:
            return None
        stands_on = covered(sale, given)
        back = next((each for each in sale.refunds if f"{each.id}:receipt" == receipt), None)
        if back is not None:
            of, amount = stands_on.get(back.attempt, ""), back.amount
        else:
            minor = sum(each.amount.minor for each in sale.attempts if stands_on.get(each.id) == receipt)
            of, amount = "", Money(minor, sale.amount.currency)
        if not amount.minor or (back is not None and not of):
            return None
        return TaxQuestion(
            receipt,
            "refund" if back else "sale",
            sale.no,
            sale.order_no,
            sale.counter,
            amount,
            given[receipt],
            of,
            self._test,
        )

    def _given(self, sale: Sale) -> dict[str, int]:
        """Every receipt this sale ever owed, and when the money moved, wall time."""
        found: dict[str, int] = {}
        for event in self._book.feed.of_subject(sale.id):
            for owed in event.body.get("index", {}).get("owes", ()):
                if owed["kind"] == "receipt" and not owed.get("again"):
                    found.setdefault(owed["id"], event.wall_ms)
        return found

    async def _owe(self, sale_id: str, receipt: str, why: str) -> None:
        owes = {"id": f"{receipt}:{KIND}", "kind": KIND, "receipt": receipt}
        body = {"receipt": receipt, "why": why, "at_ms": self._book.clock.wall_ms()}
        fact = Fact("tax_owed", body, owes=(owes,))
        await self._book.commit(sale_id, lambda _: (fact,), _ACTOR)

    async def _registered(self, sale_id: str, receipt: str, found: TaxMark, settles: tuple[str, ...] = ()) -> None:
        body: dict[str, Any] = {
            "receipt": receipt,
            "number": found.number,
            "code": found.code,
            "lines": list(found.lines),
            "late": bool(settles),
            "at_ms": self._book.clock.wall_ms(),
        }
        fact = Fact("tax_registered", body, settles=settles)
        await self._book.commit(sale_id, lambda _: (fact,), _ACTOR)

    async def _catch_up(self) -> None:
        """What is owed, one after the other, ever more slowly while the device gives nothing."""
        failures = 0
        while self._owed and self.device is not None:
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
            effect, owed = next(iter(self._owed.items()))
            with about(sale=owed.subject, counter=owed.counter):
                failures = 0 if await self._settled(owed) else failures + 1
            if failures:
                self._owed.move_to_end(effect)  # one that is refused holds up no other
            else:
                self._owed.pop(effect, None)

    async def _settled(self, owed: Owed) -> bool:
        sale, receipt = self._book.sale(owed.subject), receipt_id(owed)
        question = self._question(sale, receipt)
        assert question is not None, "only what moved money is ever owed"
        assert self.device is not None, "who catches up has looked"
        try:
            found = await self.device.register(question)
        except TaxUnanswered as failed:
            log.info("the tax device gives no number for a slip of counter %s: %s", sale.counter, failed.why)
            return False
        await self._registered(sale.id, receipt, found, (owed.id,))
        return True


def covered(sale: Sale, given: Collection[str]) -> dict[str, str]:
    """Attempt -> the receipt that its money stands on: its own, or of a part the one of what paid the rest.

    A part that came too much or too late is on no slip, and stands on none.
    """
    found: dict[str, str] = {}
    after, paying = "", {each.id for each in receipted(sale)}
    for each in reversed(sale.attempts):
        own = f"{each.id}:receipt"
        if own in given:
            after = found[each.id] = own
        elif each.asked_minor and after and each.id in paying:
            found[each.id] = after
    return found
