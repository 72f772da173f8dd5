"""One connection of a till that takes us for its payment terminal: its commands, each answered as ZVT says.

The till asks, we answer 80 00 00, then it listens: status information and completion, or an abort, each of which
it acknowledges. What is still being checked at the bank is aborted with 9C, "please wait", and with no other code.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from terminal.errors import NotAllowed, TerminalError
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.pos import zvt_answers as answers
from terminal.pos.desk import Outcome, outcome
from terminal.pos.zvt_answers import Code, Told
from terminal.pos.zvt_codec import Apdu, Misread
from terminal.pos.zvt_links import Link, LinkClosed, LinkLost
from terminal.pos.zvt_till import Result, ZvtTill

log = logging.getLogger(__name__)
ACK_S: Final = 5.0  # within which the till acknowledges what it was told
SENDS: Final = 2  # of what it did not acknowledge
STEP_S: Final = 5.0  # between two intermediate statuses
QUEUE_MAX: Final = 16


class Session:
    """``run`` ends when the line does. A sale goes on without it."""

    def __init__(self, link: Link, till: ZvtTill) -> None:
        self._link, self._till = link, till
        self._came: asyncio.Queue[Apdu | LinkLost] = asyncio.Queue(QUEUE_MAX)
        self._abort_asked = False  # while another command was worked on
        self._commands: Mapping[int, Callable[[bytes], Awaitable[None]]] = {
            answers.REGISTRATION: self._register,
            answers.AUTHORISATION: self._authorise,
            answers.LOG_OFF: self._log_off,
            answers.TOTALS: self._totals,
            answers.END_OF_DAY: self._totals,
            answers.REPEAT: self._repeat,
            answers.REVERSAL: self._reverse,
            answers.REFUND: self._refund,
            answers.DIAGNOSIS: self._nothing_to_do,
            answers.INITIALISATION: self._nothing_to_do,
            answers.STATUS_ENQUIRY: self._enquiry,
            answers.ABORT: self._abort_nothing,
        }

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read())
            try:
                while True:
                    await self._take(await self._next())
            except LinkLost as lost:
                log.info("a till's line ended: %s", lost)
            finally:
                reading.cancel()
                await self._link.close()

    async def _read(self) -> None:
        try:
            while True:
                await self._came.put(await self._link.receive())
        except LinkLost as lost:
            await self._came.put(lost)

    async def _next(self) -> Apdu:
        apdu = await self._came.get()
        if isinstance(apdu, LinkLost):
            raise apdu
        return apdu

    async def _take(self, apdu: Apdu) -> None:
        command = self._commands.get(apdu.command)
        if command is None:
            if apdu.command != answers.RECEIVED and apdu.command >> 8 != answers.REFUSED_CLASS:
                await self._link.send(answers.refused(Code.NOT_POSSIBLE))
            return
        try:
            await command(apdu.data)
        except Misread as error:
            log.warning("command %04X of a till: %s", apdu.command, error)
            await self._link.send(answers.refused(Code.MISREAD))

    async def _received(self) -> None:
        await self._link.send(answers.received())

    async def _tell(self, apdu: Apdu) -> None:
        """Until the till acknowledges it; what it cannot do with it is its own affair."""
        for _ in range(SENDS):
            await self._link.send(apdu)
            if await self._acknowledged():
                return
        raise LinkLost("the till does not answer")

    async def _acknowledged(self) -> bool:
        try:
            async with asyncio.timeout(ACK_S):
                while True:
                    came = (await self._next()).command
                    if came == answers.RECEIVED or came >> 8 == answers.REFUSED_CLASS:
                        return True
                    await self._meanwhile(came)
        except TimeoutError:
            return False

    async def _meanwhile(self, command: int) -> None:
        """A command while another is being worked on."""
        if command == answers.ABORT:
            self._abort_asked = True
            await self._received()
        elif command != answers.RECEIVED and command >> 8 != answers.REFUSED_CLASS:
            await self._link.send(answers.refused(Code.AGAIN))

    # --- payment ------------------------------------------------------------------------------------------

    async def _authorise(self, data: bytes) -> None:
        wanted = answers.read_wanted(data)
        if not self._till.desk.ready:
            await self._link.send(answers.refused(Code.NOT_READY))
            return
        if self._till.busy_with_another(wanted):
            await self._link.send(answers.refused(Code.AGAIN))
            return
        await self._received()
        if wrong := answers.wrong_with(wanted, self._till.desk.currency):
            await self._tell(answers.aborted(wrong))
            return
        assert wanted.minor is not None, "no amount is too little"
        try:
            sale = await self._follow(await self._till.open(wanted.minor))
        except TerminalError as error:
            log.info("a till's payment was not begun: %s", error)
            await self._tell(answers.aborted(answers.code_of(error)))
            return
        await self._tell_result(self._till.result_of(sale))

    async def _follow(self, sale: Sale) -> Sale:
        """Until it is paid, not paid, or the till has waited long enough for the customer."""
        desk = self._till.desk
        self._abort_asked = False
        ended = asyncio.ensure_future(desk.ended(sale.id, self._till.waits.sale_s))
        try:
            while not ended.done():
                await self._wait_on(sale.id, ended)
        finally:
            ended.cancel()
        if outcome(desk.sale(sale.id)) is Outcome.WAITING:
            await self._till.followed.give_up(sale.id, "till_waited")
        return desk.sale(sale.id)

    async def _wait_on(self, sale_id: str, ended: "asyncio.Future[Sale]") -> None:
        came = await self._next_before(ended)
        if came is not None:
            await self._meanwhile(came.command)
        elif not ended.done() and self._till.config & answers.WANTS_INTERMEDIATE:
            await self._tell(answers.please_wait())
        if self._abort_asked:
            self._abort_asked = False
            await self._till.followed.give_up(sale_id, "till_aborted")

    async def _next_before(self, ended: "asyncio.Future[Sale]") -> Apdu | None:
        """The next command within a step of time and before the end. Raises LinkLost."""
        coming = asyncio.ensure_future(self._next())
        try:
            both: set[asyncio.Future[Any]] = {coming, ended}
            await asyncio.wait(both, timeout=STEP_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            coming.cancel()
        await asyncio.wait({coming})
        return None if coming.cancelled() else coming.result()

    async def _tell_result(self, result: Result) -> None:
        """Receipt lines only of what was paid, and only for a till that prints them."""
        told, sale = result.told, result.sale
        await self._tell(answers.status_information(told))
        if told.code is Code.OK and sale is not None and self._till.config & answers.PRINTS_PAYMENTS:
            await self._print(answers.receipt_lines(sale, told, self._till.desk.check_code(sale)))
        try:
            await self._tell(answers.completion() if told.code is Code.OK else answers.aborted(told.code))
        except LinkClosed:  # it heard enough to hang up, and may be a till that acknowledges no end
            await self._till.heard(result)
            raise
        await self._till.heard(result)

    async def _print(self, lines: list[str]) -> None:
        for line in answers.printed(lines):
            await self._tell(line)

    async def _repeat(self, data: bytes) -> None:
        _password(data)
        await self._guarded(self._last)

    async def _last(self) -> Result | Code:
        return self._till.last() or Code.NOT_POSSIBLE

    # --- money back ---------------------------------------------------------------------------------------

    async def _reverse(self, data: bytes) -> None:
        wanted = answers.read_wanted(data, password=True)
        await self._guarded(lambda: self._till.reverse(wanted))

    async def _refund(self, data: bytes) -> None:
        wanted = answers.read_wanted(data, password=True)
        if wrong := answers.wrong_with(wanted, self._till.desk.currency):
            await self._received()
            await self._tell(answers.aborted(wrong))
            return
        await self._guarded(lambda: self._till.refund(wanted))

    async def _guarded(self, work: Callable[[], Awaitable[Result | Code]]) -> None:
        await self._received()
        try:
            result = await work()
        except NotAllowed:  # above what a till may give back alone
            result = Code.NO_REVERSAL
        except TerminalError as error:
            log.info("a till's command was not done: %s", error)
            result = answers.code_of(error)
        if isinstance(result, Code):
            await self._tell(answers.aborted(result))
        else:
            await self._tell_result(result)

    # --- the terminal itself ------------------------------------------------------------------------------

    async def _register(self, data: bytes) -> None:
        desk = self._till.desk
        told = answers.read_registration(data, desk.currency)
        await self._received()
        if told.currency not in {"", desk.currency}:
            await self._tell(answers.aborted(Code.WRONG_CURRENCY))
            return
        self._till.config = told.config
        await self._tell(answers.registered(self._till.terminal_id, desk.currency))

    async def _log_off(self, _data: bytes) -> None:
        self._till.config = 0
        await self._received()

    async def _abort_nothing(self, _data: bytes) -> None:
        await self._received()

    async def _nothing_to_do(self, data: bytes) -> None:
        """Diagnosis and initialisation: no network of terminals is behind us."""
        _password(data)
        await self._received()
        await self._tell(answers.completion())

    async def _enquiry(self, data: bytes) -> None:
        _password(data)
        desk = self._till.desk
        await self._received()
        await self._tell(answers.state(not desk.ready or desk.live_sale() is not None))

    async def _totals(self, data: bytes) -> None:
        """Of the shop's day so far and of this till. No day of ours is closed by it."""
        _password(data)
        if not self._till.desk.ready:
            await self._link.send(answers.refused(Code.NOT_READY))
            return
        await self._received()
        found, blank = await self._till.takings(), self._till.nothing(Code.OK)
        told = Told(Code.OK, found.minor, blank.currency, 0, blank.at, blank.terminal_id)
        await self._tell(answers.status_information(told))
        if self._till.config & answers.PRINTS_ADMIN:
            plain = Money(found.minor, told.currency).plain()
            await self._print(answers.totals_lines(found, told.currency, plain))
        await self._tell(answers.completion())


def _password(data: bytes) -> None:
    """Looked at where there is one, not checked: who may come is known by the line. Raises Misread."""
    if data:
        answers.read_wanted(data[:3], password=True)
