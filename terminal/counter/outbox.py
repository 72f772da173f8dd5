"""What a counter's outbox writes down: effects that are owed no more, and lines of a sale's timeline.

Effects are owed to ears (``voice``) and to paper (``paper``), one worker each a counter. Neither ever delays a
result (I24). Both begin in the journal before they begin in the world; where nothing stands before them, in the
very append that owes them (``begin``).
"""

from typing import Any, Final

from terminal.counter.book import Book
from terminal.counter.ports import Slip
from terminal.payments.event import Actor, Owed
from terminal.payments.fact import Fact
from terminal.payments.receipt import to_json

OUTBOX: Final = Actor("system", "outbox")


def settled(book: Book, owed: Owed, outcome: str, actor: Actor, slip: Slip | None = None) -> Fact:
    body: dict[str, Any] = {"effect": owed.id, "kind": owed.kind, "outcome": outcome}
    body["at_ms"] = book.clock.wall_ms()
    if slip is not None:
        body["receipt"] = slip.job
        body["lines"] = to_json(slip.receipt)
    return Fact("effect_done", body, settles=(owed.id,), actor=actor)


async def settle(book: Book, owed: Owed, outcome: str, actor: Actor = OUTBOX, *, slip: Slip | None = None) -> None:
    """Owed no more. A second settling of the same effect changes nothing. ``slip``: its lines are kept with it."""
    fact = settled(book, owed, outcome, actor, slip)
    await book.commit(owed.subject, lambda _: (fact,), actor, together=actor is OUTBOX)


async def note(book: Book, sale_id: str, kind: str, **fields: Any) -> None:
    """A line of the timeline that changes nothing."""
    fact = Fact(kind, {**fields, "at_ms": book.clock.wall_ms()})
    await book.commit(sale_id, lambda _: (fact,), OUTBOX)
