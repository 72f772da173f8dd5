"""Which rows of the attempt's transition tables a run takes: counted where the product reads them."""

from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Final, cast

from terminal.payments.attempt import TABLES, Direction, Move, Signal, State, Table

DIRECTIONS: Final[tuple[Direction, ...]] = ("pull", "push")


class _Counting(dict[tuple[State, Signal], Move]):
    """A table that notes each look at a row. Looking twice at one row is taking it twice: nobody looks in vain."""

    def __init__(self, direction: Direction, table: Table, counts: Counter[str]) -> None:
        super().__init__(table)
        self._direction, self._counts = direction, counts

    def __getitem__(self, row: tuple[State, Signal]) -> Move:
        self._counts[name_of(self._direction, *row)] += 1
        return super().__getitem__(row)


def name_of(direction: Direction, state: State, signal: Signal) -> str:
    return f"row {direction} {state} {signal}"


def every_row() -> tuple[tuple[Direction, State, Signal, Move], ...]:
    return tuple(
        (direction, state, signal, move)
        for direction in DIRECTIONS
        for (state, signal), move in TABLES[direction].items()
    )


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """While this runs, what is read of the tables is counted; what they say stays as it is."""
    tables = cast("MutableMapping[Direction, Table]", TABLES)
    kept, counts = dict(tables), Counter[str]()
    try:
        for direction in DIRECTIONS:
            tables[direction] = _Counting(direction, kept[direction], counts)
        yield counts
    finally:
        tables.update(kept)
