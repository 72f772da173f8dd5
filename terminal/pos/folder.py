"""A till that writes one file for what it wants and reads one with what became of it.

The file's name is the till's key: the same name again is the same sale. A request is moved into ``work`` before
anything happens and leaves it once its last result is out, so that a crash at any moment neither loses nor
doubles it: what is found in ``work`` is asked about again under its key.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from terminal.errors import Conflict, InvalidRequest, JournalError, NotFound, TerminalError
from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe
from terminal.payments.refund import REFUND_ENDED, RefundState
from terminal.payments.sale import Refund, Sale
from terminal.pos.desk import Desk, Outcome, Request, outcome
from terminal.pos.folder_request import NAME, Wanted, read_request, write_result
from terminal.pos.folder_shelf import IN, WORK, WORK_MAX, FolderUnusable, Shelf

log = logging.getLogger(__name__)
DOUBT_TOLD_S: Final = 10.0  # a doubt is told by a first result after this long; the last one replaces it
T = TypeVar("T")
_WORD: Final = {
    Outcome.WAITING: "state.waiting",
    Outcome.CHECKING: "state.checking",
    Outcome.PAID: "state.paid",
    Outcome.NOT_PAID: "state.nothing_charged",
}


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a request up to now; ``last`` when nothing more will."""

    result: dict[str, str]
    last: bool


@dataclass(slots=True)
class _Job:
    """A request in work, since when on the loop's clock, and what was told of it already."""

    wanted: Wanted
    since_s: float
    told: str = ""


