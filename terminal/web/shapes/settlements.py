"""Bills, what is settled and what differs, as asked for and shown. Fees are thousandths of a unit."""

from typing import Annotated, Literal

import msgspec

from terminal.settlement.day_summary import DaySummary
from terminal.settlement.differences import Difference
from terminal.settlement.fixing import Listed
from terminal.settlement.reconcile import Report
from terminal.settlement.words import Words, day_line, ended, fix_name, left_alone, sentence, state_name, title
from terminal.web.shapes.form import Approver, Form, Number

Day = Annotated[
    str,
    msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A bill's day, in the bank's own days."),
]
Channel = Annotated[str, msgspec.Meta(max_length=64, description="As the settings name it.")]
Choice = Literal["query", "refund", "attach", "accept", "carry", "ask_bank"]
Kinds = Literal[
    "",
    "missing_here",
    "missing_there",
    "status",
    "short",
    "over",
    "fee",
    "duplicate",
    "late",
    "wrong_account",
    "wrong_currency",
    "payout",
]


class DifferencesQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen. Without ``state`` open and ended ones."""

    state: Literal["", "open", "ended"] = "open"
    channel: Channel = ""
    day: Day = ""
    kind: Kinds = ""
    before: Number | None = None


class NewFix(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``reason`` is needed to accept. ``print_at``: a counter whose printer prints the text for the bank.

    ``approver``: somebody who may end differences, where the caller may not.
    """

    choice: Choice
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    print_at: Annotated[str, msgspec.Meta(max_length=64)] = ""
    approver: Approver | None = None


class SettlementsQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after`` is the ``next`` of the page before."""

    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A bill's day.")]
    channel: Channel = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""


class BillImport(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose bill it is; ``format`` empty: by the file's first bytes. The file itself is the body."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    format: Annotated[str, msgspec.Meta(max_length=32)] = ""
    name: Annotated[str, msgspec.Meta(max_length=80, description="The file's name, for sentences.")] = "bill"


class BillFetch(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ask the bank for a day's bills now."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A bill's day.")]


class ChoiceView(msgspec.Struct, frozen=True):
    """``fix`` is what the call takes, ``name`` what a key says."""

    fix: str
    name: str


class DifferenceView(msgspec.Struct, frozen=True):
    """One thing bill and journal differ in, in the caller's language.

    ``state``: open, asked, carried, ended; ``how`` it ended in words. ``left_alone``: what happens if nobody acts.
    Amounts are null where that side has nothing. ``choices``: the suggested one first, empty once it ended.
    """

    id: str
    cursor: int
    kind: str
    state: str
    state_name: str
    title: str
    sentence: str
    left_alone: str
    channel: str
    day: str
    number: str
    currency: str
    here_minor: int | None
    there_minor: int | None
    sale: str
    attempt: str
    choices: list[ChoiceView]
    how: str
    said: str
    until: str
    found_ms: int


class DifferenceList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` is the ``before`` of the next page, null at the end."""

    differences: list[DifferenceView]
    next: int | None


class FixAnswer(msgspec.Struct, frozen=True):
    """``letter``: lines of plain text for the bank, where that was asked for."""

    difference: DifferenceView
    letter: list[str]


class BillView(msgspec.Struct, frozen=True):
    """A bill that was taken over. ``sums``: payment_minor, refund_minor, fee_milli and counts."""

    channel: str
    kind: str
    lines: int
    matched: int
    read_ms: int
    sums: dict[str, int]


class FeeGapView(msgspec.Struct, frozen=True):
    channel: str
    charged: str
    agreed: str


class SettlementRow(msgspec.Struct, frozen=True):
    """One settled payment or refund: ``id`` is its order or refund number."""

    id: str
    kind: str
    channel: str
    batch: str
    settle_minor: int
    fee_milli: int


class SettlementDay(msgspec.Struct, frozen=True):
    """A bill day. ``line`` says it in one sentence; ``kinds`` counts what was found, ``open`` what still waits.

    ``next`` is the ``after`` of the next page of ``settlements``, null at the end.
    """

    day: str
    line: str
    lines: int
    matched: int
    open: int
    kinds: dict[str, int]
    notes: dict[str, int]
    fees: list[FeeGapView]
    bills: list[BillView]
    settlements: list[SettlementRow]
    next: str | None


class BillReport(msgspec.Struct, frozen=True):
    """How a bill was taken over; ``repeated``: it was before, and nothing changed.

    ``found`` differences in all, ``differences`` those of it that are listed here. ``without``: why there is no
    bill of a kind: empty, not_ready, not_offered, unclear.
    """

    channel: str
    kind: str
    day: str
    lines: int
    matched: int
    settled: int
    found: int
    new: int
    ended: int
    repeated: bool
    kinds: dict[str, int]
    differences: list[DifferenceView]
    without: str = ""


class BillReports(msgspec.Struct, frozen=True):
    reports: list[BillReport]


def difference_view(listed: Listed, words: Words) -> DifferenceView:
    return _view(
        listed.difference,
        words,
        cursor=listed.cursor,
        state=listed.state,
        choices=[ChoiceView(each.value, fix_name(each, words)) for each in listed.choices],
        how=ended(listed.how, words) if listed.how else "",
        said=listed.said,
        until=listed.until,
        found_ms=listed.found_ms,
    )


def _view(
    told: Difference,
    words: Words,
    *,
    cursor: int = 0,
    state: str = "open",
    choices: list[ChoiceView],
    how: str = "",
    said: str = "",
    until: str = "",
    found_ms: int = 0,
) -> DifferenceView:
    return DifferenceView(
        id=told.id,
        cursor=cursor,
        kind=told.kind.value,
        state=state,
        state_name=state_name(state, words),
        title=title(told, words),
        sentence=sentence(told, words),
        left_alone=left_alone(told, words),
        channel=told.channel,
        day=told.day,
        number=str(told.facts.get("number", told.key)),
        currency=told.currency,
        here_minor=told.here_minor,
        there_minor=told.there_minor,
        sale=told.sale,
        attempt=told.attempt,
        choices=choices,
        how=how,
        said=said,
        until=until,
        found_ms=found_ms,
    )


def report_view(report: Report, words: Words, *, without: str = "") -> BillReport:
    """Choices are with the difference itself, when it is asked for."""
    return BillReport(
        report.channel,
        report.kind,
        report.day,
        report.lines,
        report.matched,
        report.settled,
        report.found,
        report.new,
        report.ended,
        report.repeated,
        dict(report.kinds),
        [_view(each, words, choices=[]) for each in report.differences],
        without,
    )


def day_view(summary: DaySummary, rows: list[SettlementRow], after: str | None, words: Words) -> SettlementDay:
    return SettlementDay(
        day=summary.day,
        line=day_line(summary, words),
        lines=summary.lines,
        matched=summary.matched,
        open=summary.open,
        kinds={kind.value: count for kind, count in summary.kinds.items()},
        notes={note.value: count for note, count in summary.notes.items()},
        fees=[FeeGapView(each.channel, each.charged, each.agreed) for each in summary.fees],
        bills=[
            BillView(each.channel, each.kind, each.lines, each.matched, each.read_ms, dict(each.sums))
            for each in summary.bills
        ],
        settlements=rows,
        next=after,
    )
