"""The tables beside the log: what is claimed, owed and how subjects stand. All of it comes from ``body["index"]``.

The rules are few enough to rebuild from: an event first settles, then owes; an id that is owed again replaces the
older debt; a claim is taken once for ever; a summary replaces its subject's row but keeps where it began; what is
settled once stays as it was settled first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import apsw

from terminal.errors import Conflict
from terminal.journal.records import Row, decode, encode
from terminal.journal.schema import VIEW_TABLES
from terminal.journal.statements import in_rows
from terminal.payments.event import Body, Json
from terminal.payments.settled import SettledRow

ITEMS_MAX: Final = 256  # of one kind in one event
WORDS_MAX: Final = 16
WORD_MAX: Final = 64  # characters
GATHERED: Final = 16  # events between two writes of a rebuilding
OWED_KNOWN: Final = 4096  # debts: of more it is not remembered which there are
STOOD_KNOWN: Final = 1024  # subjects
_STANDS: Final = """ ON CONFLICT DO UPDATE SET
        final = excluded.final, words = excluded.words, body = excluded.body,
        last_number = excluded.last_number, last_ms = excluded.last_ms"""
_MOVES: Final = f"""{_STANDS}, kind = excluded.kind,
        counter = CASE excluded.counter WHEN '' THEN counter ELSE excluded.counter END"""


class Debt(NamedTuple):
    id: str
    kind: str
    counter: str
    body: str


class Standing(NamedTuple):
    kind: str
    final: bool
    words: str  # " one two ": each word between blanks, so that a search finds beginnings
    body: str


class Index(NamedTuple):
    """The checked ``index`` of one event."""

    settles: tuple[str, ...] = ()
    owes: tuple[Debt, ...] = ()
    claims: tuple[tuple[str, str, str], ...] = ()
    standing: Standing | None = None
    channel: str = ""  # whose bill settles
    settled: tuple[SettledRow, ...] = ()


NOTHING: Final = Index()
Claim = tuple[str, str, str, int]
"""Kind, key, value and the number of the event that claims it."""


def parse(body: Body, counter: str) -> Index | None:
    """Read an event's index; a wrong shape is a bug of the caller, found before anything is written."""
    index = body.get("index")
    if index is None:
        return None
    assert isinstance(index, Mapping), index
    assert index.keys() <= {"owes", "settles", "claims", "summary", "settled"}, sorted(index)
    if not index:
        return NOTHING  # of most events: they only tell
    owes, settles, claims = index.get("owes", ()), index.get("settles", ()), index.get("claims", ())
    channel, rows = index.get("settled", ("", ()))
    assert max(len(owes), len(settles), len(claims), len(rows)) <= ITEMS_MAX, "too much in one event"
    assert isinstance(channel, str), channel
    assert not settles or all(isinstance(each, str) for each in settles), settles
    assert not claims or all(len(each) == 3 and all(isinstance(x, str) for x in each) for each in claims), claims
    summary = index.get("summary")
    return Index(
        tuple(settles),
        tuple([_debt(each, counter) for each in owes]),
        tuple([(kind, key, value) for kind, key, value in claims]),
        None if summary is None else _standing(summary),
        channel,
        tuple([SettledRow.of(each) for each in rows]),
    )


def _debt(effect: Json, counter: str) -> Debt:
    name, kind, where = effect["id"], effect["kind"], effect.get("counter", counter)
    assert all(isinstance(each, str) for each in (name, kind, where)), effect
    return Debt(name, kind, where, encode(effect).decode())


def _standing(summary: Json) -> Standing:
    kind, final, search = summary["kind"], summary["final"], summary.get("search", ())
    assert (type(kind), type(final)) == (str, bool), summary
    words = sorted({word for each in ([search] if isinstance(search, str) else search) for word in split(each)})
    assert len(words) <= WORDS_MAX, words
    return Standing(kind, final, f" {' '.join(words)} " if words else "", encode(summary).decode())


def split(text: str) -> list[str]:
    """Words as they are stored and looked for: lower case, at most WORD_MAX characters."""
    return [word[:WORD_MAX] for word in text.casefold().split()]


def claims_of(number: int, index: Index) -> list[Claim]:
    return [(*claim, number) for claim in index.claims]


