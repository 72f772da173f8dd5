"""Goods while they are entered: a till shows its customer the newest line and the sum so far. No money in it."""

from typing import Annotated

import msgspec

from terminal.payments.lines import NAME_MAX, Entered
from terminal.payments.money import MINOR_MAX, Money
from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.shapes.form import Form
from terminal.web.shapes.lines import Signed


class NewEntered(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The newest line and its amount, the sum of all. Neither ``name`` nor sum: nothing is entered any more."""

    name: Annotated[str, msgspec.Meta(max_length=NAME_MAX)] = ""
    line_minor: Signed = 0
    total_minor: Annotated[int, msgspec.Meta(ge=0, le=MINOR_MAX)] = 0


class EnteredShown(msgspec.Struct, frozen=True):
    """``shown``: the idle glass has it, or will within a second; false: it shows a sale."""

    shown: bool


async def enter_goods(call: Call[NewEntered]) -> Answer:
    service, form = call.edge.service, call.form
    lane, currency = service.lane(call.counter(Action.TAKE_MONEY, call.part("counter"))), service.house.currency
    name = form.name.strip()
    there = Entered(name, Money(form.line_minor, currency), Money(form.total_minor, currency))
    return Answer(EnteredShown(lane.glass.enter(there if name or form.total_minor else None)))
