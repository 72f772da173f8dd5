"""A customer shows a screen: the bank is asked, and says yes or no (row 119, S13).

Nothing here makes a sale paid: what the bank answers is heard like any other evidence. A payment that was counted
before this question is never a fresh yes, however new its picture looks.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from terminal.errors import InvalidRequest, TerminalError
from terminal.payments.event import Actor, NewEvent
from terminal.payments.money import Money
from terminal.payments.notice import NotThere, Told, Trade
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Sale, SaleState
from terminal.payments.scan import bare

if TYPE_CHECKING:
    from terminal.counter.service import Service

ASK_S: Final = 3.0
PAGE_S: Final = 5  # a page that was closed asks no more
BACK_MS: Final = 48 * 3_600_000  # a screen of an older day is told as such by its whole number
ROWS: Final = 600  # newest sales looked through
PAGE: Final = 100
ASKED_MAX: Final = 5
LEAST: Final = 4
_PROOF: Final = re.compile(r"[0-9A-Z]{4,64}")
_TAKEN: Final = frozenset({Trade.PAID, Trade.RETURNED})

Verdict = Literal["yes", "late", "used", "returned", "no", "unknown"]
_FIRST: Final[tuple[Verdict, ...]] = ("yes", "late", "used", "unknown", "returned", "no")


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer for the cashier.

    Args:
        verdict: ``yes`` only where this very question proved it for a sale of this counter; ``late``: money of a
            sale that had ended; ``used``: counted before, for the sale told; ``unknown``: the bank did not answer.
        paid_ms: UTC, 0 where it is not paid.
    """

    verdict: Verdict
    sale: str = ""
    no: int = 0
    counter: str = ""
    amount: Money | None = None
    paid_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    sale: str
    attempt: str
    was_paid: bool  # before the question


