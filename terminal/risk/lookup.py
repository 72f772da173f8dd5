"""The code on a receipt, typed or scanned at any till: whose payment it is, or that it is none of ours (row 67).

Codes come from the sale's id by a key (S65), so nothing is stored for them: the newest sales are indexed once, in
memory, and every look-up adds what came since.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from terminal.counter.scans import sale_of_slip, slip_of
from terminal.errors import InvalidRequest
from terminal.payments.money import Money
from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale
from terminal.payments.slip import is_check_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.counter.service import Service

INDEXED: Final = 20_000  # newest sales
PAGE: Final = 200
OF_ONE_CODE: Final = 16  # sales that share one by chance
SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Payment:
    """``paid_ms``: UTC, 0 where it is not paid; ``refunded``: none, part or all of ``amount``."""

    sale: str
    no: int
    counter: str
    amount: Money
    paid_ms: int
    word: str
    refunded: Money
    today: bool


class CodeIndex:
    def __init__(
        self,
        service: "Service",
        day: "Callable[[int], str]",
        *,
        code_of: "Callable[[str], str] | None" = None,
        indexed: int = INDEXED,
    ) -> None:
        """``day``: as ``ShopFacts.day``; ``code_of``: a sale's id -> its code."""
        self._service, self._day, self._indexed = service, day, indexed
        self._code_of = code_of or service.code_of
        self._sales: OrderedDict[str, None] = OrderedDict()  # oldest first
        self._codes: dict[str, deque[str]] = {}
        self._newest = 0
        self._turn = asyncio.Lock()

    async def find(self, text: str) -> list[Payment]:
        """Payments with this code, those of today first; of an older day only where today has none.

        Args:
            text: four characters as people type them, or a receipt's scanned code.

        Raises:
            InvalidRequest("lookup_code_wrong"), NotFound("receipt_unknown"): a scanned one of no sale here.
        """
        if slip_of(text):
            return [self._payment(sale_of_slip(self._service.book, text))]
        code = text.strip().upper()
        if not is_check_code(code):
            raise InvalidRequest("lookup_code_wrong")
        await self._catch_up()
        book = self._service.book
        sales = [book.sale(sale) for sale in reversed(self._codes.get(code, ()))]
        found = [self._payment(sale) for sale in sales if sale.paid_minor]
        return ([each for each in found if each.today] or found)[:SHOWN]

    async def _catch_up(self) -> None:
        """Newest first until what is known, then put in from the oldest on."""
        async with self._turn:
            fresh: list[tuple[int, str]] = []
            before: int | None = None
            while len(fresh) < self._indexed:
                rows = self._service.feed.list("sale", before=before, limit=PAGE)
                new = [(row.first_number, row.subject) for row in rows if row.first_number > self._newest]
                fresh += new
                if len(new) < PAGE:
                    break
                before = new[-1][0]
                await asyncio.sleep(0)  # sales go on meanwhile
            for count, (number, sale) in enumerate(reversed(fresh), 1):
                self._newest = max(self._newest, number)
                self._put(sale)
                if count % PAGE == 0:
                    await asyncio.sleep(0)

    def _put(self, sale: str) -> None:
        code = self._code_of(sale)
        self._codes.setdefault(code, deque(maxlen=OF_ONE_CODE)).append(sale)
        self._sales[sale] = None
        if len(self._sales) > self._indexed:
            oldest, _ = self._sales.popitem(last=False)
            self._forget(oldest)

    def _forget(self, sale: str) -> None:
        code = self._code_of(sale)
        left = self._codes.get(code)
        if left and left[0] == sale:
            left.popleft()
        if not left:
            self._codes.pop(code, None)

    def _payment(self, sale: Sale) -> Payment:
        back = sum(each.amount.minor for each in sale.refunds if each.state is RefundState.REFUNDED)
        paid_ms = sale.ended_ms if sale.paid_minor else 0
        today = self._day(paid_ms or sale.opened_ms) == self._day(self._service.parts.clock.wall_ms())
        refunded = Money(back, sale.amount.currency)
        return Payment(sale.id, sale.no, sale.counter, sale.amount, paid_ms, sale.word, refunded, today)
