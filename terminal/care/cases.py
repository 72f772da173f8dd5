"""A complaint: a number for the customer, how it stands, until when somebody answers, and which sale it is about.

A case moves no money. What it proves is the sale's own story, which the journal has anyway.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from terminal.counter.ports import Clock, Ids, Journal
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Event, NewEvent, Summary

Reason = Literal["double", "amount", "not_received", "refund", "goods", "other"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
OPENED: Final = "case_opened"
MOVED: Final = "case_moved"
HOUR_MS: Final = 3_600_000
PAGE_MAX: Final = 100
OPEN_MAX: Final = 200  # newest cases looked through for one that is the same
NUMBER_TRIES: Final = 8  # machines of one shop that take a number at the same moment


class CaseState(StrEnum):
    OPEN = "open"
    WAITING = "waiting_for_bank"
    ANSWERED = "answered"
    CLOSED = "closed"


MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.OPEN: frozenset({CaseState.WAITING, CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.WAITING: frozenset({CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.ANSWERED: frozenset({CaseState.WAITING, CaseState.CLOSED}),  # the customer or the bank said more
    CaseState.CLOSED: frozenset({CaseState.OPEN}),  # the customer came back
}


@dataclass(frozen=True, slots=True)
class Move:
    """``by``: ``kind:id``; ``note``: what that person wrote."""

    state: CaseState
    at_ms: int
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """``number``: of the journal, for paging; ``no``: what people say; times are UTC milliseconds."""

    id: str
    number: int
    no: int
    sale: str
    counter: str
    reason: str
    due_ms: int
    moves: tuple[Move, ...]

    @property
    def state(self) -> CaseState:
        return self.moves[-1].state

    @property
    def opened_ms(self) -> int:
        return self.moves[0].at_ms

    def late(self, now_ms: int) -> bool:
        """Nobody has answered by the time that was promised."""
        return self.state in {CaseState.OPEN, CaseState.WAITING} and now_ms > self.due_ms


def fold(events: Iterable[Event]) -> Case | None:
    """The case that these events of one subject tell; None without its beginning."""
    case: Case | None = None
    for event in events:
        body, at_ms, by = event.body, event.wall_ms, event.actor
        if event.type == OPENED:
            first = Move(CaseState.OPEN, at_ms, by, body["note"])
            case = Case(
                event.subject.partition(":")[2],
                event.number,
                body["no"],
                body["sale"],
                body["counter"],
                body["reason"],
                body["due_ms"],
                (first,),
            )
        elif event.type == MOVED and case is not None:
            move = Move(CaseState(body["to"]), at_ms, by, body["note"])
            case = replace(case, due_ms=body["due_ms"], moves=(*case.moves, move))
    return case


class CaseDesk:
    """``answer_h``: so many hours after it was opened, or opened again, a case is due."""

    def __init__(self, store: str, *, journal: Journal, clock: Clock, ids: Ids, answer_h: int = 48) -> None:
        self._stream, self._journal = f"store:{store}", journal
        self._clock, self._ids, self.answer_h = clock, ids, answer_h
        self._turn = asyncio.Lock()

    async def open(self, sale: str, counter: str, reason: Reason, actor: Actor, *, note: str = "") -> Case:
        """A new case, durable on return; one that is open about this sale for this reason stays the only one."""
        async with self._turn:
            for case in self.cases(limit=OPEN_MAX):
                if (case.sale, case.reason) == (sale, reason) and case.state is not CaseState.CLOSED:
                    return case
            for _ in range(NUMBER_TRIES):
                try:
                    return await self._append_open(sale, counter, reason, actor, note)
                except Conflict as taken:
                    if taken.slug != "key_taken":
                        raise
            raise Conflict("case_moved_on")

    async def _append_open(self, sale: str, counter: str, reason: Reason, actor: Actor, note: str) -> Case:
        case_id = self._ids.ulid()
        newest = next(iter(self._journal.list("case", limit=1)), None)
        no = 1 + (newest.body["no"] if newest is not None else 0)
        due_ms = self._clock.wall_ms() + self.answer_h * HOUR_MS
        row = {"kind": "case", "final": True, "no": no, "state": "open", "due_ms": due_ms}
        claims = [["case_no", str(no), case_id]]
        body: dict[str, Any] = {
            "no": no,
            "sale": sale,
            "counter": counter,
            "reason": reason,
            "note": note,
            "due_ms": due_ms,
            "index": {"summary": row, "claims": claims},
        }
        await self._journal.append([NewEvent(self._stream, "case_opened", f"case:{case_id}", actor, body)])
        return self.case(case_id)

    def case(self, name: str) -> Case:
        """By its id or its number. Raises NotFound("case_unknown")."""
        case_id = name
        if name.isascii() and name.isdecimal() and len(name) <= 9:
            case_id = self._journal.claimed("case_no", str(int(name))) or ""
        case = fold(self._journal.of_subject(f"case:{case_id}")) if case_id else None
        if case is None:
            raise NotFound("case_unknown", case=name)
        return case

    def cases(self, *, before: int | None = None, limit: int = PAGE_MAX) -> list[Case]:
        """Newest first; ``before`` is the ``number`` of the last one seen."""
        rows = self._journal.list("case", before=before, limit=limit)
        return [self.case(row.subject.partition(":")[2]) for row in rows]

    def late(self) -> list[tuple[int, int]]:
        """(number, due time) of the newest cases that nobody has answered in time, the longest due first.

        Told by the rows alone: every till asks for it again and again.
        """
        now_ms, waits = self._clock.wall_ms(), {CaseState.OPEN.value, CaseState.WAITING.value}
        rows = [row for row in self._journal.list("case", limit=PAGE_MAX) if row.body["state"] in waits]
        found = [(row.body["no"], self._due_ms(row)) for row in rows]
        return sorted([each for each in found if each[1] < now_ms], key=lambda each: each[1])

    def _due_ms(self, row: Summary) -> int:
        """A row of the first programs that had cases does not say it; the case itself always did."""
        due_ms: int | None = row.body.get("due_ms")
        return self.case(row.subject.partition(":")[2]).due_ms if due_ms is None else due_ms

    async def move(self, name: str, to: CaseState, actor: Actor, *, note: str = "") -> Case:
        """Durable on return; to where it stands already changes nothing.

        Raises:
            NotFound("case_unknown"); Conflict("case_move_wrong"): not from where it stands.
        """
        async with self._turn:
            case = self.case(name)
            if case.state is to:
                return case
            if to not in MOVES[case.state]:
                raise Conflict("case_move_wrong", case=f"{case.no:04}", state=case.state.value, to=to.value)
            again = to is CaseState.OPEN
            due_ms = self._clock.wall_ms() + self.answer_h * HOUR_MS if again else case.due_ms
            row = {"kind": "case", "final": True, "no": case.no, "state": to.value, "due_ms": due_ms}
            body: dict[str, Any] = {
                "from": case.state.value,
                "to": to.value,
                "note": note,
                "due_ms": due_ms,
                "index": {"summary": row},
            }
            await self._journal.append([NewEvent(self._stream, "case_moved", f"case:{case.id}", actor, body)])
            return self.case(case.id)