class Views:
    """Applies indexes to the view tables: claims at once, the rest with ``write``, in few statements.

    Args:
        sole: nobody else writes these tables as long as this lives, so it remembers what stands in them. When
            somebody else did, or when a transaction was taken back after ``write``, another one is made.
    """

    def __init__(self, connection: apsw.Connection, *, sole: bool = False) -> None:
        self._connection, self._sole = connection, sole
        self._debts: dict[str, tuple[Json, ...] | None] = {}  # by id; None: settled
        self._standings: dict[str, tuple[Json, ...]] = {}  # by subject
        self._settled: list[tuple[Json, ...]] = []
        self._owed: set[str] | None = None  # every id in the table, unless they are more than OWED_KNOWN
        self._stood: dict[str, tuple[str, str, str]] = {}  # kind, words and counter of the subjects written last

    def claim(self, claims: Sequence[Claim]) -> None:
        """Take all of them or none.

        Raises:
            Conflict("key_taken", kind=…, key=…, value=…): the first one that was taken, and what for.
        """
        if not claims:
            return
        changes = self._connection.total_changes()
        in_rows(self._connection, "INSERT INTO claim VALUES", claims, " ON CONFLICT DO NOTHING")
        if self._connection.total_changes() - changes == len(claims):
            return
        conflict = self._taken(claims)
        mine = "DELETE FROM claim WHERE kind = ? AND key = ? AND number = ?"
        self._connection.executemany(mine, [(kind, key, number) for kind, key, _value, number in claims])
        raise conflict

    def _taken(self, claims: Sequence[Claim]) -> Conflict:
        """Of those that were just tried: a row of another number was there before or came earlier in here."""
        tried = set[tuple[str, str]]()
        for kind, key, _value, number in claims:
            sql = "SELECT value, number FROM claim WHERE kind = ? AND key = ?"
            value, taken_by = self._connection.execute(sql, (kind, key)).get
            if taken_by != number or (kind, key) in tried:
                return Conflict("key_taken", kind=kind, key=key, value=value)
            tried.add((kind, key))
        raise AssertionError(claims)

    def gather(self, number: int, row: Row, index: Index) -> None:
        """One event's, its claims being taken. Of ``row`` only its number is not yet what will be stored."""
        for name in index.settles:
            self._debts[name] = None
        for place, debt in enumerate(index.owes):
            whose = (debt.id, debt.kind, debt.counter, row.subject)
            self._debts[debt.id] = (*whose, number, place, row.wall_ms, debt.body)
        if index.standing:
            kind, final, words, body = index.standing
            counter, began, began_ms = row.counter, number, row.wall_ms
            if before := self._standings.get(row.subject):
                _subject, _kind, was_at, _final, began, _number, began_ms, *_rest = before
                counter = counter or was_at
            self._standings[row.subject] = (
                row.subject, kind, counter, int(final), began, number, began_ms, row.wall_ms, words, body,
            )  # fmt: skip
        self._settled += [(*each[:2], index.channel, *each[2:], number) for each in index.settled]

    def write(self) -> None:
        """What was gathered."""
        if self._debts:
            self._write_debts()
        if self._standings:
            moved = self._write_words()
            stands = [row for subject, row in self._standings.items() if subject not in moved]
            in_rows(self._connection, "INSERT INTO summary VALUES", stands, _STANDS)
            in_rows(self._connection, "INSERT INTO summary VALUES", list(moved.values()), _MOVES)
            self._standings.clear()
        if self._settled:
            in_rows(self._connection, "INSERT INTO settlement VALUES", self._settled, " ON CONFLICT DO NOTHING")
            self._settled.clear()

    def _write_debts(self) -> None:
        owed = [debt for debt in self._debts.values() if debt]
        gone = self._owed_before([name for name, debt in self._debts.items() if not debt])
        in_rows(self._connection, "DELETE FROM owed WHERE id IN (", [(name,) for name in gone], ")")
        in_rows(self._connection, "INSERT OR REPLACE INTO owed VALUES", owed)
        if self._owed is not None and len(self._owed) <= OWED_KNOWN:
            self._owed.difference_update(gone)
            self._owed.update(debt[0] for debt in owed)
        self._debts.clear()

    def _owed_before(self, names: list[str]) -> list[str]:
        """Those of them that are in the table, or all that may be."""
        if not names or not self._sole:
            return names
        if self._owed is None:
            found = self._connection.execute("SELECT id FROM owed LIMIT ?", (OWED_KNOWN + 1,))
            self._owed = {row[0] for row in found}
        return names if len(self._owed) > OWED_KNOWN else [name for name in names if name in self._owed]

    def _write_words(self) -> dict[str, tuple[Json, ...]]:
        """Nearly always they are what they were, and so are the kind and counter by which rows are listed.

        Returns:
            The rows of which these changed: named in an update, an index is written anew also when it is the same.
        """
        new, gone = list[tuple[str, str, str]](), list[tuple[str, str, str]]()
        stood, moved = self._stood_before(list(self._standings)), dict[str, tuple[Json, ...]]()
        for subject, row in self._standings.items():
            kind, counter, words = row[1], row[2], row[8]
            was_kind, was_words, was_at = stood.get(subject, (kind, "", counter))
            if (was_kind, was_words) != (kind, words):
                before = {(was_kind, word, subject) for word in was_words.split()}
                now = {(kind, word, subject) for word in words.split()}
                gone += sorted(before - now)
                new += sorted(now - before)
            if (was_kind, was_at) != (kind, counter or was_at):
                moved[subject] = row
            if self._sole:
                self._stood.pop(subject, None)
                self._stood[subject] = kind, words, counter or was_at
        in_rows(self._connection, "DELETE FROM word WHERE (kind, word, subject) IN (VALUES", gone, ")")
        in_rows(self._connection, "INSERT INTO word VALUES", new)
        while len(self._stood) > STOOD_KNOWN:
            del self._stood[next(iter(self._stood))]
        return moved

    def _stood_before(self, subjects: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """Kind, words and counter of those of them that have a row, perhaps of others."""
        unknown = [(subject,) for subject in subjects if subject not in self._stood]
        if not unknown:
            return self._stood
        sql = "SELECT subject, kind, words, counter FROM summary WHERE subject IN ("
        found = in_rows(self._connection, sql, unknown, ")")
        stood = {subject: (kind, words, counter) for subject, kind, words, counter in found}
        stood.update((subject, self._stood[subject]) for subject in subjects if subject in self._stood)
        return stood


def project_all(source: apsw.Connection, target: apsw.Connection) -> Iterator[int]:
    """Fill empty view tables of ``target`` from the log of ``source``; yields each number done."""
    views = Views(target)
    for values in source.execute("SELECT * FROM event ORDER BY number"):
        row = Row(*values)
        if index := parse(decode(row.body), row.counter):
            views.claim(claims_of(row.number, index))
            views.gather(row.number, row, index)
        if not row.number % GATHERED:
            views.write()
        yield row.number
    views.write()


def empty(connection: apsw.Connection) -> None:
    for table in VIEW_TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
