"""One browser till behind the hardware proxy: its transactions, what it is told of them, and when it has gone."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from terminal.errors import Conflict, InvalidRequest, NotFound, TerminalError
from terminal.help.registry import describe
from terminal.payments.sale import Sale
from terminal.pos.desk import Desk, Outcome, Request, going_back, not_told, outcome
from terminal.pos.hw_proxy import DRIVER, Payment, transaction, try_key
from terminal.pos.hw_proxy_receipt import read_receipt

log = logging.getLogger(__name__)
KEPT_S: Final = 600.0  # a finished transaction is told this long
KEPT_MAX: Final = 32
TRIES_MAX: Final = 16
LOOK_S: Final = 1.0
SCAN_S: Final = 5.0  # one question for a product waits this long
UNTOLD_S: Final = 60.0  # a till that has not heard "paid" for so long has gone
ASKS_S: Final = 3.5  # a till that waits for a payment asks every second, an idle one every five


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: of a till that asks no more, and of a customer who does not pay."""

    silent_s: float = 30.0
    unpaid_s: float = 180.0


@dataclass(slots=True)
class _Known:
    """A transaction the till may ask about; ``ended_s`` on the loop's clock, once it is paid or not paid."""

    begun_s: float
    ended_s: float | None = None
    given_up: bool = False
    given: bool = False  # its end stands in the newest answer to a till that waits
    heard: bool = False  # the till has that answer
    untold: bool = False  # it is before a person that the till was not


