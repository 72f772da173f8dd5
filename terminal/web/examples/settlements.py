"""True-to-life examples of the API's part about bills and their differences."""

from typing import Final

import msgspec

from terminal.web.shapes import settlements
from terminal.web.shapes.form import Approver
from terminal.web.shapes.settlements import ChoiceView

_AT: Final = 1_763_740_800_000
_PERSON: Final = "01KAJZZZZZ0000000000000001"
_ATTEMPT: Final = "01KAK3V5M3F0R8H2J5K7M9N4PQ"
_difference = settlements.DifferenceView(
    id="D41C0D5F0A2E9B7713C6A8E24F",
    cursor=5120,
    kind="late",
    state="open",
    state_name="open",
    title="Paid late",
    sentence=f"¥28.50 came for sale 0017 ({_ATTEMPT}), which had ended unpaid here.",
    left_alone="The customer has paid ¥28.50; it stays in the inbox until somebody decides.",
    channel="wechatpay",
    day="2025-11-20",
    number=_ATTEMPT,
    currency="CNY",
    here_minor=2850,
    there_minor=2850,
    sale="01KAK3V5M2Q8ZP6T4W9XN7B1CD",
    attempt=_ATTEMPT,
    choices=[ChoiceView("attach", "Use it for its sale"), ChoiceView("refund", "Give the money back")],
    how="",
    said="",
    until="",
    found_ms=_AT,
)
_sums = {"lines": 41, "payment_minor": 116_850, "refund_minor": 850, "fee_milli": 348_000}
_report = settlements.BillReport(
    "wechatpay", "trade", "2025-11-20", 41, 40, 41, 1, 1, 0, False, {"late": 1}, [_difference]
)

EXAMPLES: Final[tuple[msgspec.Struct, ...]] = (
    settlements.NewFix(
        choice="accept", reason="the bank has confirmed it", approver=Approver(person=_PERSON, pin="837465")
    ),
    settlements.BillFetch(channel="wechatpay", day="2025-11-20"),
    _difference,
    settlements.DifferenceList([_difference], None),
    settlements.FixAnswer(_difference, []),
    settlements.SettlementDay(
        day="2025-11-20",
        line="1 late payment, fee 0.38 % instead of 0.30 %",
        lines=41,
        matched=40,
        open=1,
        kinds={"late": 1, "fee": 1},
        notes={"cutoff": 2},
        fees=[settlements.FeeGapView("wechatpay", "0.38 %", "0.30 %")],
        bills=[settlements.BillView("wechatpay", "trade", 41, 40, _AT, _sums)],
        settlements=[
            settlements.SettlementRow(_ATTEMPT, "payment", "wechatpay", "wechatpay/2025-11-20", 2850, 9000)
        ],
        next=None,
    ),
    _report,
    settlements.BillReports([_report]),
)
