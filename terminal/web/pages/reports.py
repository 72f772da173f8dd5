"""The pages of reports: today, the week and the month; X and Z; differences; fees; the day book.

Every figure comes from the same use cases as the API's; here they only become words and pictures.
"""

import asyncio
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryFile
from typing import Final

import msgspec
from aiohttp import web

from terminal.errors import InvalidRequest, NotAllowed
from terminal.people.roles import Action, Principal
from terminal.settlement.daybook import COLUMNS, DayBook
from terminal.settlement.export import write_xlsx
from terminal.settlement.fees import fees_of_days
from terminal.settlement.period import Batch, Period
from terminal.web.desks.reports import DESK, Desk
from terminal.web.pages.fee_rows import fee_rows
from terminal.web.pages.frame import (
    PARTS,
    PLAIN_HEADERS,
    allowed,
    error_words,
    page,
    people_facts,
    printers_of,
    render,
    words_for,
)
from terminal.web.pages.glance import Say, Stretch, days_plot, plots, sections, stretch, week_of
from terminal.web.reports import PAGE, days_of, glance
from terminal.web.shapes.reports import CurrencyView, currency_views

BATCHES: Final = 12  # bills named on one page
CHUNK: Final = 65_536
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def reports_routes() -> list[web.RouteDef]:
    return [
        web.get("/reports", page(overview)),
        web.get("/reports/today", page(today)),
        web.get("/reports/month", page(month)),
        web.get("/reports/z", page(x_and_z)),
        web.get("/reports/z/{n}", page(one_z)),
        web.get("/reports/fees", page(fees)),
        web.get("/reports/daybook.xlsx", page(workbook)),
    ]


def say_for(request: web.Request) -> Say:
    parts, words = request.app[PARTS], words_for(request)
    slips = parts.service.parts.slips
    return Say(
        words,
        method=lambda name: slips.method(name, words.language),
        when=lambda at_ms: words.date_time(at_ms, parts.zone),
        cut_off_hour=request.app[DESK].shop.cut_off.hour,
    )


def reader(request: web.Request) -> Desk:
    """Who may see the sums of all counters. Raises NotAllowed."""
    if allowed(request, Action.SEE_REPORTS).counters:
        raise NotAllowed("not_allowed", action=Action.SEE_REPORTS.value)
    return request.app[DESK]


def facts_for(request: web.Request, say: Say) -> dict[str, object]:
    """What the script of these pages needs; a person's own id saves choosing it beside the PIN."""
    parts, who = request.app[PARTS], request.app[PARTS].who(request)
    return {
        "words": say.words.section("people", "page", "till", "refund", "reports"),
        "errors": error_words(say.words.language),
        "people": people_facts(parts),
        "me": who.id if who and who.kind == "person" else "",
        "language": say.words.language,
    }


async def overview(request: web.Request) -> web.Response:
    """Today, this week and this month for who may see sums; the others are led to today's page."""
    who = allowed(request, Action.SEE_SALES)
    if not who.may(Action.SEE_REPORTS) or who.counters:
        raise web.HTTPSeeOther("/reports/today")
    desk, say = request.app[DESK], say_for(request)
    day = desk.reports.today()
    first = min(week_of(day), day.replace(day=1))
    period = await desk.periods.of(first, day)
    spans = [("today", day), ("week", week_of(day)), ("month", day.replace(day=1))]
    found = {name: _sums(desk, period, begin, day) for name, begin in spans}
    settled = {name: period.batches(begin, day, desk.parts.settled) for name, begin in spans}
    shown = []
    for view in found["month"] if len(found["month"]) >= len(found["week"]) else found["week"]:
        lines = [_line(say, name, found[name], settled[name], view.currency) for name, _ in spans]
        now = next((each for each in found["today"] if each.currency == view.currency), None)
        days = [week_of(day) + timedelta(days=at) for at in range(7)]
        arrived = _by_day(period, days, desk, view.currency)
        shown.append(
            {
                "currency": view.currency,
                "lines": lines,
                "plots": plots(now, say, cashiers=True) if now else [],
                "days": days_plot(period, days, view.currency, arrived, say),
            }
        )
    return render(
        request,
        "reports.html",
        say.words,
        here="today",
        day=say.day(day),
        shown=shown,
        batches=batch_rows(settled["month"], say),
        unsealed=[say.day(each) for each in await desk.reports.unsealed()],
        export=_export(day.replace(day=1), day),
    )