def _now_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class HwProxy:
    """``new_id`` names a till's own slips, so that each is a job of its own.

    ``days``: when the shop's day began, UTC milliseconds, and the days before it, newest first. A till that counts
    its payments from 1 every morning means another one by the same number.
    """

    desk: Desk
    name: str
    language: str
    new_id: Callable[[], str]
    days: Callable[[], Sequence[int]]
    patience: Patience = field(default_factory=Patience)
    _known: dict[str, _Known] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_s: float = 0.0  # any question for the status
    _waits_s: float = 0.0  # the last one at the pace of a till that waits for a payment
    _said: str = ""  # why the last thing was refused, for the till's own page
    _found: bool = False

    async def start(self, payment: Payment) -> dict[str, Any]:
        """The transaction of this payment line: the one that runs, was paid, or a new one.

        Raises:
            TerminalError: it was not begun; nothing is charged by it.
        """
        if payment.terminal not in {"", self.name, self.desk.counter}:
            raise NotFound("counter_unknown", counter=payment.terminal)
        async with self._turn:
            sale, key = self._tries(payment)
            if sale is None:
                await self._free_counter()
                order = payment.order or payment.name
                sale = await self.desk.open_sale(Request(payment.amount, key, reference=order))
        self._follow(sale)
        self._waits_s = _now_s()
        self._said = ""
        return self._tells(sale.id, waits=True)

    def _tries(self, payment: Payment) -> tuple[Sale | None, str]:
        """The sale this line stands for now; or None and the key of its next try today."""
        today, *before = self.days()
        for day in before:
            for sale, key in self._tried(payment.name, day):
                if sale is not None and sale.amount == payment.amount and self._goes_on(sale):
                    return sale, key
        for sale, key in self._tried(payment.name, today):
            if sale is None:
                return None, key
            came = outcome(sale)
            if going_back(sale):
                continue  # its money is not here: what is asked for now is another payment
            if sale.amount == payment.amount and came is not Outcome.NOT_PAID:
                return sale, key
            if came is Outcome.PAID:
                raise InvalidRequest("idempotency_other_meaning")
        raise Conflict("door_tries", limit=TRIES_MAX)

    def _tried(self, name: str, day_ms: int) -> Iterator[tuple[Sale | None, str]]:
        """A day's tries of a line; the last one of fewer than may be has no sale yet."""
        for number in range(1, TRIES_MAX + 1):
            key = try_key(name, number, day_ms)
            sale = self.desk.sale_of(key)
            yield sale, key
            if sale is None:
                return

    def _goes_on(self, sale: Sale) -> bool:
        """Of a day before: nobody knows yet how it ended, or this till may not have heard that it was paid."""
        if not sale.ended:
            return True
        lately = outcome(sale) is Outcome.PAID and self.desk.ended_ago_ms(sale) <= KEPT_S * 1000
        return not going_back(sale) and (lately or self.desk.unheard(sale) or not_told(sale))

    async def _free_counter(self) -> None:
        """A till that begins anew has given its former payment up: that one ends with proof first."""
        live = self.desk.live_sale()
        if live is None or not self.desk.mine(live.id):
            return
        former = await self.desk.cancel(live.id, "till_began_anew")
        if outcome(former) is Outcome.PAID:
            raise Conflict("door_former_paid", no=former.no, amount=former.amount.plain())

    def refused(self, error: TerminalError) -> None:
        """Something was refused: the till's page shows why beside the proxy's state."""
        told = describe(error.slug, error.facts, self.language)
        self._said = f"{told.sentence} {told.fix} ({told.code})"
        log.info("door %s: %s", self.name, error)

    def status(self) -> dict[str, Any]:
        """Of all drivers: this one, with every transaction the till may still ask about."""
        now_s = _now_s()
        waits = now_s - self._asked_s <= ASKS_S
        self._waits_s = now_s if waits else self._waits_s
        self._asked_s = now_s
        told: dict[str, Any] = {"status": "connecting", "messages": [self._said] if self._said else []}
        told |= {"is_terminal": True, "transactions": {}}
        if self.desk.ready:
            self._find_again()
            self._forget(now_s)
            told["status"] = "connected"
            told["transactions"] = {each: self._tells(each, waits=waits) for each in self._known}
        return {DRIVER: told}

    def _tells(self, sale_id: str, *, waits: bool) -> dict[str, Any]:
        """Only a till that waits for a payment hears it: an idle one looks at the proxy alone."""
        sale = self.desk.sale(sale_id)
        self._known[sale_id].given = waits and sale.ended
        return self._told(sale)

    def heard(self, told: Iterable[dict[str, Any]]) -> None:
        """The till has these transactions: its line was there when they were written."""
        for each in told:
            known = self._known.get(each["transaction_id"])
            if known is not None and known.given and not known.heard and each["success"] is not None:
                known.heard = True
                self.desk.heard(self.desk.sale(each["transaction_id"]))

    def _told(self, sale: Sale) -> dict[str, Any]:
        return transaction(sale, self.desk.check_code(sale), self.language)

    def _follow(self, sale: Sale) -> None:
        known = self._known.pop(sale.id) if sale.id in self._known else _Known(_now_s())
        self._known[sale.id] = known  # the newest stands last
        for oldest in [*self._known][:-KEPT_MAX]:
            del self._known[oldest]

    def _find_again(self) -> None:
        """After a restart the till goes on asking about what it began before."""
        if self._found:
            return
        self._found = True
        self._waits_s = _now_s()
        for sale in reversed(self.desk.recent(KEPT_MAX)):
            known = _Known(_now_s(), untold=not_told(sale))
            known.heard = sale.ended and not known.untold and not self.desk.unheard(sale)
            self._known.setdefault(sale.id, known)

    def _forget(self, now_s: float) -> None:
        for sale_id, known in [*self._known.items()]:
            if known.ended_s is None and self.desk.sale(sale_id).ended:
                known.ended_s = now_s
            if not known.heard and known.ended_s is not None:
                continue  # it is told when the till comes back, however late
            if known.ended_s is not None and now_s - known.ended_s > KEPT_S:
                del self._known[sale_id]

    async def watch(self) -> None:
        """For ever: end with proof what the till waits for no more; keep what it was not told before a person."""
        self._find_again()
        while True:
            await asyncio.sleep(LOOK_S)
            for sale_id, known in [*self._known.items()]:
                sale = self.desk.sale(sale_id)
                if outcome(sale) is Outcome.PAID:
                    await self._mind(sale_id, known)
                elif outcome(sale) is Outcome.WAITING and not known.given_up and (why := self._why_end(known)):
                    known.given_up = True
                    await self._give_up(sale_id, why)

    async def _mind(self, sale_id: str, known: _Known) -> None:
        """A paid one: whether the till knows."""
        known.ended_s = known.ended_s if known.ended_s is not None else _now_s()
        if known.heard and known.untold:
            known.untold = False
            await self.desk.told(sale_id)
        elif not known.heard and not known.untold and _now_s() - known.ended_s > UNTOLD_S:
            known.untold = True
            await self.desk.untold(sale_id)

    def _why_end(self, known: _Known) -> str:
        if _now_s() - max(self._waits_s, known.begun_s) > self.patience.silent_s:
            return "till_silent"
        return "till_unpaid" if _now_s() - known.begun_s > self.patience.unpaid_s else ""

    async def _give_up(self, sale_id: str, why: str) -> None:
        try:
            await self.desk.cancel(sale_id, why)
        except TerminalError as late:  # it ended meanwhile, or the service does
            log.info("door %s: %s was not cancelled: %s", self.name, sale_id, late)

    async def print_receipt(self, xml: object) -> None:
        """Raises InvalidRequest("receipt_unreadable" | "receipt_picture"), and as ``Desk.print``."""
        if not isinstance(xml, str):
            raise InvalidRequest("field_wrong", field="receipt")
        await self.desk.print(f"till-slip:{self.new_id()}", read_receipt(xml))

    async def product(self) -> str | None:
        return await self.desk.product(SCAN_S)
