"""Sales in memory, each behind its lock: decide, make durable, only then tell."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock
from terminal.errors import NotFound
from terminal.payments.decide import summary
from terminal.payments.event import Actor, Event, NewEvent, Owed
from terminal.payments.fact import Fact, Facts, fold
from terminal.payments.sale import Sale, evolve

KEPT: Final = 256  # sales kept folded; older ended ones are folded again from the journal when asked for

LOOKS: Final = 4

Decide = Callable[[Sale | None], Facts]
Then = Callable[[Sale], None]
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
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # while in use
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
        """Memory grows only with sales that are under way; a look at a few of the oldest makes room."""
        self._sales[sale.id] = sale
        self._sales.move_to_end(sale.id)
        for _ in range(min(LOOKS, len(self._sales) - KEPT)):
            oldest, each = next(iter(self._sales.items()))
            if each.ended:
                del self._sales[oldest]
            else:
                self._sales.move_to_end(oldest)

    async def commit(self, sale_id: str, decide: Decide, actor: Actor, then: Then | None = None) -> Sale:
        """Decide under the sale's lock and make the facts durable; returns the sale as it then is.

        A cancelled caller still waits for the commit it started: memory never lags behind the journal.

        Args:
            then: what must follow once facts are durable, also when the caller was cancelled meanwhile.
        """
        lock = self._locks.get(sale_id)
        if lock is None:
            lock = self._locks[sale_id] = asyncio.Lock()
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

            def durable(events: tuple[Event, ...]) -> None:
                self._keep(after)
                self._owe(after, events)
                if then:
                    then(after)
                self.on_change(before, after)

            await _finish(asyncio.ensure_future(self.feed.append(self._events(after, facts, actor), durable)))
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

    def _owe(self, after: Sale, events: tuple[Event, ...]) -> None:
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


def _wake(ended: asyncio.Future[None], _append: object) -> None:
    if not ended.done():
        ended.set_result(None)


async def _finish(append: "asyncio.Future[tuple[Event, ...]]") -> None:
    """See the append through; a cancellation that arrives meanwhile is raised when memory is true."""
    cancelled: asyncio.CancelledError | None = None
    while not append.done():
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        append.add_done_callback(partial(_wake, ended))
        try:
            await ended
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        append.exception()  # looked at: a task that is being ended has nobody to tell
        raise cancelled
    append.result()
