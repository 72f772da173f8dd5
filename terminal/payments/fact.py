"""A fact: one event to be, with what it owes, settles and takes for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from terminal.payments.event import Actor
from terminal.payments.sale import Sale, evolve

Claim = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One event to be: type, fields, effects it owes or settles, names it takes for ever.

    ``actor``: whose it is, where it is not of who decided.
    """

    type: str
    body: dict[str, Any]
    owes: tuple[dict[str, Any], ...] = ()
    settles: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    actor: Actor | None = None


Facts = tuple[Fact, ...]


def fold(sale: Sale | None, facts: Sequence[Fact]) -> Sale:
    for fact in facts:
        sale = evolve(sale, fact.type, fact.body)
    assert sale is not None
    return sale
