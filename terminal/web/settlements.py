"""Bills over HTTP: what differs, its one-key fixes, what is settled on a day, bills from a file or fetched now."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from terminal.counter.claims import answered, claim
from terminal.errors import InvalidRequest, NotAllowed
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.event import Actor
from terminal.payments.receipt import Receipt, Row
from terminal.people.roles import Action
from terminal.settlement.differences import Fix
from terminal.settlement.fixing import Listed
from terminal.settlement.reconcile import Report
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.desks.settlements import SETTLEMENT, SettlementDesk
from terminal.web.shapes.form import Nothing
from terminal.web.shapes.settlements import (
    BillFetch,
    BillImport,
    BillReport,
    BillReports,
    DifferenceList,
    DifferencesQuery,
    FixAnswer,
    NewFix,
    SettlementRow,
    SettlementsQuery,
    day_view,
    difference_view,
    report_view,
)

PAGE: Final = 50
ROWS: Final = 200
BILL_MAX: Final = 64 * 1024 * 1024  # bytes over HTTP; a larger one is dropped into a folder or read by the command
QUIET_S: Final = 30.0  # between two pieces of an upload


def _desk(call: Call[Any]) -> SettlementDesk:
    """Differences belong to the house, not to a counter."""
    if call.require(Action.SEE_REPORTS).counters:
        raise NotAllowed("not_allowed", action=Action.SEE_REPORTS.value)
    return call.request.app[SETTLEMENT]


def _words(call: Call[Any]) -> Catalogue:
    return Catalogue.load(accepted(call.request.headers.get("Accept-Language", "")))


async def list_differences(call: Call[DifferencesQuery]) -> Answer:
    desk, form, words = _desk(call), call.form, _words(call)
    found = desk.differences.page(form.state, form.channel, form.day, form.kind, before=form.before, limit=PAGE)
    after = found[-1].cursor if len(found) == PAGE else None
    return Answer(DifferenceList([difference_view(each, words) for each in found], after))


async def read_difference(call: Call[Nothing]) -> Answer:
    return Answer(difference_view(_desk(call).differences.one(call.part("difference")), _words(call)))


async def fix_difference(call: Call[NewFix]) -> Answer:
    """The same key again answers how the difference stands now and does nothing."""
    actor, desk, form = await _owner(call), call.request.app[SETTLEMENT], call.form
    name, choice, paper = call.part("difference"), Fix(form.choice), call.edge.service.report_paper
    if call.key and answered(desk.service.feed, call.key) is not None:
        return _fixed(call, desk, desk.differences.one(name), choice)
    if form.print_at:
        paper.room(form.print_at)
    listed = await desk.differences.fix(
        name, choice, actor=actor, reason=form.reason, claims=lambda difference: claim(call.key, difference)
    )
    if form.print_at and choice is Fix.ASK_BANK:
        lines: Receipt = tuple(Row(each) for each in desk.letter(listed.difference, _words(call)))
        await paper.ask(form.print_at, f"letter:{name}", lines, actor=actor)
    return _fixed(call, desk, listed, choice)


def _fixed(call: Call[NewFix], desk: SettlementDesk, listed: Listed, choice: Fix) -> Answer:
    words = _words(call)
    text = desk.letter(listed.difference, words) if choice is Fix.ASK_BANK else []
    return Answer(FixAnswer(difference_view(listed, words), text))


async def _owner(call: Call[NewFix]) -> Actor:
    """The caller, or who typed a PIN for this one act. Raises NotAllowed: ``pin_again``, ``pin_wrong``, …"""
    given = call.form.approver
    if given is None:
        return call.require(Action.SETTLE_EXCEPTION).actor
    _desk(call)
    people, device = call.edge.people, place(call.request)
    return (await people.approve(Action.SETTLE_EXCEPTION, given.person, given.pin, device=device)).actor


async def read_settlements(call: Call[SettlementsQuery]) -> Answer:
    desk, form = _desk(call), call.form
    summary = desk.differences.summary(_day(form.day).isoformat())
    found = desk.views.settled_on(form.day, channel=form.channel, after=form.after, limit=ROWS)
    rows = [
        SettlementRow(each.subject, each.kind, each.channel, each.batch, each.settle_minor, each.fee_milli)
        for each in found
    ]
    after = rows[-1].id if len(rows) == ROWS else None
    return Answer(day_view(summary, rows, after, _words(call)))


async def import_bill(call: Call[BillImport]) -> Answer:
    """What a bill proves is believed, so only who was given this right on purpose may bring one."""
    call.require(Action.IMPORT_BILLS)
    if not call.known.by_key:
        call.require(Action.SETTLE_EXCEPTION)  # people: with a fresh PIN
    form = call.form
    door = call.request.app[SETTLEMENT].bills(form.channel)
    with _place(form.name) as path:
        await _store(call, path)
        report = await door.import_file(path, form.format, form.channel)
    await call.request.app[SETTLEMENT].differences.look_again(form.channel)
    return Answer(_told(call, report), 201)


async def fetch_bills(call: Call[BillFetch]) -> Answer:
    desk, form = _desk(call), call.form
    fetched = await desk.bills(form.channel).fetch_now(form.channel, _day(form.day))
    await desk.differences.look_again(form.channel)
    reports = [_told(call, each) for each in fetched.reports]
    for kind, none in fetched.without.items():
        empty = Report(form.channel, kind, form.day)
        reports.append(report_view(empty, _words(call), without=none.why))
    return Answer(BillReports(reports))


def _told(call: Call[Any], report: Report) -> BillReport:
    return report_view(report, _words(call))


@contextmanager
def _place(name: str) -> Iterator[Path]:
    """A file only this process can read, gone with the request; a path's name is never the caller's to choose."""
    with tempfile.TemporaryDirectory(prefix="countertop-bill-") as folder:
        suffix = Path(name).suffix
        yield Path(folder) / f"bill{suffix if suffix[1:].isalnum() and len(suffix) <= 8 else ''}"


async def _store(call: Call[BillImport], path: Path) -> None:
    """Raises InvalidRequest: ``body_too_large``, ``request_timeout``."""
    if (call.request.content_length or 0) > BILL_MAX:
        raise InvalidRequest("body_too_large", limit=BILL_MAX)
    size = 0
    with path.open("xb") as file:
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    chunk = await call.request.content.readany()
            except TimeoutError:
                raise InvalidRequest("request_timeout") from None
            if not chunk:
                return
            size += len(chunk)
            if size > BILL_MAX:
                raise InvalidRequest("body_too_large", limit=BILL_MAX)
            file.write(chunk)


def _day(text: str) -> date:
    """Raises InvalidRequest("field_wrong")."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("field_wrong", field="day") from None
