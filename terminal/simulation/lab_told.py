"""What a headless run told the till and the POS of one sale, read back from its events."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from terminal.lab.scenarios import as_seen
from terminal.payments.sale import Sale, evolve


class Told(Protocol):
    """An event as journal, bundle and API know it."""

    @property
    def type(self) -> str: ...

    @property
    def body(self) -> Mapping[str, Any]: ...


def till_words(events: Sequence[Told]) -> tuple[str, ...]:
    """The words on the till's screen in their order, each once in a row (``payments.sale.Sale.word``)."""
    sale: Sale | None = None
    words: list[str] = []
    for event in events:
        sale = evolve(sale, event.type, event.body)
        if not words or words[-1] != sale.word:
            words.append(sale.word)
    return tuple(words)


def pos_events(events: Sequence[Told]) -> tuple[str, ...]:
    """In their order, as scenarios name them."""
    return tuple(as_seen(event.type, event.body) for event in events)


def in_order(wanted: Sequence[str], seen: Sequence[str]) -> bool:
    """Whether all of ``wanted`` come in this order among ``seen``; others may be between."""
    rest = iter(seen)
    return all(each in rest for each in wanted)
