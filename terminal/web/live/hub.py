"""All live sockets of the edge: who must be woken, who is too slow, whose credential ended; and the tickets."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import WSCloseCode, web

from terminal.counter.feed import Feed
from terminal.counter.lane import Lane
from terminal.errors import NotAllowed, TerminalError
from terminal.payments.event import Event
from terminal.people.roles import Action
from terminal.people.sessions import digest, make_token
from terminal.web.callers import Caller
from terminal.web.counters import glass_only, view_of
from terminal.web.edge import Edge
from terminal.web.live.ws_frame import text_frame
from terminal.web.shapes.counters import CounterView
from terminal.web.shapes.events import event_view, live_event

log = logging.getLogger(__name__)
SLOW: Final = 4408  # read too slowly: come back with the number in the reason
SIGNED_OUT: Final = 4401  # the credential ended or became somebody else's
TICKETS_MAX: Final = 1024
AGAIN_S: Final = 1.0  # before a failed job begins anew
AGES_S: Final = 4  # how old a device's age may be told before the next look is told too
ENCODED_MAX: Final = 512  # events kept ready as text, for many sockets
FRAMES_MAX: Final = 64  # and as frames: who is behind these is served by its own task
AT_A_TIME: Final = 50  # listeners told in one turn of the loop


@dataclass(frozen=True, slots=True)
class Seen:
    """A view as it was told, ages left out; when that was, and when each device had been looked at."""

    view: bytes
    told_ns: int
    checked_ns: tuple[int, ...]


@dataclass(eq=False, slots=True)
class Listener:
    """One socket or waiting request: ``sent`` is the last event it was given; ``lane`` None means events only."""

    caller: Caller
    lane: Lane | None
    sent: int
    live: bool = False  # has caught up once: from here on it must keep up
    dirty: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: tuple[int, bytes] = (WSCloseCode.OK, b"")
    gone: Callable[[], bool] = lambda: False  # its line is cut, where nothing else tells
    push: Callable[[Sequence[Event]], bool] = lambda _batch: False  # tell it now; False: it must be woken

    @property
    def glass_only(self) -> bool:
        return _glass_only(self.caller)


def _glass_only(caller: Caller) -> bool:
    return not caller.principal.may(Action.SEE_SALES)


class Hub:
    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._listeners: set[Listener] = set()
        self._tickets: OrderedDict[str, tuple[int, Caller]] = OrderedDict()
        self._someone = asyncio.Event()
        self._seen: dict[str, Seen] = {}  # counter -> its last view as told
        self._changes: dict[str, int] = {}
        self._views: dict[tuple[str, bool], tuple[tuple[int, int], str]] = {}
        self._events: OrderedDict[int, str] = OrderedDict()
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        self._failing: set[str] = set()  # jobs whose failure is logged already

    # --- tickets ---

    def ticket(self, caller: Caller) -> str:
        """Good once, and only as long as the caller's own credential is (S24)."""
        edge = self.edge
        token = make_token("ctl", edge.entropy)
        until_ns = edge.clock.mono_ns() + edge.limits.ticket_s * 1_000_000_000
        self._tickets[digest(token)] = (until_ns, caller)
        while len(self._tickets) > TICKETS_MAX:
            self._tickets.popitem(last=False)
        return token

    def redeem(self, token: str) -> Caller:
        """Raises NotAllowed("ticket_wrong" | "not_signed_in")."""
        found = self._tickets.pop(digest(token), None)
        if found is None or self.edge.clock.mono_ns() > found[0]:
            raise NotAllowed("ticket_wrong")
        if not same(found[1]):
            raise NotAllowed("not_signed_in")
        return found[1]

    # --- listeners ---

    def add(self, listener: Listener) -> None:
        """Raises NotAllowed("sockets_too_many")."""
        limit = self.edge.limits.sockets_per_credential
        if sum(x.caller.credential == listener.caller.credential for x in self._listeners) >= limit:
            raise NotAllowed("sockets_too_many", limit=limit)
        self._listeners.add(listener)
        self._someone.set()
        if (lane := listener.lane) is not None:
            lane.listen(lambda: self._changed(lane.id))
            self._outdate(lane.id)  # while nobody looked, nobody heard of devices that failed
        self._tell_display(listener)

    def _tell_display(self, listener: Listener) -> None:
        """A customer's page came or went: where a browser is the counter's display, that is its plug."""
        if (lane := listener.lane) is not None and listener.glass_only:
            lane.devices.watched(sum(each.lane is lane and each.glass_only for each in self._listeners))

    def count(self) -> int:
        return len(self._listeners)

    def remove(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self._tell_display(listener)
        if not self._listeners:
            self._someone.clear()  # an idle shop wakes for nobody

    def _outdate(self, counter: str) -> None:
        self._changes[counter] = self._changes.get(counter, 0) + 1

    def _changed(self, counter: str) -> None:
        self._outdate(counter)
        for listener in self._listeners:
            if listener.lane is not None and listener.lane.id == counter:
                listener.dirty = True
                listener.news.set()

    def end(self, listener: Listener, code: int, slug: str = "") -> None:
        """Close it, naming the number to resume from, and the registry's slug when something is broken."""
        if not listener.ended.is_set():
            why = {"resume": listener.sent} | ({"slug": slug} if slug else {})
            listener.why = (code, msgspec.json.encode(why))
            listener.ended.set()
            listener.news.set()  # one that waits over plain HTTP looks up

    def end_all(self) -> None:
        for listener in self._listeners:
            self.end(listener, WSCloseCode.GOING_AWAY)

    def recheck(self) -> None:
        """End at once what belongs to a credential that is no more, or is somebody else's now, or to nobody."""
        for listener in self._listeners:
            if not same(listener.caller):
                self.end(listener, SIGNED_OUT)
            elif listener.gone():
                self.end(listener, WSCloseCode.GOING_AWAY)

    # --- what they are told ---

    def view(self, lane: Lane, caller: Caller) -> str:
        """The counter message, made once for all sockets that want it now."""
        small = _glass_only(caller)
        stamp = (self._changes.get(lane.id, 0), self.edge.service.feed.published)
        known = self._views.get((lane.id, small))
        if known is None or known[0] != stamp:
            view = view_of(self.edge, lane)
            self._seen[lane.id] = Seen(_without_ages(view), self.edge.clock.mono_ns(), _checked_ns(lane))
            told = msgspec.json.encode(glass_only(view) if small else view).decode()
            known = (stamp, '{"type":"counter",' + told[1:])
            self._views[lane.id, small] = known
        return known[1]

    def event(self, event: Event) -> str:
        text = self._events.get(event.number)
        if text is None:
            text = self._events[event.number] = msgspec.json.encode(live_event(event_view(event))).decode()
            if len(self._events) > ENCODED_MAX:
                self._events.popitem(last=False)
        return text

    def frame(self, event: Event) -> bytes:
        """The same as a WebSocket's bytes, for all that listen there."""
        data = self._frames.get(event.number)
        if data is None:
            data = self._frames[event.number] = text_frame(self.event(event))
            if len(self._frames) > FRAMES_MAX:
                self._frames.popitem(last=False)
        return data

    # --- jobs, for ever ---

    async def follow(self) -> None:
        """Wake everybody for every batch of events, and end who cannot keep up."""
        await self._for_ever("live events", self._follow)

    async def tick(self) -> None:
        """What changes without an event: a device's health, a bank's trouble, a credential's end."""
        await self._for_ever("live looking round", self._tick)

    async def _for_ever(self, what: str, job: Callable[[], Awaitable[None]]) -> None:
        """Selling goes on without listeners, so a failure here stops nothing: pages are sent away to come back."""
        while True:
            try:
                await job()
            except Exception as error:  # process edge: nobody waits for this job, it must not end in silence
                if what not in self._failing:
                    self._failing.add(what)
                    state = "the journal is dead" if self.edge.dead() else f"again every {AGAIN_S} s"
                    log.exception("%s failed, %s", what, state)
                slug = error.slug if isinstance(error, TerminalError) else "internal"
                for listener in self._listeners:
                    self.end(listener, WSCloseCode.TRY_AGAIN_LATER, slug)
            await asyncio.sleep(AGAIN_S)

    async def _follow(self) -> None:
        feed = self.edge.service.feed
        number = feed.published  # what is durable and not told yet is still to come
        for listener in self._listeners:  # came while nobody followed
            listener.news.set()
        async for batch in feed.follow(number):
            self._failing.discard("live events")
            newest = batch[-1].number
            for place, listener in enumerate(list(self._listeners), 1):
                if listener.live and newest - listener.sent > self.edge.limits.socket_queue:
                    self.end(listener, SLOW)
                if not listener.push(batch):
                    listener.news.set()
                if place % AT_A_TIME == 0:
                    await asyncio.sleep(0)  # who sells or pays goes before the next ones that listen

    async def _tick(self) -> None:
        while True:
            await self._someone.wait()
            await asyncio.sleep(self.edge.limits.socket_tick_s)
            lanes = {x.lane.id: x.lane for x in self._listeners if x.lane is not None}
            for counter, lane in lanes.items():
                if self._is_news(lane):
                    self._changed(counter)
            self.recheck()
            self._failing.discard("live looking round")

    def _is_news(self, lane: Lane) -> bool:
        """Another view than was told, or the same one looked at again: pages count its age up by themselves."""
        seen = self._seen.get(lane.id)
        if seen is None or seen.view != _without_ages(view_of(self.edge, lane)):
            return True
        old = self.edge.clock.mono_ns() - seen.told_ns >= AGES_S * 1_000_000_000
        return old and seen.checked_ns != _checked_ns(lane)


def _checked_ns(lane: Lane) -> tuple[int, ...]:
    return tuple(health.checked_mono_ns for health in lane.devices.health().values())


def start_of(feed: Feed, after: int | None) -> int:
    """Where a listener begins: after its own number, or with what is told from now on.

    An event that is durable and not told yet is still to come: no page has seen what it changed.
    """
    return feed.published if after is None else min(after, feed.last_number())


def same(caller: Caller) -> bool:
    """The credential still stands for the same principal."""
    now, was = caller.again(), caller.principal
    return now is not None and (now.kind, now.id, now.role) == (was.kind, was.id, was.role)


def _without_ages(view: CounterView) -> bytes:
    """What of a view is news: not how long ago something was seen, and not the number of the newest event."""
    told = msgspec.to_builtins(view)
    for health in told["health"].values():
        health["age_s"] = 0
    return msgspec.json.encode({**told, "told": None, "event": 0})


HUB: Final = web.AppKey("hub", Hub)