class Proofs:
    def __init__(self, service: "Service") -> None:
        self._service = service
        self.last: dict[str, tuple[int, Proof]] = {}  # by counter: how many so far, and the newest
        self._waits_ns: dict[str, int] = {}

    def waits(self, counter: str) -> None:
        """A page that shows proofs is open at this counter: for a moment its scanner reads for that page."""
        self._waits_ns[counter] = self._service.parts.clock.mono_ns()

    def looked_for(self, counter: str) -> bool:
        since_ns = self._waits_ns.get(counter)
        return since_ns is not None and self._service.parts.clock.mono_ns() - since_ns <= PAGE_S * 1_000_000_000

    async def check(self, counter: str, scan: str, *, actor: Actor) -> Proof:
        """Find what the customer's number may be, ask the bank at once, answer within ASK_S.

        Args:
            scan: the last four or more characters of the order or transaction number, or all of it.

        Raises:
            InvalidRequest("proof_unreadable"), NotFound("counter_unknown").
        """
        self._service.lane(counter)
        number = re.sub(r"[\s-]", "", bare(scan)).upper()
        if not _PROOF.fullmatch(number):
            raise InvalidRequest("proof_unreadable")
        named, doubtful = await self._candidates(counter, number)
        asked = named or doubtful
        silent = await self._ask(asked)
        answers = [self._judge(counter, each, number, silent=each.attempt in silent) for each in asked]
        told = [each for each in answers if each is not None]
        best = min(told, key=lambda each: _FIRST.index(each.verdict), default=Proof("no"))
        await self._note(counter, number, best, actor)
        self.last[counter] = (self.last[counter][0] + 1 if counter in self.last else 1, best)
        return best

    async def _candidates(self, counter: str, number: str) -> tuple[list[_Candidate], list[_Candidate]]:
        """Attempts with this number; and those whose number at the bank nobody has told yet."""
        named: list[_Candidate] = []
        doubtful: list[tuple[bool, bool, _Candidate]] = []
        whole = self._service.feed.claimed("order", number)
        oldest_ms = self._service.parts.clock.wall_ms() - BACK_MS
        async for sale in self._newest(oldest_ms):
            for attempt in sale.attempts:
                found = _Candidate(sale.id, attempt.id, attempt.captured)
                if attempt.id.endswith(number) or (attempt.provider_txn or "").upper().endswith(number):
                    named.append(found)
                elif not attempt.captured:
                    doubtful.append((not attempt.live, sale.counter != counter, found))
        if whole and all(each.attempt != number for each in named):
            sale = self._service.book.sale(whole)
            named.insert(0, _Candidate(whole, number, sale.attempt(number).captured))
        # what is under way first, this counter's before others', then the newest: cancelled sales crowd out none
        doubtful.sort(key=lambda each: each[:2])
        return named[:ASKED_MAX], [each for _, _, each in doubtful[:ASKED_MAX]]

    async def _newest(self, oldest_ms: int) -> AsyncIterator[Sale]:
        before: int | None = None
        for _ in range(ROWS // PAGE):
            rows = self._service.feed.list("sale", before=before, limit=PAGE)
            for row in rows:
                if row.first_ms < oldest_ms:
                    return
                yield self._service.book.sale(row.subject)
            if len(rows) < PAGE:
                return
            before = rows[-1].first_number
            await asyncio.sleep(0)

    async def _ask(self, asked: list[_Candidate]) -> set[str]:
        """Asks about all at once; returns the order numbers of which the bank said nothing in time."""
        tasks = {asyncio.create_task(self._one(each)): each for each in asked}
        if not tasks:
            return set()
        try:
            done, late = await asyncio.wait(tasks, timeout=ASK_S)
        finally:  # also when nobody waits for the answer any more
            for task in tasks:
                task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        silent = {tasks[each].attempt for each in late}
        return silent | {tasks[each].attempt for each in done if not each.result()}

    async def _one(self, candidate: _Candidate) -> bool:
        """Whether the bank said what became of it."""
        service = self._service
        attempt = service.book.sale(candidate.sale).attempt(candidate.attempt)
        channel = service.channel(attempt.provider)
        if channel is None:
            return False
        try:
            answer = await service.notices.ask(channel, candidate.sale, candidate.attempt)
        except TerminalError:
            return False
        if isinstance(answer, NotThere):  # of an order that is still under way that is no answer yet
            return not service.book.sale(candidate.sale).attempt(candidate.attempt).live
        return isinstance(answer, Told) and (answer.notice.trade not in _TAKEN or self._heard(candidate))

    def _heard(self, candidate: _Candidate) -> bool:
        """What says "paid" and is not ours in a field proves nothing: a person looks at it."""
        return self._service.book.sale(candidate.sale).attempt(candidate.attempt).captured

    def _judge(self, counter: str, candidate: _Candidate, number: str, *, silent: bool) -> Proof | None:
        sale = self._service.book.sale(candidate.sale)
        attempt = sale.attempt(candidate.attempt)
        is_it = attempt.id.endswith(number) or (attempt.provider_txn or "").upper().endswith(number)
        if not is_it and not silent:
            return None  # another customer's
        if attempt.captured and is_it:
            return _told(_paid_verdict(sale, attempt, counter, candidate), sale, attempt)
        if silent:
            return Proof("unknown") if not is_it else _told("unknown", sale, attempt)
        return _told("no", sale, attempt)

    async def _note(self, counter: str, number: str, proof: Proof, actor: Actor) -> None:
        body = {
            "asked": number[-LEAST:],
            "verdict": proof.verdict,
            "sale": proof.sale,
            "at_ms": self._service.parts.clock.wall_ms(),
        }
        await self._service.feed.append([NewEvent(f"counter:{counter}", "proof_checked", counter, actor, body)])


def _paid_verdict(sale: Sale, attempt: Attempt, counter: str, candidate: _Candidate) -> Verdict:
    back = sum(x.amount.minor for x in sale.refunds if x.attempt == attempt.id and x.state is RefundState.REFUNDED)
    if back >= attempt.amount.minor:
        return "returned"
    if not attempt.pays:
        return "late"
    fresh = not candidate.was_paid and sale.state is SaleState.PAID and sale.counter == counter
    return "yes" if fresh else "used"


def _told(verdict: Verdict, sale: Sale, attempt: Attempt) -> Proof:
    paid_ms = sale.ended_ms if attempt.pays else 0
    return Proof(verdict, sale.id, sale.no, sale.counter, attempt.amount, paid_ms)
