"""Years of payments in minutes: copies of one real sale, sealed into the real chain, under the real indexes.

What is copied is read back from the journal of a sale that the service made in this run, so every event, claim and
index entry of the product is in it. Only numbers, ids and times differ.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import apsw

from terminal.journal.checkpoints import EVERY, Checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.records import ZERO, Chain, Head, Row, canonical, decode
from terminal.journal.schema import connect
from terminal.journal.start import resume
from terminal.payments.event import Body

BATCH: Final = 1000  # payments in one transaction
BETWEEN_MS: Final = 30_000
_MARKS: Final = ("sale", "order", "txn", "key", "proof")
_NEW: Final = Head(0, ZERO)
_INSERT: Final = {"event": 16, "claim": 4, "summary": 10, "word": 3}
_TRIGGERS: Final = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
Form = tuple[Any, ...]


def sale_id(number: int) -> str:
    return f"00S{number:023d}"


def order_no(number: int) -> str:
    return f"00T{number:023d}"


def _new_ids(number: int) -> dict[str, str]:
    """In the order of time, as the product makes them."""
    return {
        "sale": sale_id(number),
        "order": order_no(number),
        "txn": f"4200{number:024d}",
        "key": f"grown-{number:016d}",
        "proof": f"{number:036d}",
    }


@dataclass(frozen=True, slots=True)
class Pattern:
    """A finished sale with marks where a copy has its own: ``%(sale)s``, ``%(order)s``, …"""

    events: tuple[Row, ...]
    views: Mapping[str, Sequence[Form]]  # the rows it left in claim, summary and word

    @classmethod
    def read(cls, journal: Path, sale: str, ids: Sequence[str] = ()) -> "Pattern":
        """``ids``: what is marked in it (``_MARKS``), where the sale's own evidence and claims do not tell."""
        connection = connect(journal, read_only=True)
        found = connection.execute("SELECT * FROM event WHERE subject = ? ORDER BY number", (sale,))
        rows = tuple(Row(*values) for values in found)
        places: dict[Any, int] = {
            row.number: place for place, row in enumerate(rows)
        }  # other sales ran between its events
        ends = (rows[0].number, rows[-1].number)
        found = connection.execute("SELECT * FROM claim WHERE number BETWEEN ? AND ?", ends)
        claims = [row for row in found if row[3] in places]
        summaries = connection.execute("SELECT * FROM summary WHERE subject = ?", (sale,)).fetchall()
        words = connection.execute("SELECT * FROM word WHERE subject = ?", (sale,)).fetchall()
        connection.close()
        ids = ids or _own_ids(sale, rows, claims)

        def marked(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(_marked(value, ids) if isinstance(value, str) else value for value in values)

        views = {
            "claim": [(*marked(row[:3]), places[row[3]]) for row in claims],
            "summary": [(*marked(row[:4]), places[row[4]], places[row[5]], *marked(row[6:])) for row in summaries],
            "word": [marked(row) for row in words],
        }
        return cls(tuple(Row(*marked(row)) for row in rows), views)

    def copy(self, number: int) -> Iterator[tuple[Row, Body]]:
        """The events of another sale as the service would append them."""
        ids = _new_ids(number)
        for form in self.events:
            yield form._replace(subject=ids["sale"]), decode(form.body % ids)


def _own_ids(sale: str, rows: Sequence[Row], claims: Sequence[Form]) -> Sequence[str]:
    proof = next(body["evidence"] for body in (decode(row.body) for row in rows) if "evidence" in body)
    keys = {str(kind): str(key) for kind, key, *_ in claims}
    return sale, keys["order"], proof["txn"], keys["idem"].rpartition("/")[2], proof["id"]


def _marked(text: str, ids: Sequence[str]) -> str:
    text = text.replace("%", "%%")
    for mark, each in zip(_MARKS, ids, strict=True):
        text = text.replace(each, f"%({mark})s")
    return text


class Grower:
    """Makes a stopped service's journal longer. ``payments`` are in it after each ``grow``."""

    def __init__(self, journal: Path, pattern: Pattern, *, between_ms: int = BETWEEN_MS) -> None:
        self.payments, self._between_ms = 0, between_ms
        self._path, self._pattern = journal, pattern
        self._keys = JournalKeys.load(journal.parent / "keys")
        self._forms = [(row, _head_form(row)) for row in pattern.events]

    def grow(self, until: int) -> None:
        """Add copies; what the last start of the service appended stays where it is."""
        connection = connect(self._path)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        triggers = connection.execute(_TRIGGERS).fetchall()
        signed = Checkpoints(side(self._path, ".checkpoints"), self._keys.signer)
        database = str(connection.execute("SELECT value FROM fact WHERE name = 'database'").get)
        chain = resume(connection, self._keys, database, signed.last)
        next_sign = chain.number + EVERY
        for name, _sql in triggers:  # each row would be counted by two queries
            connection.execute(f"DROP TRIGGER {name}")
        while self.payments < until:
            count = min(BATCH, until - self.payments)
            with connection:
                self._batch(connection, chain, count)
            if chain.number >= next_sign:
                signed.append(chain, database=database, wall_ms=0, kind="regular")
                next_sign = chain.number + EVERY
        for _name, sql in triggers:
            connection.execute(str(sql))
        signed.append(chain, database=database, wall_ms=0, kind="close")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()

    def _batch(self, connection: apsw.Connection, chain: Chain, count: int) -> None:
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _INSERT}
        views = self._pattern.views
        for _ in range(count):
            self.payments += 1
            ids, first, later_ms = _new_ids(self.payments), chain.number + 1, self.payments * self._between_ms
            rows["event"] += self._sealed(chain, ids, later_ms)
            rows["claim"] += [(*_filled(form[:3], ids), form[3] + first) for form in views["claim"]]
            rows["word"] += [_filled(form, ids) for form in views["word"]]
            for form in views["summary"]:
                numbers = (form[4] + first, form[5] + first, form[6] + later_ms, form[7] + later_ms)
                rows["summary"].append((*_filled(form[:4], ids), *numbers, *_filled(form[8:], ids)))
        for table, width in _INSERT.items():
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows[table])

    def _sealed(self, chain: Chain, ids: Mapping[str, str], later_ms: int) -> Iterator[tuple[Any, ...]]:
        """What ``Chain.seal`` does, its head written out by hand: this runs ten million times."""
        number, sale = chain.number, ids["sale"]
        for (_, stream, _, *fixed, _, actor, wall_ms, mono_ns, form, key_id, _), head_form in self._forms:
            head = chain.heads.get(stream) or _NEW
            number += 1
            position, at_ms, body = head.position + 1, wall_ms + later_ms, form % ids
            message = (head_form % (number, position, sale, at_ms) + body).encode()
            sealed = hmac.digest(self._keys.chain[key_id], head.hash + message, "sha256")
            chain.heads[stream] = Head(position, sealed)
            chain.digest = hashlib.sha256(chain.digest + message).digest()
            yield (
                number, stream, position, *fixed, sale, actor, at_ms, mono_ns, body, key_id, sealed,
            )  # fmt: skip
        chain.number = number


def _head_form(row: Row) -> str:
    """The canonical head of an event, with places for number, position, subject and time."""
    marks = row._replace(number=-1, position=-2, subject="-3", wall_ms=-4, body="")
    text = canonical(marks).decode().replace("%", "%%")
    for mark, place in (("[-1,", "[%d,"), (",-2,", ",%d,"), ('"-3"', '"%s"'), (",-4,", ",%d,")):
        assert text.count(mark) == 1, text
        text = text.replace(mark, place)
    return text


def _filled(form: Sequence[Any], ids: Mapping[str, str]) -> tuple[Any, ...]:
    return tuple(value % ids if isinstance(value, str) else value for value in form)
