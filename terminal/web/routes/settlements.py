"""The API's table, the part about bills and their differences."""

from typing import Final

from terminal.web import settlements
from terminal.web.calls import Operation as Op
from terminal.web.shapes.settlements import (
    BillFetch,
    BillImport,
    BillReport,
    BillReports,
    DifferenceList,
    DifferencesQuery,
    DifferenceView,
    FixAnswer,
    NewFix,
    SettlementDay,
    SettlementsQuery,
)

_KEY: Final = (
    "idempotency_key_missing",
    "idempotency_key_bad",
    "idempotency_running",
    "idempotency_other_meaning",
)
_DIFFERENCE: Final = "/differences/{difference}"
_REFUSED: Final = (
    "channel_unknown",
    "bill_format_unknown",
    "bill_cut_short",
    "bill_sums_differ",
    "bill_other_account",
)

SETTLEMENTS: Final = (
    Op(
        "GET",
        "/differences",
        "list_differences",
        settlements.list_differences,
        "What bills and journal do not agree on, newest first, in words and with what can be done.",
        DifferenceList,
        DifferencesQuery,
    ),
    Op(
        "GET",
        _DIFFERENCE,
        "read_difference",
        settlements.read_difference,
        "One difference.",
        DifferenceView,
        problems=("difference_unknown",),
    ),
    Op(
        "POST",
        f"{_DIFFERENCE}/fix",
        "fix_difference",
        settlements.fix_difference,
        "Do one of its choices. What is done ends it; what was only asked or carried leaves it open.",
        FixAnswer,
        NewFix,
        stores=True,
        problems=(
            *_KEY,
            *("difference_unknown", "difference_ended", "fix_not_possible", "difference_reason_missing"),
            *("difference_not_answered", "refund_too_much", "attach_not_possible", "pin_again", "pin_wrong"),
        ),
    ),
    Op(
        "GET",
        "/settlements",
        "read_settlements",
        settlements.read_settlements,
        "A bill day: one line, its bills, what is settled with batch and fee.",
        SettlementDay,
        SettlementsQuery,
    ),
    Op(
        "POST",
        "/bills/import",
        "import_bill",
        settlements.import_bill,
        "Take over a bill or statement from a file, the body of this call. The same file again changes nothing.",
        BillReport,
        BillImport,
        status=201,
        upload=True,
        problems=(*_REFUSED, "body_too_large", "request_timeout", "pin_again"),
    ),
    Op(
        "POST",
        "/bills/fetch",
        "fetch_bills",
        settlements.fetch_bills,
        "Ask the bank for a day's bills now.",
        BillReports,
        BillFetch,
        problems=_REFUSED,
    ),
)
