"""Sales in memory, each behind its lock: decide, make durable, only then tell."""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock, Release, Ticket
from terminal.errors import NotFound, TerminalError
from terminal.on_demand import begun
from terminal.payments.decide import summary
from terminal.payments.event import Actor, Event, NewEvent, Owed
from terminal.payments.fact import Fact, Facts, fold
from terminal.payments.sale import Sale, evolve
from terminal.precedence import in_line

log = logging.getLogger(__name__)
T = TypeVar("T")
KEPT: Final = 256  # sales kept folded; older ended ones are folded again from the journal when asked for

LOOKS: Final = 4
ROWS: Final = 64  # sales under way at one moment, mostly; another one's row is made anew
TOGETHER_MAX: Final = 8  # decisions of one sale in one append
_NOTHING: Final[Facts] = ()

Decide = Callable[[Sale | None], Facts]
Then = Callable[[Sale], None]
OnOwed = Callable[[Sale, Owed, bool], None]
Begin = Callable[[Sale, Owed], Facts]
Row = dict[str, Any]
Append = asyncio.Future[tuple[Event, ...]]


SYSTEM: Final = Actor("system", "service")


class Releases(NamedTuple):
    """What stands ready while facts are made durable: what goes ``meanwhile``, and what once they are."""

    meanwhile: tuple[Release, ...] = ()
    durable: tuple[Release, ...] = ()


Foresee = Callable[[Sale | None, Sale], Releases]


def here(sale: Sale | None) -> Sale:
    """The sale exists: its id came from the journal."""
    assert sale is not None
    return sale


def stream_of(counter: str) -> str:
    return f"counter:{counter}"


class Book:
    """The only writer of sale events. ``on_owed`` and ``on_change`` are called after the commit.

    ``begin`` is asked before it about each effect that a decision owes: the facts with which that effect begins at
    once, if nothing stands before it. They share the decision's append and its sync; none: it begins later, by
    itself. ``on_owed`` is told which it was. The debts it sees have no number and no time of their own yet.
    ``foresee`` is asked before it, too: what it returns the journal calls as it makes the append durable.
    """

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self.feed, self.clock = feed, clock
        self._sales: OrderedDict[str, Sale] = OrderedDict()
        self._locks: dict[str, _Turn] = {}  # while in use
        self._rows: dict[str, tuple[Sale, Row]] = {}  # of the sales that had facts last, for the lists
        self._together: dict[str, list[_Wish]] = {}  # by sale, who waits and may share an append
        self.looks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by provider: at what has ended
        self.begin: Begin = lambda _sale, _owed: ()
        self.foresee: Foresee = lambda _before, _after: Releases()
        self.on_owed: OnOwed = lambda _sale, _owed, _begun: None
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

    async def commit(
        self,
        sale_id: str,
        decide: Decide,
        actor: Actor,
        then: Then | None = None,
        *,
        together: bool = False,
        new: bool = False,
    ) -> Sale:
        """Decide under the sale's lock and make the facts durable; returns the sale as it then is.

        A cancelled caller still waits for the commit it started: memory never lags behind the journal.

        Args:
            then: what must follow once facts are durable, also when the caller was cancelled meanwhile.
            new: its id was made this moment: the journal cannot know it and is not asked.
            together: may share one append, and so one sync, with others of the kind that wait for this sale:
                voice and paper hear of a payment at the same moment. ``decide`` must not refuse. A cancelled
                caller whose facts another one carries does not wait: that one keeps memory true.
        """
        wish = _Wish(decide, actor, then)
        line = self._together.setdefault(sale_id, []) if together else []
        line.append(wish)
        turn = self._locks.get(sale_id)
        if turn is None:
            turn = self._locks[sale_id] = _Turn()
        turn.users += 1
        try:
            async with turn.lock:
                if together and not wish.taken and len(line) == 1:
                    await asyncio.sleep(0)  # who heard of the same facts stands in line after this turn
                if not wish.taken:
                    others = [each for each in line if each is not wish and not each.taken]
                    await self._serve(sale_id, turn, [wish, *others[: TOGETHER_MAX - 1]], new=new)
            if wish.stands is not None:
                # voice and paper go before who waits here; a cancellation is raised when memory is true
                await in_line(wish.stands)
        finally:
            turn.users -= 1
            if not turn.users:
                del self._locks[sale_id]
            if wish in line:
                line.remove(wish)
            if together and not line:
                self._together.pop(sale_id, None)
        return wish.outcome()

    async def _serve(self, sale_id: str, turn: "_Turn", wishes: Sequence["_Wish"], *, new: bool) -> None:
        """One append for all: each decides on the sale as the one before it leaves it.

        Also as an append leaves it that is still under way and cannot be refused alone: this one is then behind
        that, and whoever finds nothing to do, or is refused, hears it when what it saw is durable.
        """
        under_way, sale = turn.under_way()
        if under_way is None and not new:
            sale = self._known(sale_id)
        steps: list[_Step] = []
        try:
            for wish in wishes:
                facts = wish.decide(sale)
                if facts:
                    steps.append(self._step(wish, sale, facts))
                    sale = steps[-1].after
                wish.taken, wish.after, wish.stands = True, None if facts else sale, under_way
        except TerminalError:
            if under_way is not None:
                await under_way
            raise
        if steps:
            try:
                append = self._hand_in(steps, turn)
            except BaseException as refused:  # before the disk works: all who share it hear
                for wish in wishes:
                    wish.error = refused
                raise
            for wish in wishes:
                wish.stands = append
            if any(fact.claims for step in steps for fact in step.facts):
                await append

    def _known(self, sale_id: str) -> Sale | None:
        try:
            return self.sale(sale_id)
        except NotFound:
            return None

    def _hand_in(self, steps: Sequence["_Step"], turn: "_Turn") -> Append:
        ready = [_tried(partial(self.foresee, step.before, step.after), Releases()) for step in steps]
        ticket = Ticket(
            turn.ticket,
            [release for each in ready for release in each.durable],
            [release for each in ready for release in each.meanwhile],
        )

        def durable(events: tuple[Event, ...]) -> None:
            try:
                for step in steps:
                    mine, events = events[: len(step.facts)], events[len(step.facts) :]
                    self._tell(step, mine)
            except BaseException:
                self._keep(steps[-1].after)  # memory is true whoever failed to hear
                raise

        appending = self.feed.append(_events(steps, self._row), durable, ticket=ticket, before=turn.append)
        append = begun(appending)  # the disk works from here on
        turn.append, turn.ticket, turn.after = append, ticket, steps[-1].after
        return append

    def _tell(self, step: "_Step", events: tuple[Event, ...]) -> None:
        step.wish.after = after = step.after
        self._keep(after)
        if step.wish.then:
            step.wish.then(after)
        self.on_change(step.before, after)  # the glass first: voice and paper begin with work of their own
        self._owe(step, events)

    def _step(self, wish: "_Wish", before: Sale | None, facts: Facts) -> "_Step":
        """What was decided, and what begins with it."""
        after, begun = fold(before, facts), []
        for fact in facts:
            for body in fact.owes:
                owed = Owed(body["id"], body["kind"], after.counter, after.id, 0, self.clock.wall_ms(), body)
                if more := _tried(partial(self.begin, after, owed), _NOTHING):
                    after, facts = fold(after, more), (*facts, *more)
                    begun.append(owed.id)
        return _Step(wish, before, after, facts, begun)

    def _row(self, sale: Sale) -> Row:
        """A fact's sale is nearly always what the one before it left."""
        known = self._rows.pop(sale.id, None)
        row = known[1] if known is not None and known[0] is sale else summary(sale)
        self._rows[sale.id] = sale, row
        if len(self._rows) > ROWS:
            del self._rows[next(iter(self._rows))]
        return row

    def _owe(self, step: "_Step", events: tuple[Event, ...]) -> None:
        after = step.after
        for event in events:
            for body in event.body["index"].get("owes", ()):
                owed = Owed(body["id"], body["kind"], after.counter, after.id, event.number, event.wall_ms, body)
                self.on_owed(after, owed, owed.id in step.begun)