def _sums(desk: Desk, period: Period, first: date, last: date) -> list[CurrencyView]:
    totals = period.totals(first, last)
    return currency_views(totals, desk.labels(totals))


def _line(say: Say, name: str, views: list[CurrencyView], batches: list[Batch], currency: str) -> Stretch | None:
    view = next((each for each in views if each.currency == currency), None)
    return stretch(say.word(f"reports.{name}"), view, batches, say) if view else None


def _by_day(period: Period, days: list[date], desk: Desk, currency: str) -> dict[date, int]:
    """Of each day's money, what bills have settled so far."""
    found = {}
    for day in days:
        batches = period.batches(day, day, desk.parts.settled)
        found[day] = sum(each.settle_minor for each in batches if each.currency == currency)
    return found


def batch_rows(batches: list[Batch], say: Say) -> list[dict[str, object]]:
    """The newest bills: their day, their batch, what they settled and took."""
    return [
        {
            "day": say.day(date.fromisoformat(each.day)),
            "batch": each.batch,
            "channel": say.method(each.channel),
            "n": each.n,
            "settled": say.money(each.settle_minor, each.currency),
            "fee": say.money(each.fee_minor, each.currency),
        }
        for each in batches[:BATCHES]
    ]


def _export(first: date, last: date) -> dict[str, str]:
    return {"first": first.isoformat(), "last": last.isoformat()}


async def today(request: web.Request) -> web.Response:
    """For whoever sells: the last twenty sales, and the day's sums where the shop shows them to all (row 112)."""
    who, desk, say = allowed(request, Action.SEE_SALES), request.app[DESK], say_for(request)
    sums = who.may(Action.SEE_REPORTS)
    told = await glance(desk, sorted(who.counters) or [""], sums=sums)
    sales = [
        {
            "id": each.id,
            "no": f"{each.no:04}",
            "when": say.when(each.opened_ms),
            "word": each.word,
            "wallet": say.method(each.wallet) if each.wallet else "",
            "amount": say.money(each.amount_minor, each.currency),
            "refunded": say.money(each.refunded_minor, each.currency) if each.refunded_minor else "",
        }
        for each in told.sales
    ]
    shown = [
        {"line": stretch("", each, [], say), "plots": plots(each, say, cashiers=sums)}
        for each in told.totals or ()
    ]
    return render(
        request,
        "reports_today.html",
        say.words,
        here="now",
        owner=_sees(who),
        day=say.day(date.fromisoformat(told.day)),
        sales=sales,
        hidden=told.totals is None,
        shown=shown,
    )


def _sees(who: Principal) -> bool:
    """Whether the other pages of reports open for them."""
    return who.may(Action.SEE_REPORTS) and not who.counters


async def month(request: web.Request) -> web.Response:
    """What an owner looks at once a month: fees, refunds, what bills settled, what is left to check."""
    desk, say = reader(request), say_for(request)
    now = desk.reports.today()
    first = _month(request.query.get("of", ""), now)
    last = _next(first) - timedelta(days=1)
    end = min(last, now)
    period = await desk.periods.of(first, end)
    batches = period.batches(first, end, desk.parts.settled)
    views = _sums(desk, period, first, end)
    days = [first + timedelta(days=at) for at in range((end - first).days + 1)]
    shown = [
        {
            "currency": view.currency,
            "line": stretch(f"{first:%Y-%m}", view, batches, say),
            "refunds": view.refunded.n,
            "days": days_plot(period, days, view.currency, _by_day(period, days, desk, view.currency), say),
            "plots": plots(view, say, cashiers=True),
        }
        for view in views
    ]
    open_differences = desk.reports.journal.list("difference", limit=1, search="open")
    return render(
        request,
        "reports_month.html",
        say.words,
        here="month",
        of=f"{first:%Y-%m}",
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{_next(first):%Y-%m}" if _next(first) <= now else "",
        shown=shown,
        batches=batch_rows(batches, say),
        differences=any(each.body["open"] for each in open_differences),
        waits=any(
            each.body["exceptions"] for each in desk.service.feed.unfinished() if each.body["kind"] == "sale"
        ),
        export=_export(first, end),
    )


def _month(text: str, now: date) -> date:
    """The first of a month such as ``2026-11``; without a name of this one. Raises InvalidRequest."""
    if not text:
        return now.replace(day=1)
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidRequest("field_wrong", field="of") from None
    if not 2000 <= found.year < 2200 or found > now:
        raise InvalidRequest("field_wrong", field="of")
    return found


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


