"""Reports over HTTP: read an X, seal a Z, print either, fees, the day book, today at a glance."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import astuple
from datetime import date
from typing import Any, Final

from aiohttp import web

from terminal.counter.claims import answered, claim
from terminal.errors import InvalidRequest, NotAllowed
from terminal.payments.event import Actor, Owed
from terminal.people.roles import Action
from terminal.settlement.daybook import COLUMNS, DayBook
from terminal.settlement.export import csv_pages, json_pages
from terminal.settlement.fees import fees_of_days
from terminal.settlement.totals import Totals
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.desks.reports import DESK, Desk
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.reports import (
    DayBookQuery,
    DaysQuery,
    FeeList,
    NewReportPrint,
    NewZ,
    ReportQuery,
    TodayView,
    ZList,
    ZQuery,
    ZRow,
    currency_views,
    fee_view,
)
from terminal.web.shapes.sales import sale_row

GLANCE: Final = 20  # sales of today's page
PAGE: Final = 50
DAYS_MAX: Final = 400
_MEDIA: Final = {"json": "application/json", "csv": "text/csv"}


def _desk(call: Call[Any]) -> Desk:
    return call.request.app[DESK]


def _reader(call: Call[Any], counter: str) -> Desk:
    """Who may see sums, of this counter or of all. Raises NotAllowed, NotFound("counter_unknown")."""
    if counter:
        call.counter(Action.SEE_REPORTS, counter)
    elif call.require(Action.SEE_REPORTS).counters:
        raise NotAllowed("not_allowed", action=Action.SEE_REPORTS.value)
    return _desk(call)


async def read_x(call: Call[ReportQuery]) -> Answer:
    desk = _reader(call, call.form.counter)
    report = await desk.reports.x(call.form.counter)
    unsealed = [each.isoformat() for each in await desk.reports.unsealed()]
    return Answer(desk.view(report, unsealed))


async def list_z(call: Call[ZQuery]) -> Answer:
    rows = _reader(call, "").reports.zs(before=call.form.before, limit=PAGE)
    told = [ZRow(row.body["n"], row.body["day"], row.body["at_ms"], row.first_number) for row in rows]
    return Answer(ZList(told, told[-1].cursor if len(told) == PAGE else None))


async def read_z(call: Call[Nothing]) -> Answer:
    desk = _reader(call, "")
    return Answer(desk.view(desk.reports.z(_number(call))))


def _number(call: Call[Any]) -> int:
    """Raises InvalidRequest("field_wrong")."""
    text = call.part("n")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidRequest("field_wrong", field="n")
    return int(text)


async def seal(call: Call[NewZ]) -> Answer:
    """201 with the sealed report; the same key again answers the same one."""
    desk, form = _desk(call), call.form
    actor = await _closer(call)
    if call.key and (known := answered(call.edge.service.feed, call.key)) is not None:
        return Answer(desk.view(desk.reports.z(int(known))), 201)
    if form.print_at:
        call.edge.service.report_paper.room(form.print_at)
    last = desk.reports.last().n
    report = await desk.reports.seal(
        _day(form.day, "day"),
        actor=actor,
        empty=form.empty,
        claims=lambda n: claim(call.key, str(n)),
        owes=desk.owing(form.print_at, str(actor)),
    )
    assert report.n > last
    _print_sealed(call, desk, report.n)
    return Answer(desk.view(report), 201)


def _print_sealed(call: Call[NewZ], desk: Desk, n: int) -> None:
    """What the seal owes is printed now; after a power cut the next start finds it in the journal."""
    subject = desk.reports.subject(n)
    for event in call.edge.service.feed.of_subject(subject):
        for owed in event.body["index"].get("owes", ()) if event.type == "z_sealed" else ():
            paper = Owed(owed["id"], owed["kind"], owed["counter"], subject, event.number, event.wall_ms, owed)
            call.edge.service.report_paper.owe(paper)


async def _closer(call: Call[NewZ]) -> Actor:
    """The caller, or who typed a PIN for this one act. Raises NotAllowed: ``pin_again``, ``pin_wrong``, …"""
    given = call.form.approver
    if given is None:
        return call.require(Action.CLOSE_DAY).actor
    call.require(Action.SEE_SALES)
    approver = await call.edge.people.approve(
        Action.CLOSE_DAY, given.person, given.pin, device=place(call.request)
    )
    return approver.actor


async def print_x(call: Call[NewReportPrint]) -> Answer:
    desk, counter = _reader(call, ""), call.counter(Action.REPRINT, call.form.counter)
    paper = call.edge.service.report_paper
    paper.room(counter)
    report = await desk.reports.x()
    await paper.ask(counter, f"x:{desk.reports.store}", desk.slip(report, counter), actor=call.actor)
    return Answer(Done())


async def print_z(call: Call[NewReportPrint]) -> Answer:
    """Once more; it is marked as a copy when it was begun before."""
    desk, counter = _reader(call, ""), call.counter(Action.REPRINT, call.form.counter)
    report = desk.reports.z(_number(call))
    subject = desk.reports.subject(report.n)
    lines = desk.slip(report, counter)
    paper = call.edge.service.report_paper
    await paper.ask(counter, subject, lines, actor=call.actor, copy=desk.copies(subject))
    return Answer(Done())


async def read_fees(call: Call[DaysQuery]) -> Answer:
    desk = _reader(call, "")
    first, last = days_of(desk, call.form.first, call.form.last)
    journal, parts = call.edge.service.feed, desk.parts
    ledger = desk.reports.ledger
    lines = await fees_of_days(
        journal, desk.shop, first, last, ledger=ledger, settled=parts.settled, rules=parts.rules
    )
    return Answer(FeeList(first.isoformat(), last.isoformat(), [fee_view(each) for each in lines]))


async def read_daybook(call: Call[DayBookQuery]) -> Answer:
    """Streamed: the first rows leave before the last ones are read."""
    desk, form = _reader(call, call.form.counter), call.form
    book = DayBook(call.edge.service.feed, desk.shop, ledger=desk.reports.ledger, counter=form.counter)
    if form.z:
        report = desk.reports.z(form.z)
        pages, name = book.of_numbers(report.first, report.last), f"z{report.n}"
    else:
        first, last = days_of(desk, form.first, form.last)
        pages, name = book.of_days(first, last), f"{first.isoformat()}_{last.isoformat()}"
    rows = ([astuple(row) for row in page] for page in pages)
    chunks = csv_pages(COLUMNS, rows, bom=form.bom == "yes") if form.format == "csv" else json_pages(COLUMNS, rows)
    headers = {"Content-Disposition": f'attachment; filename="daybook-{name}.{form.format}"'}
    media = _MEDIA[form.format]
    charset = "utf-8" if form.format == "csv" else None
    return Answer(
        response=web.Response(body=_in_turns(chunks), content_type=media, charset=charset, headers=headers)
    )


async def _in_turns(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Sales come first: everybody else has a turn between two pages."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


async def read_today(call: Call[ReportQuery]) -> Answer:
    """A till sees its own counters; sums are for who may see reports, or for all where the shop allows it."""
    who, asked = call.require(Action.SEE_SALES), call.form.counter
    counters = [call.counter(Action.SEE_SALES, asked)] if asked else sorted(who.counters) or [""]
    return Answer(await glance(_desk(call), counters, sums=who.may(Action.SEE_REPORTS)))


async def glance(desk: Desk, counters: Sequence[str], *, sums: bool) -> TodayView:
    """Of these counters ("" is all). ``sums``: the caller may see them even where the shop hides them."""
    feed = desk.service.feed
    rows = [sale_row(row) for counter in counters for row in feed.list("sale", counter=counter, limit=GLANCE)]
    rows.sort(key=lambda row: -row.cursor)
    totals = None
    if desk.parts.cashier_totals or sums:
        found = Totals()
        for counter in counters:
            found = found.plus(await desk.reports.today_totals(counter))
        totals = currency_views(found, desk.labels(found))
    return TodayView(desk.reports.today().isoformat(), rows[:GLANCE], totals)


def days_of(desk: Desk, first: str, last: str) -> tuple[date, date]:
    """Raises InvalidRequest("field_wrong"): no dates, the wrong way round, or more than DAYS_MAX of them."""
    begin = _day(first, "first") or _day(last, "last") or desk.reports.today()
    end = _day(last, "last") or begin
    if not 0 <= (end - begin).days < DAYS_MAX:
        raise InvalidRequest("field_wrong", field="last")
    return begin, end


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("field_wrong", field=field) from None
    if not 2000 <= found.year < 2200:  # beyond it zones have no rules and instants no place
        raise InvalidRequest("field_wrong", field=field)
    return found