def _tried(ask: Callable[[], T], nothing: T) -> T:
    """What could begin ahead can begin in its time: a bug there keeps no payment out of the journal."""
    try:
        return ask()
    except Exception:
        log.exception("nothing begins or is shown ahead")
        return nothing


@dataclass(slots=True, eq=False)
class _Wish:
    """One caller's decision on its way into the journal; ``taken``: in an append, perhaps with others."""

    decide: Decide
    actor: Actor
    then: Then | None
    taken: bool = False
    stands: Append | None = None  # what has to be durable before it is told
    after: Sale | None = None
    error: BaseException | None = None

    def outcome(self) -> Sale:
        if self.error is not None:
            raise self.error
        if self.after is None:
            raise asyncio.CancelledError  # the append it was part of was cancelled: the service ends
        return self.after


class _Step(NamedTuple):
    """Who decided, on which sale, what it then is, why, and which effects began with it."""

    wish: _Wish
    before: Sale | None
    after: Sale
    facts: Facts
    begun: Sequence[str]


class _Turn:
    """A sale's lock, how many hold it or wait for it, and its newest append that is under way."""

    __slots__ = ("after", "append", "lock", "ticket", "users")

    def __init__(self) -> None:
        self.lock, self.users = asyncio.Lock(), 0
        self.append: Append | None = None
        self.ticket: Ticket | None = None
        self.after: Sale | None = None  # how that append leaves the sale

    def under_way(self) -> tuple[Append | None, Sale | None]:
        """The append that is not durable yet, and how it leaves the sale. Memory is true of what has ended."""
        if self.append is not None and self.append.done():
            self.append = self.ticket = self.after = None
        return self.append, self.after


def _events(steps: Sequence[_Step], row_of: Callable[[Sale], Row]) -> list[NewEvent]:
    """The last of all carries the sale's row for the lists, unless that stays as it is: paper and voice rarely
    change it, and a shop's disk keeps every copy for ever."""
    before, after, last = steps[0].before, steps[-1].after, steps[-1].facts[-1]
    was, row = None if before is None else row_of(before), row_of(after)
    changed = None if was == row else row
    return [
        NewEvent(
            stream=stream_of(step.after.counter),
            type=fact.type,
            subject=step.after.id,
            actor=fact.actor or step.wish.actor,
            body={**fact.body, "index": _index(fact, changed if fact is last else None)},
        )
        for step in steps
        for fact in step.facts
    ]


def _index(fact: Fact, row: Row | None) -> dict[str, Any]:
    index: dict[str, Any] = {}
    if fact.owes:
        index["owes"] = list(fact.owes)
    if fact.settles:
        index["settles"] = list(fact.settles)
    if fact.claims:
        index["claims"] = [list(claim) for claim in fact.claims]
    if row is not None:
        index["summary"] = row
    return index
