"""An old till on a line: it writes an amount, and reads what became of it where the line goes both ways.

The sale belongs to the till, not to the connection: a line that breaks ends nothing, and the next one begins with
what was not heard on the one before.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from terminal.errors import InvalidRequest, TerminalError
from terminal.help.registry import describe
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.pos.amount_lines import Lines, Rules, read_line, to_wire, told
from terminal.pos.desk import Desk, Outcome, Request, not_told, outcome

log = logging.getLogger(__name__)
STEP_S: Final = 0.2
DOUBT_S: Final = 3.0  # a doubt that is over sooner, as in most cancels, is not told
LOOK_S: Final = 1.0
UNTOLD_S: Final = 60.0  # a till that has not heard "paid" for so long has gone
REST_S: Final = 10.0  # the rest of a line that was begun
_ENDED: Final = (Outcome.PAID, Outcome.NOT_PAID)


class Pipe(Protocol):
    """Both may end with ConnectionError; ``read`` returns nothing at the end."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    def sound(self) -> None:
        """What came made sense: it is no noise."""
        ...


class AmountLine:
    def __init__(self, desk: Desk, rules: Rules, new_id: Callable[[], str], *, unpaid_s: float) -> None:
        self._desk, self._rules, self._new_id, self._unpaid_s = desk, rules, new_id, unpaid_s
        self._sale = ""  # the newest of this till
        self._begun_s = 0.0
        self._done = ""  # the one whose end was told on the line that waited for it
        self._said = ""  # of the newest sale, on this connection
        self._looked = False
        self._lived = ""  # what was not paid yet when it was looked at last, and when that was
        self._paid_s = 0.0
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()

    async def watch(self) -> None:
        """For ever: what nobody pays ends with proof, also while no till is there."""
        while True:
            await asyncio.sleep(LOOK_S)
            sale = self._newest()
            if sale is None:
                continue
            if outcome(sale) is Outcome.WAITING and self._waited_s() > self._unpaid_s:
                await self._cancel(sale, "till_unpaid")
            elif outcome(sale) is Outcome.PAID:
                await self._mind(sale)
            else:
                self._lived, self._paid_s = sale.id, asyncio.get_running_loop().time()

    async def _mind(self, sale: Sale) -> None:
        """A paid one: whether the till knows; also the one of before a restart, when a person was told."""
        if not self._rules.answers:
            return
        if self._said == self._told(sale):
            if not_told(sale):
                await self._desk.told(sale.id)
        elif self._lived == sale.id and asyncio.get_running_loop().time() - self._paid_s > UNTOLD_S:
            self._lived = ""
            await self._desk.untold(sale.id)

    def _waited_s(self) -> float:
        return asyncio.get_running_loop().time() - self._begun_s

    def _newest(self) -> Sale | None:
        """Also what this till began before a restart."""
        if not self._looked and self._desk.ready:
            self._looked = True
            found = self._desk.recent(20)
            if found:
                self._follow(found[0])
        return self._desk.sale(self._sale) if self._sale else None

    def _follow(self, sale: Sale) -> None:
        self._sale = sale.id
        self._begun_s = asyncio.get_running_loop().time()
        if not sale.ended or self._desk.unheard(sale):
            self._lived, self._paid_s = sale.id, self._begun_s

    async def serve(self, pipe: Pipe) -> None:
        """One connection, until it ends. One at a time."""
        telling = None
        try:
            await self._say_last(pipe)
            telling = asyncio.create_task(self._tell_news(pipe))
            await self._listen(pipe)
        except ConnectionError as gone:
            log.info("the line of counter %s ended: %s", self._desk.counter, gone)
        finally:
            if telling is not None:
                telling.cancel()
                await asyncio.wait({telling})

    async def _say_last(self, pipe: Pipe) -> None:
        """What the till could not hear before."""
        self._said = ""
        sale = self._newest()
        if sale is None:
            return
        if sale.id != self._done:
            await self._say(pipe, f"LAST {self._told(sale)}")
            self._heard(sale)
        self._said = self._told(sale)

    def _heard(self, sale: Sale) -> None:
        """It was said on a line that answers: a later start of ours knows it."""
        if self._rules.answers and outcome(sale) is Outcome.PAID:
            self._desk.heard(sale)
            if self._lived == sale.id:
                self._lived = ""

    def _told(self, sale: Sale) -> str:
        return told(sale, self._desk.check_code(sale))

    async def _listen(self, pipe: Pipe) -> None:
        lines = Lines()
        while True:
            try:
                async with asyncio.timeout(REST_S if lines.begun else None):
                    data = await pipe.read()
            except TimeoutError:
                lines.drop()
                await self._refuse(pipe, InvalidRequest("line_unreadable"))
                continue
            if not data:
                return
            for line in lines.feed(data):
                if line is None:
                    await self._refuse(pipe, InvalidRequest("line_unreadable"))
                else:
                    await self._take(pipe, line)

    async def _take(self, pipe: Pipe, line: str) -> None:
        try:
            wanted = read_line(line, self._rules)
            pipe.sound()
            async with self._turn:
                if isinstance(wanted, Money):
                    await self._charge(pipe, wanted)
                elif wanted == "cancel":
                    await self._end(pipe)
                else:
                    await self._state(pipe)
        except TerminalError as refused:
            await self._refuse(pipe, refused)

    async def _charge(self, pipe: Pipe, amount: Money) -> None:
        former = self._newest()
        if former is not None and outcome(former) not in _ENDED:
            same = former.amount == amount
            await self._say(pipe, self._told(former) if same else f"BUSY {self._told(former)}")
            return
        if former is not None and self._unheard(former) and former.amount == amount:
            # sent again by a till whose line broke, or meant once more: it must say which by sending it again
            self._done = former.id
            await self._say(pipe, f"REPEAT {self._told(former)}")
            self._heard(former)
            return
        try:
            sale = await self._desk.open_sale(Request(amount, f"line-{self._new_id()}"))
        except asyncio.CancelledError:
            self._looked = False  # the line ended while it was recorded: who looks next finds it
            raise
        self._follow(sale)
        self._said = self._told(sale)
        self._news.set()
        await self._say(pipe, self._said)

    def _unheard(self, former: Sale) -> bool:
        """Paid, and the line on which the till waited for it was gone by then."""
        return self._rules.answers and former.id != self._done and outcome(former) is Outcome.PAID

    async def _end(self, pipe: Pipe) -> None:
        sale = self._newest()
        if sale is None or outcome(sale) in _ENDED:
            await self._say(pipe, "READY")
        elif outcome(sale) is Outcome.CHECKING:
            await self._say(pipe, self._told(sale))
        else:
            await self._desk.cancel(sale.id, "till")  # its outcome is told as ever

    async def _state(self, pipe: Pipe) -> None:
        sale = self._newest()
        await self._say(pipe, f"LAST {self._told(sale)}" if sale is not None else "READY")
        if sale is not None and outcome(sale) in _ENDED:
            self._done = sale.id

    async def _cancel(self, sale: Sale, why: str) -> None:
        try:
            await self._desk.cancel(sale.id, why)
        except TerminalError as late:
            log.info("sale %s was not cancelled: %s", sale.id, late)

    async def _tell_news(self, pipe: Pipe) -> None:
        """Each change of the newest sale's word, once; then it rests until there is another sale."""
        doubted = 0
        try:
            while True:
                sale = self._newest()
                came = outcome(sale) if sale is not None else Outcome.NOT_PAID
                doubted = doubted + 1 if came is Outcome.CHECKING else 0
                young = doubted and doubted * STEP_S < DOUBT_S
                if sale is not None and self._told(sale) != self._said and not young:
                    await self._say_news(pipe, sale)
                if came in _ENDED:
                    self._news.clear()
                    await self._news.wait()
                await asyncio.sleep(STEP_S)
        except ConnectionError:
            return  # whoever listens on the same line hears it too

    async def _say_news(self, pipe: Pipe, sale: Sale) -> None:
        told_now = self._told(sale)
        await self._say(pipe, told_now)
        self._said = told_now
        self._heard(sale)
        if outcome(sale) in _ENDED:
            self._done = sale.id

    async def _refuse(self, pipe: Pipe, refused: TerminalError) -> None:
        described = describe(refused.slug, refused.facts)
        await self._say(pipe, f"REFUSED {described.code} {refused.slug}")

    async def _say(self, pipe: Pipe, line: str) -> None:
        if self._rules.answers:
            await pipe.write(to_wire(line))
