"""Sales in memory, each behind its lock: decide, make durable, only then tell."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock
from terminal.errors import NotFound
from terminal.payments.decide import summary
from terminal.payments.event import Actor, Event, NewEvent, Owed
from terminal.payments.fact import Fact, Facts, fold
from terminal.payments.sale import Sale, evolve

KEPT: Final = 256  # ended sales kept folded; older ones are folded again from the journal when asked for

Decide = Callable[[Sale | None], Facts]
OnOwed = Callable[[Sale, Owed], None]


SYSTEM: Final = Actor("system", "service")


def here(sale: Sale | None) -> Sale:
    """The sale exists: its id came from the journal."""
    assert sale is not None
    return sale


def stream_of(counter: str) -> str:
    return f"counter:{counter}"


class Book:
    """The only writer of sale events. ``on_owed`` and ``on_change`` are called after the commit."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self.feed, self.clock = feed, clock
        self._sales: OrderedDict[str, Sale] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self.on_owed: OnOwed = lambda _sale, _owed: None
        self.on_change: Callable[[Sale | None, Sale], None] = lambda _before, _after: None

    def sale(self, sale_id: str) -> Sale:
        """Raises NotFound("sale_unknown")."""
        known = self._sales.get(sale_id)
        if known is not None:
            return known
        sale: Sale | None = None
        for event in self.feed.of_subject(sale_id):
            if sale is not None or event.type == "sale_opened":
                sale = evolve(sale, event.type, event.body)
        if sale is None:
            raise NotFound("sale_unknown", sale=sale_id)
        self._keep(sale)
        return sale

    def _keep(self, sale: Sale) -> None:
        self._sales[sale.id] = sale
        self._sales.move_to_end(sale.id)
        if len(self._sales) > KEPT:
            for sale_id, each in list(self._sales.items()):
                if each.final:
                    del self._sales[sale_id]
                    break

    async def commit(self, sale_id: str, decide: Decide, actor: Actor) -> Sale:
        """Decide under the sale's lock and make the facts durable; returns the sale as it then is.

        A cancelled caller still waits for the commit it started: memory never lags behind the journal.
        """
        lock = self._locks.setdefault(sale_id, asyncio.Lock())
        async with lock:
            try:
                before: Sale | None = self.sale(sale_id)
            except NotFound:
                before = None
            facts = decide(before)
            if not facts:
                assert before is not None
                return before
            after = fold(before, facts)

            def then(events: tuple[Event, ...]) -> None:
                self._keep(after)
                self._tell(before, after, events)

            await _finish(asyncio.ensure_future(self.feed.append(self._events(after, facts, actor), then)))
        if after.final and not lock.locked():
            self._locks.pop(sale_id, None)
        return after

    def _events(self, sale: Sale, facts: Facts, actor: Actor) -> list[NewEvent]:
        last = facts[-1]
        return [
            NewEvent(
                stream=stream_of(sale.counter),
                type=fact.type,
                subject=sale.id,
                actor=actor,
                body={**fact.body, "index": _index(fact, sale if fact is last else None)},
            )
            for fact in facts
        ]

    def _tell(self, before: Sale | None, after: Sale, events: tuple[Event, ...]) -> None:
        self.on_change(before, after)
        for event in events:
            for owed in event.body["index"].get("owes", ()):
                self.on_owed(
                    after,
                    Owed(owed["id"], owed["kind"], after.counter, after.id, event.number, event.wall_ms, owed),
                )


def _index(fact: Fact, sale: Sale | None) -> dict[str, Any]:
    index: dict[str, Any] = {}
    if fact.owes:
        index["owes"] = list(fact.owes)
    if fact.settles:
        index["settles"] = list(fact.settles)
    if fact.claims:
        index["claims"] = [list(claim) for claim in fact.claims]
    if sale is not None:
        index["summary"] = summary(sale)
    return index


async def _finish(append: "asyncio.Future[tuple[Event, ...]]") -> None:
    """See the append through; a cancellation that arrives meanwhile is raised when memory is true."""
    cancelled: asyncio.CancelledError | None = None
    while not append.done():
        try:
            await asyncio.wait({append})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        append.exception()  # looked at: a task that is being ended has nobody to tell
        raise cancelled
    append.result()
