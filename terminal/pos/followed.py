"""Sales whose end a till has not heard of: who does not pay ends with proof, paid ones come before a person."""

import asyncio
from typing import Final

from terminal.errors import Conflict
from terminal.payments.sale import Sale
from terminal.pos.desk import Desk, Outcome, Request, not_told, outcome

LOOK_S: Final = 2.0
UNTOLD_S: Final = 30.0  # paid, and the till has not come for it
FOLLOWED_MAX: Final = 64
ASKED_S: Final = 30.0  # for a sale to be recorded whose till did not wait for that


class Followed:
    """``sale_s``: how long a customer may take, in seconds, also when no till waits for them."""

    def __init__(self, desk: Desk, sale_s: float) -> None:
        self._desk, self._sale_s = desk, sale_s
        self._since_s: dict[str, float] = {}  # begun, or found paid
        self._paid: set[str] = set()
        self._asked_s: dict[str, float] = {}  # keys of sales that may come to be, since when
        self._news = asyncio.Event()

    async def open(self, request: Request) -> Sale:
        """``Desk.open_sale``; what is recorded is followed, also when whoever asks is gone before that."""
        try:
            sale = await self._desk.open_sale(request)
        except asyncio.CancelledError:
            if len(self._asked_s) < FOLLOWED_MAX:
                self._asked_s[request.key] = asyncio.get_running_loop().time()
            self._news.set()
            raise
        self.follow(sale.id)
        return sale

    def follow(self, sale_id: str) -> None:
        """The till asked for it and has heard no end."""
        self._forget(sale_id)
        self._since_s[sale_id] = asyncio.get_running_loop().time()
        self._news.set()
        if len(self._since_s) > FOLLOWED_MAX:
            self._forget(next(iter(self._since_s)))

    async def heard(self, sale_id: str) -> None:
        """The till has its end."""
        self._forget(sale_id)
        sale = self._desk.sale(sale_id)
        self._desk.heard(sale)
        if not_told(sale):
            await self._desk.told(sale_id)

    def _forget(self, sale_id: str) -> None:
        self._since_s.pop(sale_id, None)
        self._paid.discard(sale_id)

    async def give_up(self, sale_id: str, why: str) -> Sale:
        """Closed with proof; the answer may be paid, or still checking."""
        try:
            return await self._desk.cancel(sale_id, why)
        except Conflict:  # it ended meanwhile
            return self._desk.sale(sale_id)

    async def watch(self) -> None:
        """For ever, from when the service is ready: also over what a restart found under way, or not heard."""
        for sale in reversed(self._desk.recent(FOLLOWED_MAX)):
            if not sale.ended or self._desk.unheard(sale):
                self.follow(sale.id)
        while True:
            while not (self._since_s or self._asked_s):  # an idle counter costs nothing
                self._news.clear()
                await self._news.wait()
            await asyncio.sleep(LOOK_S)
            self._find()
            for sale_id in [*self._since_s]:
                await self._mind(self._desk.sale(sale_id))

    def _find(self) -> None:
        """What was opened after all for a till that had gone."""
        now_s = asyncio.get_running_loop().time()
        for key, since_s in [*self._asked_s.items()]:
            if (sale := self._desk.sale_of(key)) is not None:
                del self._asked_s[key]
                if sale.id not in self._since_s:
                    self.follow(sale.id)
            elif now_s - since_s > ASKED_S:
                del self._asked_s[key]

    async def _mind(self, sale: Sale) -> None:
        now_s = asyncio.get_running_loop().time()
        waited_s = now_s - self._since_s.get(sale.id, now_s)
        match outcome(sale):
            case Outcome.WAITING if waited_s > self._sale_s + LOOK_S:
                await self.give_up(sale.id, "till_waited")
            case Outcome.PAID if sale.id not in self._paid:
                self._paid.add(sale.id)
                self._since_s[sale.id] = now_s
            case Outcome.PAID if waited_s > UNTOLD_S:
                self._forget(sale.id)
                if not not_told(sale):
                    await self._desk.untold(sale.id)
            case Outcome.NOT_PAID:
                self._forget(sale.id)
