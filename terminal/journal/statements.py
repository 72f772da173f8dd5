"""Many rows in one statement.

Each step of a statement lets the other threads of the process run, and a busy one among them lets this one wait
before its next step. So it is the number of statements that a commit takes long for, and not that of its rows.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import apsw

AT_ONCE: Final = 8  # rows; of seven tables that makes 56 texts, and a connection keeps 100 prepared
_TEXTS: Final = 128


def in_rows(connection: apsw.Connection, head: str, rows: Sequence[Sequence[Any]], tail: str = "") -> list[Any]:
    """Run ``head (?, …), (?, …) tail`` for all of ``rows``, AT_ONCE in a statement; returns what was found."""
    found: list[Any] = []
    if len(rows) == 1:  # nearly always
        found += connection.execute(_text(head, 1, len(rows[0]), tail), rows[0])
        return found
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        found += connection.execute(_text(head, len(some), len(some[0]), tail), tuple(chain.from_iterable(some)))
    return found


@lru_cache(_TEXTS)
def _text(head: str, rows: int, columns: int, tail: str) -> str:
    row = f"({', '.join('?' * columns)})" if columns > 1 else "?"
    return f"{head} {', '.join([row] * rows)}{tail}"