async def x_and_z(request: web.Request) -> web.Response:
    """What was taken since the last Z, the key that seals it, and all that were sealed."""
    desk, say = reader(request), say_for(request)
    report = await desk.reports.x()
    unsealed = await desk.reports.unsealed()
    before = request.query.get("before", "")
    known = before.isascii() and before.isdigit() and len(before) <= 15
    zs = desk.reports.zs(before=int(before) if known else None, limit=PAGE)
    due = unsealed[0] if unsealed else desk.reports.today()
    return render(
        request,
        "reports_z.html",
        say.words,
        here="z",
        day=say.day(report.day),
        since=say.when(report.since_ms) if report.since_ms else "",
        sections=sections(desk.view(report), say),
        empty=report.totals.empty,
        due=due.isoformat(),
        due_told=say.day(due),
        next_n=desk.reports.last().n + 1,
        unsealed=[say.day(each) for each in unsealed],
        zs=[
            {
                "n": row.body["n"],
                "day": say.day(date.fromisoformat(row.body["day"])),
                "at": say.when(row.body["at_ms"]),
            }
            for row in zs
        ],
        more=zs[-1].first_number if len(zs) == PAGE else None,
        printers=printers_of(request),
        facts=facts_for(request, say),
    )


async def one_z(request: web.Request) -> web.Response:
    """One sealed report as it was sealed, with the seals of its counters."""
    desk, say, text = reader(request), say_for(request), request.match_info["n"]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidRequest("field_wrong", field="n")
    report = desk.reports.z(int(text))
    view = desk.view(report)
    return render(
        request,
        "reports_one_z.html",
        say.words,
        here="z",
        z=view,
        day=say.day(report.day),
        since=say.when(report.since_ms) if report.since_ms else "",
        at=say.when(report.at_ms),
        by=request.app[PARTS].people.label(report.by) or report.by,
        sections=sections(view, say),
        printers=printers_of(request),
        facts=facts_for(request, say),
    )


async def fees(request: web.Request) -> web.Response:
    """What was agreed against what was charged, by channel and price (row 117)."""
    desk, say = reader(request), say_for(request)
    first, last = _asked_days(request, desk)
    reports, parts = desk.reports, desk.parts
    sums = await fees_of_days(
        reports.journal, desk.shop, first, last, ledger=reports.ledger, settled=parts.settled, rules=parts.rules
    )
    return render(
        request, "reports_fees.html", say.words, here="fees", fees=fee_rows(sums, say),
        export=_export(first, last), span=f"{say.day(first)} – {say.day(last)}",
    )  # fmt: skip


def _asked_days(request: web.Request, desk: Desk) -> tuple[date, date]:
    """Raises InvalidRequest("field_wrong"). Without any: this month so far."""
    first, last = (request.query.get(name, "")[:10] for name in ("first", "last"))
    if not first and not last:
        now = desk.reports.today()
        return now.replace(day=1), now
    return days_of(desk, first, last)


async def workbook(request: web.Request) -> web.StreamResponse:
    """The day book for spreadsheets, made in a file of its own and sent piece by piece."""
    desk = reader(request)
    first, last = _asked_days(request, desk)
    book = DayBook(desk.reports.journal, desk.shop, ledger=desk.reports.ledger)
    made = datetime.fromtimestamp(desk.service.parts.clock.wall_ms() // 1000, UTC)
    name = f'attachment; filename="daybook-{first.isoformat()}_{last.isoformat()}.xlsx"'
    with TemporaryFile() as pages, TemporaryFile() as file:
        for each in book.of_days(first, last):  # read here, where the journal is read; written beside
            pages.write(msgspec.json.encode([astuple(row) for row in each]) + b"\n")
            await asyncio.sleep(0)  # sales come first
        pages.seek(0)
        rows = map(msgspec.json.decode, pages)
        await asyncio.to_thread(write_xlsx, file, COLUMNS, rows, title="Day book", made=made)
        file.seek(0)
        answer = web.StreamResponse(headers={**PLAIN_HEADERS, "Content-Disposition": name, "Content-Type": _XLSX})
        await answer.prepare(request)
        while chunk := file.read(CHUNK):
            await answer.write(chunk)
    await answer.write_eof()
    return answer
