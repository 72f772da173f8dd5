"""Bodies and answers of the API, the part about care: feedback, ratings, complaints, help."""

from typing import Annotated, Literal

import msgspec

from terminal.care.cases import Case
from terminal.care.feedback import PAGE_MAX as ROWS_MAX
from terminal.care.feedback import Report, Said, What
from terminal.web.shapes.form import PAGE_MAX, Approver, Form, Number

Note = Annotated[str, msgspec.Meta(max_length=200, description="Write no customer's name or number here.")]
Reason = Literal["double", "amount", "not_received", "refund", "goods", "other"]
State = Literal["open", "waiting_for_bank", "answered", "closed"]


class NewFeedback(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """About the counter's last sale. The same twice of one sale counts once."""

    what: What


class NewRating(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the customer pressed after paying; the first answer stays."""

    good: bool


class FeedbackQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before``: the ``next`` of the page before."""

    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=ROWS_MAX)] = 50


class FeedbackReportQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``days``: so many times 24 hours back."""

    days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 14


class CasesQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before``: the ``next`` of the page before."""

    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20


class NewCase(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A complaint about this sale. One that is open for the same reason stays the only one."""

    reason: Reason
    note: Note = ""


class CaseMove(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``approver``: an owner's PIN to close it, where the caller may not."""

    to: State
    note: Note = ""
    approver: Approver | None = None


class PrintAt(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``counter``: whose printer prints."""

    counter: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class FeedbackRow(msgspec.Struct, frozen=True):
    """``sale`` is empty where the counter had sold nothing yet."""

    id: str
    number: int
    what: str
    sale: str
    counter: str
    at_ms: int


class FeedbackList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` is the ``before`` of the next page, null at the end."""

    feedback: list[FeedbackRow]
    next: int | None


class FeedbackGroup(msgspec.Struct, frozen=True):
    what: str
    count: int
    counters: dict[str, int]
    last_ms: int
    sales: list[str]


class FeedbackReport(msgspec.Struct, frozen=True):
    """``good``, ``bad``: customers' answers; ``left_out`` 1: there was more than a report holds."""

    since_ms: int
    groups: list[FeedbackGroup]
    good: int
    bad: int
    left_out: int


class CaseStep(msgspec.Struct, frozen=True):
    state: str
    at_ms: int
    by: str
    note: str


class CaseView(msgspec.Struct, frozen=True):
    """``no`` is what people say; ``late``: nobody has answered by ``due_ms``; ``to``: where it may go now."""

    id: str
    number: int
    no: int
    sale: str
    counter: str
    reason: str
    state: str
    opened_ms: int
    due_ms: int
    late: bool
    to: list[str]
    steps: list[CaseStep]


class CaseList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` is the ``before`` of the next page, null at the end."""

    cases: list[CaseView]
    next: int | None


class HelpCall(msgspec.Struct, frozen=True):
    """``code`` is read over the phone; ``file`` lies on the shop's machine and was sent nowhere."""

    code: str
    file: str
    holds: list[str]


def said_view(said: Said) -> FeedbackRow:
    return FeedbackRow(said.id, said.number, said.what, said.sale, said.counter, said.at_ms)


def report_view(report: Report) -> FeedbackReport:
    groups = [
        FeedbackGroup(each.what, each.count, dict(each.counters), each.last_ms, list(each.sales))
        for each in report.groups
    ]
    return FeedbackReport(report.since_ms, groups, report.good, report.bad, report.left_out)


def case_view(case: Case, now_ms: int, to: list[str]) -> CaseView:
    steps = [CaseStep(each.state.value, each.at_ms, each.by, each.note) for each in case.moves]
    return CaseView(
        case.id,
        case.number,
        case.no,
        case.sale,
        case.counter,
        case.reason,
        case.state.value,
        case.opened_ms,
        case.due_ms,
        case.late(now_ms),
        to,
        steps,
    )
