"""Sales whose end their program was never told, over HTTP; and where the edge notes that it was."""

from typing import Any

from terminal.payments.event import Event
from terminal.people.roles import Action
from terminal.web.callers import Caller
from terminal.web.calls import Answer, Call
from terminal.web.edge import Edge
from terminal.web.shapes.events import UnheardQuery
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.sales import SaleList, sale_row


async def list_unheard(call: Call[UnheardQuery]) -> Answer:
    """A program sees what itself asked for: the first thing to read after its own crash."""
    who, form = call.require(Action.SEE_SALES), call.form
    mine = who.actor if call.known.by_key else None
    rows, go_on = call.edge.service.unheard.waiting(who.counters, who=mine, before=form.before, limit=form.limit)
    return Answer(SaleList([sale_row(each) for each in rows], go_on))


async def close_unheard(call: Call[Nothing]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    sale = call.sale(Action.SEE_SALES)
    await call.edge.service.unheard.close(sale.id, actor=call.actor)
    return Answer(Done())


def note_event(edge: Edge, caller: Caller, event: Event) -> None:
    """An event reached this listener."""
    if caller.by_key and event.type == "sale_moved":
        edge.service.unheard.heard(event.subject, str(event.body["to"]), caller.principal.actor, event.wall_ms)


def note_sale(call: Call[Any], sale: str, state: str, at_ms: int) -> None:
    """This answer tells how a sale stands."""
    if call.known.by_key:
        call.edge.service.unheard.heard(sale, state, call.known.principal.actor, at_ms)
