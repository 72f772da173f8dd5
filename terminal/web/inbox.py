"""What waits for a person beside the sales, over HTTP: keys that end, sales that nobody could confirm."""

from dataclasses import astuple

from terminal.people.roles import Action
from terminal.web.answers import Done
from terminal.web.calls import Answer, Call
from terminal.web.forms import Nothing
from terminal.web.inbox_shapes import EndingKeyRow, Inbox, SeenForm, UnverifiedRow


async def read_inbox(call: Call[Nothing]) -> Answer:
    """Every till shows it, and no machine that may see some counters only."""
    who = call.require(Action.SEE_SALES)
    if call.known.by_key and who.counters:
        return Answer(Inbox([]))
    service = call.edge.service
    return Answer(
        Inbox(
            [EndingKeyRow(*astuple(each)) for each in service.expiries.waiting()],
            [UnverifiedRow(*astuple(each)) for each in service.unverified.waiting()],
            service.unverified.sums(),
        )
    )


async def close_key(call: Call[SeenForm]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    await call.edge.service.expiries.close(call.part("key"), actor=call.actor)
    return Answer(Done())
