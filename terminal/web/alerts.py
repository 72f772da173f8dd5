"""Forged messages over HTTP: what was refused in a bank's name, and a person's word that it was seen."""

from dataclasses import astuple

from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.inbox import AlertEnding, AlertList, AlertRow


async def list_alerts(call: Call[Nothing]) -> Answer:
    """They belong to no counter: every till shows them, and no machine that may see some counters only."""
    who = call.require(Action.SEE_SALES)
    hidden = call.known.by_key and who.counters
    found = [] if hidden else call.edge.service.alerts.waiting()
    return Answer(AlertList([AlertRow(*astuple(each)) for each in found]))


async def close_alert(call: Call[AlertEnding]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    await call.edge.service.alerts.close(call.part("channel"), actor=call.actor)
    return Answer(Done())