class FolderDoor:
    """``beside``: runs what blocks beside the loop."""

    def __init__(self, desk: Desk, shelf: Shelf, language: str, *, look_s: float, unpaid_s: float) -> None:
        self._desk, self._shelf, self._words = desk, shelf, Catalogue.load(language)
        self._look_s, self._unpaid_s = look_s, unpaid_s
        self._jobs: dict[str, _Job] = {}
        self._trouble = ""

    async def run(self) -> None:
        """For ever."""
        self._jobs.clear()
        opened = False
        while True:
            try:
                if not opened:
                    await self._beside(self._shelf.open)
                    opened = True
                await self.look()
                self._trouble = ""
            except (FolderUnusable, OSError) as error:
                self._tell_trouble(str(error))
            await asyncio.sleep(self._look_s)

    def _tell_trouble(self, why: str) -> None:
        if why != self._trouble:
            log.error("the folder of counter %s cannot be used: %s", self._desk.counter, why)
        self._trouble = why

    async def look(self) -> None:
        """One round: new requests first, then what is under way. Raises FolderUnusable, OSError."""
        for name in await self._beside(self._shelf.still):
            if len(self._jobs) >= WORK_MAX or await self._beside(self._shelf.full):
                break  # the rest waits where it is
            await self._take(name)
        trouble: OSError | None = None
        at_work = await self._beside(self._shelf.at_work)  # also what an earlier life took
        for name in dict.fromkeys([*at_work, *self._jobs]):  # a file that somebody removed does not end its sale
            try:
                if name not in self._jobs:
                    await self._begin(name)
                if name in self._jobs:
                    await self._go_on(name)
            except OSError as error:  # one result that cannot be written holds up no other
                trouble = trouble or error
        if trouble:
            raise trouble

    async def _beside(self, act: Callable[[], T]) -> T:
        return await asyncio.to_thread(act)

    async def _take(self, name: str) -> None:
        try:
            if await self._beside(partial(self._shelf.take, name)):
                self._jobs.pop(name, None)  # of a file that was removed: this one may say something else
        except FileNotFoundError:
            return  # the till took it back
        except InvalidRequest as refused:
            await self._refuse(IN, name, refused)

    async def _begin(self, name: str) -> None:
        try:
            data = await self._beside(partial(self._shelf.read, name))
            wanted = read_request(name, data, self._desk.currency)
        except InvalidRequest as refused:
            await self._refuse(WORK, name, refused)
            return
        key = NAME.sub(r"\1", name)
        if self._desk.sale_of(key) is None and self._desk.refund_of(key) is None:
            await self._beside(partial(self._shelf.withdraw, name))  # of an earlier try that was refused
        self._jobs[name] = _Job(wanted, asyncio.get_running_loop().time())

    async def _refuse(self, where: str, name: str, refused: TerminalError) -> None:
        """A result of an earlier request of this name stands: it is what became of the sale."""
        told = self._refusal(refused)
        await self._beside(partial(self._shelf.refuse, where, name, f"{told['message']}\n{told['do']}\n"))
        if (
            NAME.fullmatch(name)
            and name not in self._jobs
            and not await self._beside(partial(self._shelf.answered, name))
        ):
            await self._beside(partial(self._shelf.answer, name, write_result(name, told)))

    async def _go_on(self, name: str) -> None:
        job = self._jobs[name]
        acts: dict[str, Callable[[str, _Job], Awaitable[Came]]] = {
            "sale": self._sell,
            "cancel": self._cancel,
            "refund": self._refund,
            "status": self._status,
        }
        try:
            came = await acts[job.wanted.action](NAME.sub(r"\1", name), job)
        except JournalError:
            raise  # nobody knows whether it was recorded: it stays in work, the next start asks under its key
        except TerminalError as refused:
            del self._jobs[name]
            await self._refuse(WORK, name, refused)
            return
        old_enough = asyncio.get_running_loop().time() - job.since_s >= DOUBT_TOLD_S
        told = came.result["outcome"]
        if came.last or (told not in (job.told, Outcome.WAITING) and old_enough):
            await self._beside(partial(self._shelf.answer, name, write_result(name, came.result)))
            job.told = told
        if came.last:
            await self._beside(partial(self._shelf.done, name))
            del self._jobs[name]

    async def _sell(self, key: str, job: _Job) -> Came:
        wanted = job.wanted
        assert wanted.amount is not None, "read so"
        order = wanted.order or key
        request = Request(wanted.amount, key, reference=order, title=wanted.title, lines=wanted.lines)
        sale = await self._desk.open_sale(request)
        if outcome(sale) is Outcome.WAITING and self._waited_s(job) > self._unpaid_s:
            sale = await self._give_up(sale, "till_unpaid")
        return self._of_sale(sale)

    def _waited_s(self, job: _Job) -> float:
        return asyncio.get_running_loop().time() - job.since_s

    def _opened(self, key: str) -> Sale:
        sale = self._desk.sale_of(key)
        if sale is None:
            raise NotFound("sale_unknown", sale=key)
        return sale

    async def _cancel(self, _key: str, job: _Job) -> Came:
        sale = self._opened(job.wanted.sale)
        if outcome(sale) is Outcome.WAITING:
            sale = await self._give_up(sale, "till")
        return self._of_sale(sale)

    async def _give_up(self, sale: Sale, why: str) -> Sale:
        """Closed with proof; the answer may be paid, or still checking. Too late is no refusal."""
        try:
            return await self._desk.cancel(sale.id, why)
        except Conflict:  # it ended meanwhile
            return self._desk.sale(sale.id)

    async def _status(self, _key: str, job: _Job) -> Came:
        return Came(self._of_sale(self._opened(job.wanted.sale)).result, last=True)

    async def _refund(self, key: str, job: _Job) -> Came:
        wanted = job.wanted
        minor = wanted.amount.minor if wanted.amount else None
        sale = self._opened(wanted.sale)
        return self._of_refund(*await self._desk.refund(sale.id, minor, wanted.reason or "till", key))

    def _of_sale(self, sale: Sale) -> Came:
        came = outcome(sale)
        result = {
            "outcome": came.value,
            "amount": sale.amount.plain(),
            "currency": sale.amount.currency,
            "number": str(sale.no),
            "id": sale.id,
            "order": sale.reference,
            "check": self._desk.check_code(sale),
            "message": self._words.text(_WORD[came]),
            "do": self._words.text(f"door.{came.value}"),
        }
        return Came(result, last=came in (Outcome.PAID, Outcome.NOT_PAID))

    def _of_refund(self, sale: Sale, refund: Refund) -> Came:
        told = {RefundState.REFUNDED: "refunded", RefundState.FAILED: "not_refunded"}
        word = told.get(refund.state, "refund_pending")
        result = {
            "outcome": word,
            "amount": refund.amount.plain(),
            "currency": refund.amount.currency,
            "number": str(sale.no),
            "id": sale.id,
            "refund": refund.id,
            "message": self._words.text(f"door.{word}"),
            "do": self._words.text(f"door.{word}_do"),
        }
        return Came(result, last=refund.state in REFUND_ENDED)

    def _refusal(self, refused: TerminalError) -> dict[str, str]:
        told = describe(refused.slug, refused.facts, self._words.language)
        return {
            "outcome": "refused",
            "code": told.code,
            "slug": refused.slug,
            "message": told.sentence,
            "do": told.fix,
        }
