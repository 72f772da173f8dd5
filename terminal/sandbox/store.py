"""Keeps the bank's rows over a restart: one SQLite table, every change committed before anybody is told."""

from collections.abc import Sequence
from pathlib import Path

import apsw

from terminal.sandbox.records import Row


class Store:
    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path))
        self._db.set_busy_timeout(2_000)
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS row"
            " (name TEXT, key TEXT, body BLOB, PRIMARY KEY (name, key)) WITHOUT ROWID"
        )

    def rows(self) -> list[tuple[str, str, bytes]]:
        return [(str(n), str(k), bytes(b)) for n, k, b in self._db.execute("SELECT name, key, body FROM row")]

    def save(self, rows: Sequence[Row]) -> None:
        """All or nothing, durable on return."""
        if not rows:
            return
        with self._db:
            for name, key, body in rows:
                if body is None:
                    self._db.execute("DELETE FROM row WHERE name = ? AND key = ?", (name, key))
                else:
                    self._db.execute("REPLACE INTO row VALUES (?, ?, ?)", (name, key, body))

    def close(self) -> None:
        self._db.close()
