"""Money without a sale over HTTP: what waits, and a person's word that it was seen."""

from dataclasses import astuple

from terminal.people.roles import Action
from terminal.web.answers import Done, OrphanList, OrphanRow
from terminal.web.calls import Answer, Call
from terminal.web.forms import Nothing, OrphanEnding


async def list_orphans(call: Call[Nothing]) -> Answer:
    """They belong to no counter: every till shows them, and no machine that may see some counters only."""
    who = call.require(Action.SEE_SALES)
    hidden = call.known.by_key and who.counters
    found = [] if hidden else call.edge.service.orphans.waiting()
    return Answer(OrphanList([OrphanRow(*astuple(each)) for each in found]))


async def close_orphan(call: Call[OrphanEnding]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    form = call.form
    await call.edge.service.orphans.close(call.part("order"), form.how, form.note, actor=call.actor)
    return Answer(Done())
