"""Sales over HTTP: open, read, list, cancel, ask again, park, another code."""

from typing import Any

from terminal.counter.scans import sale_of_slip
from terminal.errors import NotFound
from terminal.payments.decide import OpenSale, summary
from terminal.payments.event import Summary
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.people.roles import Action, decide_sale
from terminal.web.calls import Answer, Call
from terminal.web.desks.reports import DESK
from terminal.web.shapes.events import Timeline, event_view, public
from terminal.web.shapes.form import Nothing
from terminal.web.shapes.lines import lines_of
from terminal.web.shapes.sales import (
    NewCancel,
    NewCode,
    NewSale,
    SaleList,
    SaleRow,
    SalesQuery,
    sale_row,
    sale_view,
)
from terminal.web.unheard import note_sale


def shown(call: Call[Any], sale: Sale, status: int = 200) -> Answer:
    service = call.edge.service
    paying = [each.id for each in sale.attempts if each.pays]
    settlements = call.request.app[DESK].parts.settled.settlements(paying) if paying else {}
    test, check_code = service.house.simulated, service.check_code(sale)
    view = sale_view(sale, test=test, check_code=check_code, settlements=settlements)
    note_sale(call, sale.id, sale.state, sale.ended_ms)
    return Answer(view, status)


async def open_sale(call: Call[NewSale]) -> Answer:
    """201 for a new sale, 200 for the sale an order number already has."""
    service, form = call.edge.service, call.form
    who = call.known.principal
    counter = call.counter(Action.TAKE_MONEY if who.may(Action.TAKE_MONEY) else Action.TEST_SALE, form.counter)
    policy, currency = call.edge.people.settings.sales, service.house.currency
    amount = Money.charge(form.amount_minor, form.currency)
    decide_sale(policy, who, amount, currency=currency)
    known = bool(form.order_no) and service.feed.claimed("pos_order", f"{service.house.merchant}/{form.order_no}")
    sale = await service.checkout.open_sale(
        OpenSale(
            counter,
            amount,
            form.title,
            form.order_no,
            form.reference,
            tuple(dict.fromkeys(form.directions)),
            lines=lines_of(form.lines),
        ),
        actor=call.actor,
        key=call.key,
        unverified=form.unverified,
        new_key=not call.repeated,
    )
    return shown(call, sale, 200 if known and not call.repeated else 201)


async def read_sale(call: Call[Nothing]) -> Answer:
    return shown(call, call.sale(Action.SEE_SALES))


async def list_sales(call: Call[SalesQuery]) -> Answer:
    call.require(Action.SEE_SALES)
    if call.form.receipt:
        return Answer(SaleList([_of_receipt(call)], None))
    asked, only = call.form.counter, call.known.principal.counters
    counters = [call.counter(Action.SEE_SALES, asked)] if asked else sorted(only) or [""]
    rows = [row for counter in counters for row in _rows(call, counter)]
    rows.sort(key=lambda row: -row.cursor)
    rows = rows[: call.form.limit]
    for row in rows:
        note_sale(call, row.id, row.state, row.changed_ms)
    return Answer(SaleList(rows, rows[-1].cursor if len(rows) == call.form.limit else None))


def _of_receipt(call: Call[SalesQuery]) -> SaleRow:
    """Another counter's receipt is as unknown as a made-up one (S31)."""
    service = call.edge.service
    sale = sale_of_slip(service.book, call.form.receipt)
    if not call.sees(sale.counter) or call.form.counter not in {"", sale.counter}:
        raise NotFound("receipt_unknown")
    events = service.feed.of_subject(sale.id)
    first, last = events[0], events[-1]
    body = summary(sale)
    return sale_row(Summary(sale.id, sale.counter, first.number, last.number, first.wall_ms, last.wall_ms, body))


def _rows(call: Call[SalesQuery], counter: str) -> list[SaleRow]:
    form = call.form
    found = call.edge.service.feed.list(
        "sale", counter=counter, before=form.before, limit=form.limit, search=form.search
    )
    return [sale_row(row) for row in found]


async def timeline(call: Call[Nothing]) -> Answer:
    sale = call.sale(Action.SEE_SALES)
    events = call.edge.service.feed.of_subject(sale.id)
    return Answer(Timeline(sale.id, [event_view(event) for event in events if public(event)]))


async def cancel(call: Call[NewCancel]) -> Answer:
    """The answer may be "too late: paid" (409), or a sale that is still being checked."""
    sale = call.sale(Action.CANCEL_SALE)
    return shown(call, await call.edge.service.checkout.cancel(sale.id, why=call.form.why, actor=call.actor))


async def check(call: Call[Nothing]) -> Answer:
    return shown(call, call.edge.service.checkout.check_again(call.sale(Action.TAKE_MONEY).id))


async def park(call: Call[Nothing]) -> Answer:
    sale = call.sale(Action.TAKE_MONEY)
    return shown(call, await call.edge.service.checkout.park(sale.id, actor=call.actor))


async def list_unverified(call: Call[Nothing]) -> Answer:
    sale = call.sale(Action.TAKE_MONEY)
    return shown(call, await call.edge.service.unverified.put(sale.id, actor=call.actor, key=call.key), 201)


async def show_code(call: Call[NewCode]) -> Answer:
    sale = call.sale(Action.TAKE_MONEY)
    sale = await call.edge.service.checkout.show_code(
        sale.id, actor=call.actor, key=call.key, channel=call.form.channel
    )
    return shown(call, sale, 201)
