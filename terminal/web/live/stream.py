"""Events as a stream of plain HTTP (server-sent events): for programs that have no WebSocket and want no polling.

The same events, rights, bounds and slow-reader rule as the WebSocket: nothing is queued, each stream
reads on from the journal's ring. Source: WHATWG HTML, "Server-sent events", sections 9.2.4 to 9.2.6.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import WSCloseCode, web

from terminal.errors import InvalidRequest, NotAllowed, TerminalError, Unavailable
from terminal.people.roles import Action
from terminal.web.callers import Caller, admit
from terminal.web.edge import Edge
from terminal.web.events import visible
from terminal.web.live.hub import HUB, SLOW, Hub, Listener, start_of
from terminal.web.shapes.events import StreamQuery
from terminal.web.shapes.form import read_query
from terminal.web.unheard import note_event

log = logging.getLogger(__name__)
BATCH: Final = 64
HEARTBEAT_S: Final = 15.0
AGAIN_MS: Final = 1000  # how long a browser waits before it comes back
LAST: Final = "Last-Event-ID"


async def stream(request: web.Request) -> web.StreamResponse:
    hub = request.app[HUB]
    edge = hub.edge
    form = read_query(StreamQuery, request.query)
    caller = _admitted(request, hub, form.ticket)
    if not edge.service.ready:
        raise Unavailable("starting")
    start = start_of(edge.service.feed, _last(request, form.after))
    listener = Listener(caller, None, start, gone=_cut(request))
    hub.add(listener)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    answer.headers["Cache-Control"] = "no-store"
    try:
        await answer.prepare(request)
        await _send(edge, answer, f"retry: {AGAIN_MS}\n\n")
        await _serve(hub, answer, listener)
    except TimeoutError:
        log.info("a stream of events was not read and ends")
    except ConnectionError:
        pass  # it went away
    finally:
        hub.remove(listener)
        if request.transport is not None and (listener.ended.is_set() or request.transport.is_closing()):
            asyncio.get_running_loop().call_later(edge.limits.socket_stuck_s, request.transport.abort)
    answer.force_close()
    return answer


def _cut(request: web.Request) -> Callable[[], bool]:
    """A stream that says nothing would else notice only with its next heartbeat that nobody hears it."""

    def gone() -> bool:
        return request.transport is None or request.transport.is_closing()

    return gone


def _admitted(request: web.Request, hub: Hub, ticket: str) -> Caller:
    """No other site can read what a browser fetches here: nothing allows it to (CORS is off, S23)."""
    caller = hub.redeem(ticket) if ticket else admit(request)
    if caller is None:
        raise NotAllowed("not_signed_in")
    hub.edge.people.require(caller.principal, Action.SEE_SALES)
    return caller


def _last(request: web.Request, after: int | None) -> int | None:
    """Where it left, as the client itself remembers it; that is newer than what its address says."""
    found = request.headers.getall(LAST, [])
    if not found:
        return after
    if len(found) != 1 or not (found[0].isascii() and found[0].isdigit() and len(found[0]) <= 16):
        raise InvalidRequest("field_wrong", field=LAST)
    return int(found[0])


async def _serve(hub: Hub, answer: web.StreamResponse, listener: Listener) -> None:
    edge, feed = hub.edge, hub.edge.service.feed
    try:
        while not listener.ended.is_set():
            listener.news.clear()
            batch = feed.after(listener.sent, limit=BATCH)
            for event in batch:
                if listener.ended.is_set():
                    break
                listener.sent = event.number
                if visible(event, listener.caller.principal):
                    await _send(edge, answer, f"id: {event.number}\ndata: {hub.event(event)}\n\n")
                    note_event(edge, listener.caller, event)
            if not batch:
                listener.live = True
                await _rest(edge, answer, listener)
    except TimeoutError:
        hub.end(listener, SLOW)
        raise
    except TerminalError as error:  # the journal cannot be read now
        log.warning("a stream of events ended: %s", error.slug)
        hub.end(listener, WSCloseCode.TRY_AGAIN_LATER, error.slug)
    code, why = listener.why
    told = msgspec.json.encode({"code": int(code), **msgspec.json.decode(why or b"{}")}).decode()
    with contextlib.suppress(TimeoutError):
        await _send(edge, answer, f"event: end\ndata: {told}\n\n")


async def _rest(edge: Edge, answer: web.StreamResponse, listener: Listener) -> None:
    """Wait for news; say from time to time that we are here, and how far: what came may be for others."""
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await listener.news.wait()
    except TimeoutError:
        await _send(edge, answer, f": here\nid: {listener.sent}\n\n")


async def _send(edge: Edge, answer: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(edge.limits.socket_stuck_s):
        await answer.write(text.encode())
