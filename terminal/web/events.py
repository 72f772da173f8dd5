"""The event catalogue over HTTP: what a WebSocket tells live is read again here from any number, or waited for."""

import asyncio
import contextlib

from terminal.errors import NotAllowed
from terminal.payments.event import Event
from terminal.people.roles import Action, Principal
from terminal.web.calls import Answer, Call
from terminal.web.live.hub import HUB, Listener, same
from terminal.web.shapes.events import EventPage, EventsQuery, event_view, public
from terminal.web.unheard import note_event


def visible(event: Event, who: Principal) -> bool:
    """Store-wide events are for those who may see every counter."""
    return public(event) and (not who.counters or event.counter in who.counters)


async def read_events(call: Call[EventsQuery]) -> Answer:
    """One that waits counts as a live connection of its credential and ends with it (A3, S24)."""
    who = call.require(Action.SEE_SALES)
    at, page = call.form.after, _page(call, who, call.form.after)
    if page.events or not call.form.wait_s:
        return Answer(page)
    hub, listener = call.request.app[HUB], Listener(call.known, None, page.next)
    hub.add(listener)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(call.form.wait_s):
                while not page.events and not listener.ended.is_set():
                    if page.next == at:  # whatever number is the newest: it may not be readable yet
                        await listener.news.wait()
                    listener.news.clear()
                    at, page = page.next, _page(call, who, page.next)
                    await asyncio.sleep(0)  # many that are not for these eyes hold nobody up
    finally:
        hub.remove(listener)
    if not same(call.known):
        raise NotAllowed("not_signed_in")
    return Answer(page)


def _page(call: Call[EventsQuery], who: Principal, after: int) -> EventPage:
    feed = call.edge.service.feed
    found = feed.after(after, limit=call.form.limit)
    seen = [event for event in found if visible(event, who)]
    for event in seen:
        note_event(call.edge, call.known, event)
    shown, reached = [event_view(event) for event in seen], found[-1].number if found else after
    return EventPage(shown, reached, max(feed.published, found[-1].number if found else 0))  # that can be read
