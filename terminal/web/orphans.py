"""Money without a sale over HTTP: what waits, and a person's word that it was seen."""

from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.shapes.form import Done
from terminal.web.shapes.inbox import OrphanEnding, OrphanList, OrphanRow, OrphansQuery


async def list_orphans(call: Call[OrphansQuery]) -> Answer:
    """They belong to no counter: every till shows them, and no machine that may see some counters only."""
    who, form = call.require(Action.SEE_SALES), call.form
    if call.known.by_key and who.counters:
        return Answer(OrphanList([]))
    found = call.edge.service.orphans.waiting(after=form.after, limit=form.limit + 1)
    shown = found[: form.limit]
    rows = [OrphanRow(x.order_no, x.channel, x.amount_minor, x.currency, x.at_ms) for x in shown]
    return Answer(OrphanList(rows, shown[-1].cursor if len(found) > form.limit else None))


async def close_orphan(call: Call[OrphanEnding]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    form = call.form
    await call.edge.service.orphans.close(call.part("order"), form.how, form.note, actor=call.actor)
    return Answer(Done())
