"""The event catalogue over HTTP: what a WebSocket tells live can be read again here, from any number on."""

from terminal.payments.event import Event
from terminal.people.roles import Action, Principal
from terminal.web.answers import EventPage, public
from terminal.web.calls import Answer, Call
from terminal.web.forms import EventsQuery
from terminal.web.views import event_view


def visible(event: Event, who: Principal) -> bool:
    """Store-wide events are for those who may see every counter."""
    return public(event) and (not who.counters or event.counter in who.counters)


async def read_events(call: Call[EventsQuery]) -> Answer:
    who = call.require(Action.SEE_SALES)
    feed, form = call.edge.service.feed, call.form
    found = feed.after(form.after, limit=form.limit)
    shown = [event_view(event) for event in found if visible(event, who)]
    last = found[-1].number if found else form.after
    return Answer(EventPage(shown, last, feed.last_number()))
