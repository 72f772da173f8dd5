"""What waits for a person and belongs to no counter, over HTTP: keys that end."""

from dataclasses import astuple

from terminal.people.roles import Action
from terminal.web.answers import Done
from terminal.web.calls import Answer, Call
from terminal.web.forms import Nothing
from terminal.web.inbox_shapes import EndingKeyRow, Inbox, SeenForm


async def read_inbox(call: Call[Nothing]) -> Answer:
    """Every till shows it, and no machine that may see some counters only."""
    who = call.require(Action.SEE_SALES)
    if call.known.by_key and who.counters:
        return Answer(Inbox([]))
    return Answer(Inbox([EndingKeyRow(*astuple(each)) for each in call.edge.service.expiries.waiting()]))


async def close_key(call: Call[SeenForm]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    await call.edge.service.expiries.close(call.part("key"), actor=call.actor)
    return Answer(Done())
