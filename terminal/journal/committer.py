"""Turns waiting appends into one transaction. Runs wherever the writing connection lives, thread or loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apsw

from terminal.counter.ports import Clock, Entropy, Release, Ticket
from terminal.errors import Conflict, InvalidRequest
from terminal.journal.failure import Fatal, diagnose
from terminal.journal.keys import JournalKeys
from terminal.journal.projection import Index, Views, claims_of, parse
from terminal.journal.records import (
    BODY_MAX,
    Chain,
    Identity,
    Row,
    check,
    commitment,
    counter_of,
    encode,
    event_of,
)
from terminal.journal.statements import in_rows
from terminal.payments.event import Event, NewEvent

log = logging.getLogger(__name__)

Fault = Callable[[str], None]
"""Called at named points of the money path. Raises OSError to play a failing disk; anything else plays a crash."""

EVENTS_MAX: Final = 256  # in one append


class Clear(NamedTuple):
    """A personal value on its way into the erasable table."""

    name: str
    salt: bytes
    nonce: bytes
    value: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An event with all that can be known before its turn; number, position and hash are still empty."""

    row: Row
    index: Index | None
    clear: tuple[Clear, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One append: all of it or nothing."""

    drafts: tuple[Draft, ...]
    future: asyncio.Future[tuple[Event, ...]]
    ticket: Ticket

    @property
    def refused(self) -> Exception | None:
        """Why it must not be tried: what it was decided on never happened."""
        return None if self.ticket.behind is None else self.ticket.behind.refused

    def begins(self) -> None:
        """It is not refused by now: the disk is about to begin, or has ended. Only the first call counts."""
        meanwhile, self.ticket.meanwhile = self.ticket.meanwhile, ()
        _call(meanwhile)

    def ended(self, error: Exception | None) -> None:
        """For who is behind it, and for what waits until it is durable. Whoever is before it is let go."""
        self.ticket.refused, self.ticket.behind = error, None
        if error is None:
            _call(self.ticket.durable)


def _call(releases: Sequence[Release]) -> None:
    for each in releases:
        try:
            each()
        except Exception:
            log.exception("what waited for an append failed")  # a device's: no business of the journal's


Outcome = tuple[Event, ...] | Exception


class Locked(Exception):
    """Another program holds the write lock: nothing was begun, the handle is sound."""


class Drafter:
    """Canonical form, commitments and times of new events: everything that needs no database."""

    def __init__(self, identity: Identity, keys: JournalKeys, clock: Clock, entropy: Entropy) -> None:
        self._identity, self._keys, self._clock, self._entropy = identity, keys, clock, entropy

    def draft(self, event: NewEvent) -> Draft:
        """Raises InvalidRequest("event_too_large"); every other wrong shape is a bug and asserts."""
        check(event)
        clear = tuple(
            Clear(name, self._entropy.bytes(32), self._entropy.bytes(12), value)
            for name, value in event.personal.items()
        )
        body = event.body
        if clear:
            body = {**body, "personal": {x.name: commitment(x.salt, x.name, x.value) for x in clear}}
        text = encode(body).decode()
        if len(text) > BODY_MAX:
            raise InvalidRequest("event_too_large", type=event.type, limit=BODY_MAX)
        who, counter = self._identity, counter_of(event.stream)
        row = Row(
            0, event.stream, 0, event.type, event.version, str(who.ledger), who.merchant, who.store, counter,
            event.subject, str(event.actor), self._clock.wall_ms(), self._clock.mono_ns(), text,
            self._keys.chain_id, b"",
        )  # fmt: skip
        f"{event.subject}{event.actor}".encode()  # what has no UTF-8 fails here, alone, not in a group with others
        return Draft(row, parse(event.body, counter), clear)


class Committer:
    """The writing connection and the chain's end. Not usable after Fatal."""

    def __init__(self, connection: apsw.Connection, chain: Chain, fault: Fault) -> None:
        self.connection, self.chain = connection, chain
        self._views = Views(connection, sole=True)
        self._fault = fault
        self.commits = 0
        self._found_pages = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]  # a killed process left

    @property
    def pages(self) -> int:
        """Written to the write-ahead log since it was tidied last. A hook would tell, and wait for a busy loop."""
        return self._found_pages + self.connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0]

    def commit(self, units: Sequence[Unit]) -> list[Outcome]:
        """Everything in one transaction; a claim that is taken fails its own unit, and who is behind that.

        Raises:
            Locked: nothing was begun.
            Fatal: nothing may be told but that it is unknown, and nothing may be tried again.
        """
        self._begin()
        try:
            rows: list[Row] = []
            taken: list[list[Row] | Exception] = []
            for unit in units:
                taken.append(self._take(unit))
                if isinstance(taken[-1], Exception):
                    unit.ticket.refused = taken[-1]  # who is behind it may be in the same group
                else:
                    rows += taken[-1]
            if not rows:
                self.connection.execute("ROLLBACK")  # all were refused: nothing stays
                return [each for each in taken if isinstance(each, Exception)]
            self._views.write()
            in_rows(self.connection, "INSERT INTO event VALUES", rows)
        except (apsw.Error, OSError) as error:
            raise self._fatal(error, "journal_broken") from error
        stand = [unit for unit, each in zip(units, taken, strict=True) if not isinstance(each, Exception)]
        if len(units) == 1:
            stand[0].begins()
        self.finish()
        for unit, each in zip(units, taken, strict=True):
            unit.ended(each if isinstance(each, Exception) else None)
        for unit in stand:
            unit.begins()  # of many: nobody's device is asked while others wait for the disk
        return [each if isinstance(each, Exception) else tuple(map(event_of, each)) for each in taken]

    def run(self, job: Callable[[apsw.Connection], None]) -> None:
        """A transaction of upkeep: erasure, rebuilding. Raises as ``commit``."""
        self._begin()
        self._views = Views(self.connection, sole=True)  # the job may write them too
        try:
            job(self.connection)
        except (apsw.Error, OSError) as error:
            raise self._fatal(error, "journal_broken") from error
        self.finish()

    def finish(self) -> None:
        """COMMIT. One that raised may yet be on the disk: the next process reads there what is true."""
        try:
            self._fault("before_commit")
            self.connection.execute("COMMIT")
            self.commits += 1
            self._fault("after_commit")
        except (apsw.Error, OSError) as error:
            raise self._fatal(error, "commit_unknown") from error

    def tidy(self, mode: int = apsw.SQLITE_CHECKPOINT_PASSIVE) -> None:
        """Move the write-ahead log into the database. Raises Fatal."""
        try:
            self._fault("before_wal_checkpoint")
            self.connection.wal_checkpoint(mode=mode)
            self._fault("after_wal_checkpoint")
        except apsw.BusyError:
            pass  # a reader is in the way; the log waits, nothing is lost
        except (apsw.Error, OSError) as error:
            raise self._fatal(error, "journal_broken") from error
        self._found_pages = 0
        self.connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE, True)

    def _begin(self) -> None:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise Locked from error
        except apsw.Error as error:
            raise self._fatal(error, "journal_broken") from error

    def _take(self, unit: Unit) -> list[Row] | Exception:
        """Claims first: only they can refuse, and until they agreed neither the chain nor a view moves."""
        if unit.refused:
            return unit.refused
        first = self.chain.number + 1
        indexes = [(number, each.row, each.index) for number, each in enumerate(unit.drafts, first) if each.index]
        try:
            self._views.claim([claim for number, _row, index in indexes for claim in claims_of(number, index)])
        except Conflict as conflict:
            return conflict
        for number, row, index in indexes:
            self._views.gather(number, row, index)
        return [self._seal(draft) for draft in unit.drafts]

    def _seal(self, draft: Draft) -> Row:
        row = self.chain.seal(draft.row)
        for each in draft.clear:
            key_id, hidden = self.chain.keys.hide(
                each.nonce, f"{row.number}:{each.name}", each.salt + each.value.encode()
            )
            self.connection.execute(
                "INSERT INTO personal VALUES (?, ?, ?, ?, ?)",
                (row.number, each.name, row.subject, key_id, hidden),
            )
        return row

    def _fatal(self, error: apsw.Error | OSError, otherwise: str) -> Fatal:
        return diagnose(error, self.connection.system_errno, otherwise)
