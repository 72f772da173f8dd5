"""The API's table, the part about reports."""

from typing import Final

from terminal.web import receipts, reports
from terminal.web.calls import Operation as Op
from terminal.web.shapes.form import Done
from terminal.web.shapes.reports import (
    DayBookQuery,
    DaysQuery,
    FeeList,
    NewReportPrint,
    NewZ,
    ReportQuery,
    ReportView,
    TodayView,
    ZList,
    ZQuery,
)

_KEY: Final = (
    "idempotency_key_missing",
    "idempotency_key_bad",
    "idempotency_running",
    "idempotency_other_meaning",
)
_PAPER: Final = ("counter_unknown", "report_no_printer", "report_prints_wait")

REPORTS: Final = (
    Op(
        "GET",
        "/reports/x",
        "read_x",
        reports.read_x,
        "What was taken since the last Z. It seals nothing.",
        ReportView,
        ReportQuery,
        problems=("counter_unknown",),
    ),
    Op(
        "POST",
        "/reports/x/print",
        "print_x",
        reports.print_x,
        "The same on a counter's paper.",
        Done,
        NewReportPrint,
        problems=_PAPER,
    ),
    Op(
        "GET",
        "/reports/z",
        "list_z",
        reports.list_z,
        "Sealed reports, newest first.",
        ZList,
        ZQuery,
    ),
    Op(
        "POST",
        "/reports/z",
        "seal_day",
        reports.seal,
        "Close a business day: everything since the last Z, sealed under the next number.",
        ReportView,
        NewZ,
        status=201,
        stores=True,
        problems=(*_KEY, *_PAPER, "z_empty", "z_day_first", "z_day_not_begun", "pin_again", "pin_wrong"),
    ),
    Op(
        "GET",
        "/reports/z/{n}",
        "read_z",
        reports.read_z,
        "One sealed report, as it was sealed.",
        ReportView,
        problems=("z_unknown",),
    ),
    Op(
        "POST",
        "/reports/z/{n}/print",
        "print_z",
        reports.print_z,
        "A sealed report on paper once more; it is marked as a copy.",
        Done,
        NewReportPrint,
        problems=(*_PAPER, "z_unknown"),
    ),
    Op(
        "GET",
        "/reports/fees",
        "read_fees",
        reports.read_fees,
        "Agreed and charged fees of some business days, by channel and price.",
        FeeList,
        DaysQuery,
    ),
    Op(
        "GET",
        "/reports/daybook",
        "read_daybook",
        reports.read_daybook,
        "One row for each proven amount, for the accountant; docs/reports.md names the columns.",
        None,
        DayBookQuery,
        problems=("z_unknown", "counter_unknown"),
        media=("application/json", "text/csv"),
    ),
    Op(
        "POST",
        "/sales/{sale}/merchant-slip",
        "print_merchant_slip",
        receipts.print_merchant_slip,
        "The shop's own copy of a sale on its counter's paper: fees, and what the shop receives.",
        Done,
        problems=("reprint_nothing", *_PAPER),
    ),
    Op(
        "GET",
        "/reports/today",
        "read_today",
        reports.read_today,
        "The newest sales and, for who may see them, the business day's totals so far.",
        TodayView,
        ReportQuery,
        problems=("counter_unknown",),
    ),
)
