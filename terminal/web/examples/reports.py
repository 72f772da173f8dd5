"""True-to-life examples of the API's part about reports."""

from typing import Final

import msgspec

from terminal.web.shapes import reports
from terminal.web.shapes.form import Approver
from terminal.web.shapes.reports import SumView
from terminal.web.shapes.sales import SaleRow

_AT: Final = 1_763_740_800_000
_PERSON: Final = "01KAJZZZZZ0000000000000001"
_lines = {"paid": SumView(41, 116_850), "refunded": SumView(1, 850)}
_totals = reports.CurrencyView(
    currency="CNY",
    taken=SumView(41, 116_850),
    refunded=SumView(1, 850),
    claimed=SumView(0, 0),
    held_minor=116_000,
    sales={"opened": SumView(43, 121_450), "paid": SumView(41, 116_850), "cancelled": SumView(2, 4600)},
    notes={},
    channels=[reports.ChannelView("wechatpay", "wechatpay", _lines, 116_000)],
    counters=[reports.PartView("1", "", _lines)],
    cashiers=[reports.PartView(f"person:{_PERSON}", "Mei", _lines)],
    hours=[reports.PartView("14", "", _lines)],
)
_open = reports.OpenSaleView(
    "01KAK3V5M2Q8ZP6T4W9XN7B1CD", 17, "1", 2850, "CNY", "checking", True, _AT - 60_000, []
)
_row = SaleRow(
    "01KAK3V5M2Q8ZP6T4W9XN7B1CD", 4702, "1", 17, "paid", "paid", 2850, "CNY", 0, "A-1001", "wechatpay", [],
    _AT, _AT + 7_300, True,
)  # fmt: skip

EXAMPLES: Final[tuple[msgspec.Struct, ...]] = (
    reports.NewZ(day="2025-11-21", print_at="1", approver=Approver(person=_PERSON, pin="837465")),
    reports.NewReportPrint(counter="1"),
    reports.ReportView(
        n=12,
        day="2025-11-21",
        days=["2025-11-21"],
        first=4101,
        last=4711,
        at_ms=_AT,
        since_ms=_AT - 86_400_000,
        ledger="test",
        counter="",
        by=f"person:{_PERSON}",
        zone="Asia/Shanghai",
        cut_off="04:00",
        currencies=[_totals],
        open=[_open],
        open_n=1,
        heads=[reports.HeadView("1", 4002, "9f" * 32)],
        unsealed=[],
    ),
    reports.ZList([reports.ZRow(12, "2025-11-21", _AT, 4712)], None),
    reports.FeeList(
        "2025-11-21",
        "2025-11-21",
        [
            reports.FeeView(
                "wechatpay",
                "CNY",
                "wechatpay-2025",
                False,
                "0.30 %",
                "0.38 %",
                41,
                116_850,
                41,
                116_850,
                350_550,
                444_030,
                41,
                True,
            )
        ],
    ),
    reports.TodayView("2025-11-21", [_row], [_totals]),
)
