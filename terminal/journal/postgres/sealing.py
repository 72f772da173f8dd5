"""What a group of appends becomes before it is sent: numbers, hashes, claims, and refusals that need no asking."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from terminal.counter.ports import Ticket
from terminal.errors import Conflict, Unavailable
from terminal.journal.committer import Unit
from terminal.journal.postgres.hold import Hold
from terminal.journal.postgres.log import Batch, Claim, Personal
from terminal.journal.postgres.view import View
from terminal.journal.projection import Index
from terminal.journal.records import Chain, Head, Row, event_of
from terminal.payments.event import Event

FOREIGN: Final = 10_000  # rows of other instances remembered to see who decided without knowing of them

Outcome = tuple[Event, ...] | Exception


@dataclass(frozen=True, slots=True)
class Asked:
    """An append, with the last number its caller could know of when it decided."""

    unit: Unit
    seen: int

    @property
    def future(self) -> asyncio.Future[tuple[Event, ...]]:
        return self.unit.future


@dataclass(frozen=True, slots=True)
class Sealed:
    """A group's rows in their chains, how each append ended, and the way back."""

    batch: Batch
    indexes: tuple[Index | None, ...]
    outcomes: tuple[Outcome, ...]
    digest: bytes
    heads: dict[str, Head | None]  # of the streams that moved, as they were


class Sealer:
    """Beside the writer, on its chain and its view."""

    def __init__(self, chain: Chain, view: View, hold: Hold) -> None:
        self.chain, self._view, self._hold = chain, view, hold
        self._foreign: deque[tuple[int, str, str]] = deque(maxlen=FOREIGN)

    def saw(self, rows: Iterable[Row]) -> None:
        """Another instance's rows."""
        self._foreign.extend((row.number, row.stream, row.subject) for row in rows)

    def seal(self, asked: Sequence[Asked]) -> Sealed:
        """Give every append that may stand its numbers and hashes; the others their refusals."""
        chain = self.chain
        start, digest, heads = chain.number, chain.digest, dict[str, Head | None]()
        rows: list[Row] = []
        indexes: list[Index | None] = []
        claims: dict[tuple[str, str], Claim] = {}
        personal: list[Personal] = []
        outcomes: list[Outcome] = []
        gone: dict[Ticket, Exception] = {}  # refused in this very group, perhaps not when it is tried again
        for each in asked:
            if refused := self._refused(each, claims, gone):
                outcomes.append(refused)
                gone[each.unit.ticket] = refused
                continue
            mine: list[Row] = []
            for draft in each.unit.drafts:
                stream = draft.row.stream
                if stream not in heads:
                    head = chain.heads.get(stream)
                    heads[stream] = Head(head.position, head.hash) if head else None
                row = chain.seal(draft.row)
                mine.append(row)
                indexes.append(draft.index)
                for kind, key, value in draft.index.claims if draft.index else ():
                    claims[kind, key] = (kind, key, value, row.number)
                for clear in draft.clear:
                    hidden = chain.keys.hide(
                        clear.nonce, f"{row.number}:{clear.name}", clear.salt + clear.value.encode()
                    )
                    personal.append((row.number, clear.name, row.subject, *hidden))
            rows += mine
            outcomes.append(tuple(map(event_of, mine)))
        batch = Batch(start, tuple(rows), tuple(claims.values()), tuple(personal))
        return Sealed(batch, tuple(indexes), tuple(outcomes), digest, heads)

    def _refused(
        self, asked: Asked, claims: dict[tuple[str, str], Claim], gone: dict[Ticket, Exception]
    ) -> Exception | None:
        """The view holds every claim up to the number this group will follow, so it can tell."""
        behind = asked.unit.ticket.behind
        if behind is not None and (why := behind.refused or gone.get(behind)):
            return why
        streams = {draft.row.stream for draft in asked.unit.drafts}
        for stream in streams:
            kind, _, name = stream.partition(":")
            if kind == "counter" and stream not in self._hold.streams:
                return Unavailable("counter_elsewhere", counter=name)
        if self._behind(asked):
            return Unavailable("journal_behind")
        mine: dict[tuple[str, str], str] = {}
        for draft in asked.unit.drafts:
            for kind, key, value in draft.index.claims if draft.index else ():
                taken = mine.get((kind, key))
                if taken is None and (earlier := claims.get((kind, key))):
                    taken = earlier[2]
                if taken is None:
                    taken = self._view.taken(kind, key)
                if taken is not None:
                    return Conflict("key_taken", kind=kind, key=key, value=taken)
                mine[kind, key] = value
        return None

    def _behind(self, asked: Asked) -> bool:
        """Another instance wrote about the same thing after the caller had looked."""
        if not self._foreign or self._foreign[-1][0] <= asked.seen:
            return False
        if len(self._foreign) == FOREIGN and self._foreign[0][0] > asked.seen:
            return True  # too long ago to tell
        about = {(draft.row.stream, draft.row.subject) for draft in asked.unit.drafts}
        return any(number > asked.seen and (stream, subject) in about for number, stream, subject in self._foreign)

    def rewind(self, sealed: Sealed) -> None:
        """As if it had never been sealed."""
        self.chain.number, self.chain.digest = sealed.batch.number, sealed.digest
        for stream, head in sealed.heads.items():
            if head is None:
                del self.chain.heads[stream]
            else:
                self.chain.heads[stream] = head
