"""Live state over WebSocket: the counter whole after every change, and every event from a number on.

Nothing is queued a socket: each keeps the number it has sent and reads on from the journal's ring, so that a slow
one costs no memory. One that falls too far behind is closed with the number to resume from (A3).
"""

import asyncio
import contextlib
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from terminal.counter.lane import Lane
from terminal.errors import NotAllowed, NotFound, TerminalError, Unavailable
from terminal.people.roles import Action
from terminal.web.callers import Caller, admit
from terminal.web.calls import Answer, Call
from terminal.web.edge import Edge
from terminal.web.events import visible
from terminal.web.live.hub import HUB, SLOW, Hub, Listener, start_of
from terminal.web.live.line import LiveLine
from terminal.web.shapes.events import LiveQuery, Ticket
from terminal.web.shapes.form import Nothing, read_query
from terminal.web.unheard import note_event

log = logging.getLogger(__name__)
BATCH: Final = 64
HEARTBEAT_S: Final = 20.0
UTF8_MAX: Final = 4  # bytes a character
CHATTER_MAX: Final = 64  # messages a client may send: it has nothing to say


async def new_ticket(call: Call[Nothing]) -> Answer:
    """For clients that can set no header on a WebSocket."""
    call.require(Action.SEE_DISPLAY if call.known.principal.counters else Action.SEE_SALES)
    return Answer(Ticket(call.request.app[HUB].ticket(call.known), call.edge.limits.ticket_s), 201)


async def live(request: web.Request) -> web.StreamResponse:
    hub = request.app[HUB]
    edge = hub.edge
    form = read_query(LiveQuery, request.query)
    caller = _admitted(request, hub, form.ticket)
    if not edge.service.ready:
        raise Unavailable("starting")
    lane = _lane(edge, caller, form.counter)
    after = start_of(edge.service.feed, form.after)
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S,
        max_msg_size=edge.limits.socket_frame_bytes,
        compress=False,
        timeout=edge.limits.socket_stuck_s,
    )
    listener = Listener(caller, lane, after)
    hub.add(listener)
    try:
        await socket.prepare(request)
        line = LiveLine(hub, request, socket, listener)
        listener.push = line.push
        await _serve(hub, line, socket, listener)
    finally:
        hub.remove(listener)
        if request.transport is not None:  # what a client does not read is not kept for it for ever
            asyncio.get_running_loop().call_later(edge.limits.socket_stuck_s, request.transport.abort)
    return socket


def _admitted(request: web.Request, hub: Hub, ticket: str) -> Caller:
    """A page must say where it comes from: cookies alone would let any site listen (CWE-1385)."""
    caller = hub.redeem(ticket) if ticket else admit(request)
    if caller is None:
        raise NotAllowed("not_signed_in")
    if not caller.by_key and "Origin" not in request.headers:
        raise NotAllowed("origin_not_allowed")
    return caller


def _lane(edge: Edge, caller: Caller, counter: str) -> Lane | None:
    """Raises NotAllowed, NotFound("counter_unknown")."""
    who, people = caller.principal, edge.people
    if not counter:
        people.require(who, Action.SEE_SALES)
        return None
    people.require(who, Action.SEE_DISPLAY if not who.may(Action.SEE_SALES) else Action.SEE_SALES)
    if who.counters and counter not in who.counters:
        raise NotFound("counter_unknown", counter=counter)
    return edge.service.lane(counter)


async def _serve(hub: Hub, line: LiveLine, socket: web.WebSocketResponse, listener: Listener) -> None:
    stuck_s = hub.edge.limits.socket_stuck_s
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(_write(hub, line, socket, listener), name="live writer")
        ending = group.create_task(_end(socket, listener, writing, stuck_s), name="live end")
        await _read(socket)
        writing.cancel()
        if not listener.ended.is_set():
            ending.cancel()


async def _read(socket: web.WebSocketResponse) -> None:
    """Until the socket closes. Nothing is expected; who talks anyway is soon closed."""
    heard = 0
    async for message in socket:
        heard += 1
        if heard > CHATTER_MAX or message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)


async def _end(
    socket: web.WebSocketResponse, listener: Listener, writing: "asyncio.Task[None]", stuck_s: float
) -> None:
    """Close with the hub's reason, however full the line is."""
    await listener.ended.wait()
    writing.cancel()
    code, reason = listener.why
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(stuck_s):
            await socket.close(code=code, message=reason, drain=False)


async def _write(hub: Hub, line: LiveLine, socket: web.WebSocketResponse, listener: Listener) -> None:
    edge, feed = hub.edge, hub.edge.service.feed
    try:
        while not socket.closed:
            listener.news.clear()
            if listener.lane is not None and listener.dirty:
                listener.dirty = False
                await _send(edge, line, socket, hub.view(listener.lane, listener.caller))
            batch = feed.after(listener.sent, limit=BATCH)
            for event in batch:
                listener.sent = event.number
                if not listener.glass_only and visible(event, listener.caller.principal):
                    await _send(edge, line, socket, hub.event(event))
                    note_event(edge, listener.caller, event)
            if not batch:
                listener.live = line.idle = True
                try:
                    await listener.news.wait()
                finally:
                    line.idle = False
    except TimeoutError:
        hub.end(listener, SLOW)
    except TerminalError as error:  # the journal cannot be read now
        log.warning("a live connection ended: %s", error.slug)
        hub.end(listener, WSCloseCode.TRY_AGAIN_LATER, error.slug)
    except ConnectionError:
        return  # the reader sees it too


async def _send(edge: Edge, line: LiveLine, socket: web.WebSocketResponse, text: str) -> None:
    if line.has_room(UTF8_MAX * len(text)):
        await socket.send_str(text)  # there is room for it: nothing to wait for, and no limit to set and take back
        return
    async with asyncio.timeout(edge.limits.socket_stuck_s):
        await socket.send_str(text)
