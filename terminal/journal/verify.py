"""Reading a whole journal back against its chain, its signed checkpoints and its own views.

The work is a generator, so that a command runs it at full speed and the service in small bites between sales.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

import apsw
from cryptography.exceptions import InvalidTag

from terminal.errors import JournalError
from terminal.journal.anchors import Anchors
from terminal.journal.checkpoints import Checkpoint, read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.projection import project_all
from terminal.journal.reader import Reader
from terminal.journal.records import BadRow, Chain, Row, commitment, decode
from terminal.journal.schema import VIEW_TABLES, VIEWS, altered
from terminal.payments.anchor import Anchor

_ORDER: Final = {
    **{"claim": "kind, key", "owed": "id", "summary": "subject", "word": "kind, word, subject"},
    "settlement": "subject",
}


@dataclass(frozen=True, slots=True)
class Report:
    """``reason`` is empty when all is well; ``first_bad`` is an event's number, 0 where no event is meant.

    Reasons: schema, gap, position, key, hash, checkpoint, rolled_back, anchor, personal, view, pages, unreadable;
    of an export also redacted.
    """

    events: int
    reason: str = ""
    first_bad: int = 0
    detail: str = ""

    @property
    def sound(self) -> bool:
        return not self.reason


class Examination:
    """One pass over one journal. ``steps`` yields after each row; ``report`` says how it ended."""

    def __init__(
        self,
        connection: apsw.Connection,
        keys: JournalKeys,
        checkpoints: Sequence[Checkpoint],
        *,
        views: bool,
        anchors: Sequence[Anchor] = (),
    ) -> None:
        self._connection, self._chain, self._views = connection, Chain(keys), views
        self._anchors = Anchors(anchors)
        self._checkpoints = deque(one_history(checkpoints))
        self.report = Report(0)

    @property
    def chain(self) -> Chain:
        """As far as it was followed."""
        return self._chain

    def steps(self) -> Iterator[None]:
        """One read transaction from begin to end: what is appended meanwhile is the next pass's."""
        try:
            with self._connection:
                if name := altered(self._connection):
                    raise BadRow(0, "schema", name)
                yield from self._log()
                yield from self._personal()
                if self._views:
                    yield from self._compare_views()
            self.report = Report(self._chain.number)
        except BadRow as bad:
            self.report = Report(self._chain.number, bad.reason, bad.number, bad.detail)
        except (apsw.Error, ValueError) as error:  # pages or text that cannot be read at all
            self.report = Report(self._chain.number, "unreadable", self._chain.number + 1, str(error))

    def pages(self) -> None:
        """SQLite's own check of the file, the whole one: the quick one does not compare indexes with tables.

        Long and in C: run it in a thread or before the rest.
        """
        try:
            found = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check(1)")]
        except apsw.Error as error:
            found = [str(error)]
        if found != ["ok"]:
            self.report = Report(0, "pages", 0, "; ".join(found))

    def _log(self) -> Iterator[None]:
        self._at_checkpoint()
        for values in self._connection.execute("SELECT * FROM event ORDER BY number"):
            row = Row(*values)
            self._chain.follow(row)
            self._at_checkpoint()
            self._anchors.see(self._chain, row)
            yield
        if self._checkpoints:
            raise BadRow(self._chain.number + 1, "rolled_back", f"signed up to {self._checkpoints[-1].number}")
        self._anchors.end(self._chain.number)

    def _at_checkpoint(self) -> None:
        while self._checkpoints and self._checkpoints[0].number == self._chain.number:
            if not self._checkpoints.popleft().fits(self._chain):
                raise BadRow(self._chain.number, "checkpoint")

    def _personal(self) -> Iterator[None]:
        """Clear values may be erased, but one that is there must be the one that was committed to."""
        sql = """SELECT p.number, p.name, p.key_id, p.hidden, p.subject = e.subject, e.body
            FROM personal p LEFT JOIN event e USING (number) ORDER BY number, name"""
        for number, name, key_id, hidden, same_subject, body in self._connection.execute(sql):
            if not (same_subject and is_committed(self._chain.keys, number, name, key_id, hidden, body)):
                raise BadRow(number, "personal", name)
            yield

    def _compare_views(self) -> Iterator[None]:
        fresh = apsw.Connection("")  # a private file that SQLite deletes
        try:
            for statement in VIEWS:
                fresh.execute(statement)
            fresh.execute("PRAGMA journal_mode = OFF")
            for _number in project_all(self._connection, fresh):
                yield
            for table in VIEW_TABLES:
                sql = f"SELECT * FROM {table} ORDER BY {_ORDER[table]}"  # noqa: S608  # our own names
                for here, there in zip_longest(self._connection.execute(sql), fresh.execute(sql)):
                    if here != there:
                        raise BadRow(0, "view", f"{table}: {(there or here)[0]}")
                    yield
        finally:
            fresh.close()


def is_committed(keys: JournalKeys, number: int, name: str, key_id: str, hidden: bytes, body: str) -> bool:
    """Whether a clear value is the one its event was committed to."""
    try:
        clear = keys.show(key_id, f"{number}:{name}", hidden)
        wanted: object = decode(body)["personal"][name]
        return wanted == commitment(clear[:32], name, clear[32:].decode())
    except (InvalidTag, KeyError, TypeError, AssertionError):
        return False


def one_history(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Drop those of a history that ended when a person accepted an older copy."""
    kept: list[Checkpoint] = []
    for checkpoint in checkpoints:
        if checkpoint.kind == "restored":
            kept = [each for each in kept if each.number <= checkpoint.number]
        kept.append(checkpoint)
    return kept


def examine(
    connection: apsw.Connection,
    keys: JournalKeys,
    checkpoints: Sequence[Checkpoint],
    *,
    views: bool = True,
    anchors: Sequence[Anchor] = (),
) -> Report:
    """Everything at once, at full speed."""
    examination = Examination(connection, keys, checkpoints, views=views, anchors=anchors)
    examination.pages()
    if examination.report.sound:
        for _step in examination.steps():
            pass
    return examination.report


def verify(
    path: Path,
    keys: JournalKeys,
    *,
    checkpoints: Path | None = None,
    views: bool = True,
    anchors: Sequence[Anchor] = (),
) -> Report:
    """Check a journal on disk, also beside the service that writes it; ``anchors``: from its Z on paper.

    Raises:
        JournalError: as ``Reader.at``, or ``checkpoints_damaged``.
    """
    lines = read_checkpoints(checkpoints or side(path, ".checkpoints"), keys.signer.public_key())
    if not path.exists():
        raise JournalError("journal_missing", path=str(path))
    reader = Reader.at(path)
    try:
        return examine(reader.connection, keys, lines, views=views, anchors=anchors)
    finally:
        reader.close()
