"""The tables beside the log: what is claimed, owed and how subjects stand. All of it comes from ``body["index"]``.

The rules are few enough to rebuild from: an event first settles, then owes; an id that is owed again replaces the
older debt; a claim is taken once for ever; a summary replaces its subject's row but keeps where it began; what is
settled once stays as it was settled first.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import apsw

from terminal.errors import Conflict
from terminal.journal.records import Row, decode, encode
from terminal.journal.schema import VIEW_TABLES
from terminal.payments.event import Body, Json
from terminal.payments.settled import SettledRow

ITEMS_MAX: Final = 256  # of one kind in one event
WORDS_MAX: Final = 16
WORD_MAX: Final = 64  # characters
_STANDING: Final = """INSERT INTO summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        kind = excluded.kind, final = excluded.final, words = excluded.words, body = excluded.body,
        counter = CASE excluded.counter WHEN '' THEN counter ELSE excluded.counter END,
        last_number = excluded.last_number, last_ms = excluded.last_ms"""


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


def project(cursor: apsw.Connection, number: int, row: Row, index: Index) -> None:
    """Apply one event; ``number`` is its number, the rest of ``row`` as it will be stored.

    Raises:
        Conflict("key_taken", kind=…, key=…, value=…): value is what the key was taken for. The caller rolls back.
    """
    for kind, key, value in index.claims:
        cursor.execute("INSERT INTO claim VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (kind, key, value, number))
        if not cursor.changes():
            taken = cursor.execute("SELECT value FROM claim WHERE kind = ? AND key = ?", (kind, key)).get
            raise Conflict("key_taken", kind=kind, key=key, value=taken)
    for name in index.settles:
        cursor.execute("DELETE FROM owed WHERE id = ?", (name,))
    for place, debt in enumerate(index.owes):
        cursor.execute(
            "INSERT OR REPLACE INTO owed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (debt.id, debt.kind, debt.counter, row.subject, number, place, row.wall_ms, debt.body),
        )
    if index.standing:
        _stand(cursor, number, row, index.standing)
    if index.settled:
        sql = "INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        cursor.executemany(sql, [(*each[:2], index.channel, *each[2:], number) for each in index.settled])


def _stand(cursor: apsw.Connection, number: int, row: Row, standing: Standing) -> None:
    subject, kind, words = row.subject, standing.kind, standing.words
    old = cursor.execute("SELECT kind, words FROM summary WHERE subject = ?", (subject,)).get
    if old != (kind, words):  # nearly always they are the same
        before = {(old[0], word) for word in old[1].split()} if old else set()
        now = {(kind, word) for word in words.split()}
        for gone in sorted(before - now):
            cursor.execute("DELETE FROM word WHERE kind = ? AND word = ? AND subject = ?", (*gone, subject))
        for new in sorted(now - before):
            cursor.execute("INSERT INTO word VALUES (?, ?, ?)", (*new, subject))
    final, ms = int(standing.final), row.wall_ms
    cursor.execute(_STANDING, (subject, kind, row.counter, final, number, number, ms, ms, words, standing.body))


def project_all(source: apsw.Connection, target: apsw.Connection) -> Iterator[int]:
    """Fill empty view tables of ``target`` from the log of ``source``; yields each number done."""
    for values in source.execute("SELECT * FROM event ORDER BY number"):
        row = Row(*values)
        if index := parse(decode(row.body), row.counter):
            project(target, row.number, row, index)
        yield row.number


def empty(connection: apsw.Connection) -> None:
    for table in VIEW_TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
