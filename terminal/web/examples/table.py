"""One true-to-life example for each body and answer of the API; a test reads every one back as its type."""

from typing import Final

import msgspec

from terminal.web import entering, story
from terminal.web.examples.care import EXAMPLES as CARE
from terminal.web.examples.hooks import EXAMPLES as HOOKS
from terminal.web.examples.reports import EXAMPLES as REPORTS
from terminal.web.examples.risk import EXAMPLES as RISK
from terminal.web.examples.settlements import EXAMPLES as SETTLEMENTS
from terminal.web.examples.visit import EXAMPLES as VISITS
from terminal.web.shapes import (
    counters,
    devices,
    events,
    form,
    inbox,
    lessons,
    people,
    receipts,
    refunds,
    sales,
    screen,
    sheet,
)

_SALE: Final = "01KAK3V5M2Q8ZP6T4W9XN7B1CD"
_ATTEMPT: Final = "01KAK3V5M3F0R8H2J5K7M9N4PQ"
_REFUND: Final = "01KAK40000A1B2C3D4E5F6G7H8"
_PERSON: Final = "01KAJZZZZZ0000000000000001"
_AT: Final = 1_763_640_000_000

_attempt = sales.AttemptView(
    id=_ATTEMPT,
    provider="wechatpay",
    direction="push",
    state="paid",
    amount_minor=2850,
    started_ms=_AT,
    captured=True,
    flags=[],
    provider_txn="4200002345202511200123456789",
    wallet="wechatpay",
    payer_minor=2850,
    paid_at="2025-11-20T20:00:07+08:00",
)
_ending_key = inbox.EndingKeyRow("expiry:wechatpay:authority:ca.pem", "wechatpay", "authority", "ca.pem", _AT, 7)
_refund = sales.RefundView(
    _REFUND, _ATTEMPT, 850, "sent", "one cup spilt", f"person:{_PERSON}", "", "50300805182025112000000001"
)
_sale = sales.SaleView(
    id=_SALE,
    no=17,
    counter="1",
    state="paid",
    word="paid",
    amount_minor=2850,
    currency="CNY",
    paid_minor=2850,
    refundable_minor=2850,
    settled=None,
    order_no="A-1001",
    reference="table 4",
    title="Tea",
    opened_ms=_AT,
    ended_ms=_AT + 7_300,
    parked=False,
    cancelling=False,
    test=True,
    attempts=[_attempt],
    refunds=[],
    exceptions=[],
    check_code="7KQ2",
)
_screen = screen.ScreenView(
    "result", "", True, result="paid", amount_minor=2850, currency="CNY", check_code="7KQ2"
)
_event = events.EventView(
    number=4711,
    type="sale_moved",
    version=1,
    ledger="test",
    counter="1",
    subject=_SALE,
    actor="provider:wechatpay",
    wall_ms=_AT + 7_300,
    body={"from": "open", "to": "paid", "at_ms": _AT + 7_300, "why": ""},
)
_row = sales.SaleRow(
    id=_SALE,
    cursor=4702,
    counter="1",
    no=17,
    state="paid",
    word="paid",
    amount_minor=2850,
    currency="CNY",
    refunded_minor=0,
    order_no="A-1001",
    wallet="wechatpay",
    exceptions=[],
    opened_ms=_AT,
    changed_ms=_AT + 7_300,
    final=True,
)
_counter = counters.CounterView(
    id="1",
    title="Counter 1",
    test=True,
    currency="CNY",
    languages={"cashier": "zh-CN", "display": "zh-CN"},
    event=4711,
    sale=None,
    last=_sale,
    screen=_screen,
    glass="",
    health={"printer": counters.HealthView("fault", "printer_paper_out", 2, {"model": "generic-58"})},
    bank={"wechatpay": ""},
    slips=[counters.ListedSlip(f"{_ATTEMPT}:receipt", _SALE, 17, "may_have_printed")],
    told=None,
)

_test = devices.TestView(
    "passed", "", {"model": "epson-serial", "health": "ok", "printed_ms": "1900", "read": "CT-PROOF-7F3K"}, 12
)
_place = devices.PlaceView(
    role="printer",
    port="usb-serial:A100QX2L",
    driver="escpos",
    profile="generic-80",
    serial="",
    chosen=True,
    further=0,
    health=counters.HealthView("ok", "", 3, {"model": "generic-80"}),
    test=_test,
)
_found = devices.ProposalView("scanner", "gm65", "gm65", "GM65 family module", "")

_ALL: Final[tuple[msgspec.Struct, ...]] = (
    sales.NewSale(counter="1", amount_minor=2850, currency="CNY", order_no="A-1001", title="Tea"),
    sales.NewCancel(why="customer_left"),
    refunds.NewRefund(reason="one cup spilt", amount_minor=850),
    sales.NewOverride(kind="accept_paid", reason="the customer has the goods", bank_reference="0417"),
    sales.Ending(how="seen"),
    inbox.AlertEnding(how="seen"),
    inbox.SeenForm(how="seen"),
    inbox.MatchForm(channel="account", entry="SBX00000017", sale=_SALE),
    inbox.OrphanEnding(how="seen", note="given back at the bank's counter"),
    sales.NewCode(channel="alipay"),
    counters.NewScan(code="130012345678901234"),
    counters.SlipChoice(print=True),
    people.SignIn(person=_PERSON, pin="837465"),
    people.ConfirmPin(pin="837465"),
    people.Pairing(code="402913", label="Till at the door"),
    people.NewPairingCode(counter="1", display=True),
    people.NewPerson(label="Mei", pin="837465"),
    sheet.SheetPrint(counter="1"),
    sheet.NewVisitCode(counter="1", printed=True),
    sheet.VisitSignIn(code="402913", label="Li from the bank", pin="518264"),
    people.NewPin(pin="402918"),
    people.NewVisitor(label="Li from the bank", role="onboarding", pin="518264", hours=8),
    people.SecondStepCode(code="287082"),
    people.KeyRotation(overlap_h=24, days=90),
    people.NewApiKey(label="POS at the door", scopes=("sales", "refunds"), counters=("1",), days=90),
    people.SetUp(code="K7M2QXR4TN", label="Mei", pin="837465"),
    devices.NewChoice(port="usb-serial:A100QX2L", driver="escpos", profile="generic-80"),
    devices.NewTest(answer="4711"),
    counters.NewClearing(count=1),
    entering.NewEntered(name="Oolong", line_minor=2000, total_minor=2850),
    devices.NewProbe(port="usb-path:1.2"),
    counters.StandInAnswer(port="usb-path:1.2", use=True),
    form.Nothing(),
    _place,
    _test,
    devices.DevicesReport(
        [devices.CounterPlaces("1", "Counter 1", False, [_place])],
        [devices.PortView("usb-path:1.2", "CP2102 USB to UART", True, "", [], "found", "GM65", _found)],
        [devices.DriverView("scanner", "gm65", "GM65 family", ["gm65"])],
    ),
    _sale,
    _counter,
    sales.SaleList([_row], None),
    events.Timeline(_SALE, [_event]),
    story.Story(
        *("…B1CD", "1", "paid", True, None, "", 7_300),
        stages=[story.Bar("bank_code", "Bank makes the code", 0, 180, 0, 24)],
        calls=[story.CallLine("wechatpay", "order", "code", "Order: code received", 4, 171)],
        calls_left_out=0,
        lines=[story.StoryLine(7_300, 12, "sale_moved", "Sale paid", "good", "the bank", [])],
    ),
    refunds.RefundAnswer(
        _refund,
        msgspec.structs.replace(_sale, refundable_minor=2000, refunds=[_refund]),
        "refund",
        "¥8.50 goes back within 3 days at the latest; the bank returns its fee.",
    ),
    refunds.RefundOffer(
        "void",
        "rule",
        2850,
        2850,
        "CNY",
        0,
        "¥28.50: the payment is undone at the bank, nothing is charged, at once.",
    ),
    receipts.ReceiptView(
        f"{_ATTEMPT}:receipt", True, 1, [["row", "Tea", "¥28.50", "left", 1, False], ["rule"], ["code", "CT:17"]]
    ),
    inbox.OrphanList([inbox.OrphanRow("20251120A1001", "wechatpay", 2850, "CNY", _AT)]),
    inbox.AlertList([inbox.AlertRow("wechatpay", "signature_wrong", 3, _AT)]),
    inbox.Inbox(
        [_ending_key],
        [inbox.UnverifiedRow(_SALE, 17, "1", 2850, "CNY", "claimed", _AT, "TX4711")],
        {"CNY": 2850},
        [
            inbox.CreditRow(
                *("account", "SBX00000017", 2850, "EUR", "2025-11-20", False),
                [inbox.ProposedSale(_SALE, 17, "1", _AT, "")],
            )
        ],
    ),
    counters.CounterList([counters.CounterRow("1", "Counter 1", True, "CNY", "ready", "")]),
    events.EventPage([_event], 4711, 4711),
    events.Ticket("ctl_Q2hhcmxvdHRl", 30),
    people.Me("person", _PERSON, "cashier", "Mei", ["1"], ["ask_refund", "take_money"]),
    people.PersonList([people.PersonRow(_PERSON, "Mei", "cashier")]),
    people.PersonRow(_PERSON, "Mei", "cashier"),
    people.AccessList(
        [people.StaffRow(_PERSON, "Mei", "cashier", True)],
        [people.DeviceRow("01KAK3V5M2Q8ZP6T4W9XN7B1CD", "Till at the door", "till", "1")],
        [people.ApiKeyRow("01KAK3V5M2Q8ZP6T4W9XN7B1CE", "POS", ["sales"], ["1"], _AT, _AT)],
        [people.SessionRow("01KAK3V5M2Q8ZP6T4W9XN7B1CF", "Mei", "cashier", "Till at the door", 900, 12, False)],
    ),
    people.ApiKeyList([people.ApiKeyRow("01KAK3V5M2Q8ZP6T4W9XN7B1CE", "POS", ["sales"], ["1"], _AT, _AT)]),
    people.SessionRow("01KAK3V5M2Q8ZP6T4W9XN7B1CF", "Mei", "cashier", "Till at the door", 900, 12, False),
    people.SecondStep(
        "JBSWY3DPEHPK3PXP", "otpauth://totp/Countertop:Mei?secret=JBSWY3DPEHPK3PXP&issuer=Countertop", "<svg/>"
    ),
    people.AccountList([people.AccountRow("wechatpay", '{"mchid":"2"}', '{"mchid":"1"}', _AT, ["Mei"])]),
    people.RecoveryCodes(["K7M2QX-R4TNB8"]),
    people.MadeKey("01KAK3V5M2Q8ZP6T4W9XN7B1CE", "ctk_Q2hhcmxvdHRl"),
    people.PairingCode("402913", 900),
    counters.HealthReport("ready"),
    sheet.SheetView(
        *("Tea", "m1/s1", "1", "1.0.0", "http://127.0.0.1:7600/sign-in?visit=yes"),
        [sheet.LegView("internet", "", "ok", "", "", "", "")],
    ),
    sheet.VisitCode("402913", 900, 8, "http://127.0.0.1:7600/sign-in?visit=yes", "<svg/>", "", False),
    form.Done(),
    counters.KeyedCleared(2000, 2, True),
    entering.EnteredShown(True),
    counters.CommandName("PAY"),
    counters.TrainingPlace("1", "https://127.0.0.1:7602"),
    lessons.NewLesson(lesson="take-money", track="calm"),
    lessons.NewAct(act="handed_over"),
    lessons.NewPlay(play="pays"),
    lessons.NewExam(seed=7),
    lessons.NewAnswer(exam="01KAK3V5M2Q8ZP6T4W9XN7B1CH", question="green", answer=0),
    lessons.LessonView(run="01KAK3V5M2Q8ZP6T4W9XN7B1CG", lesson="take-money", title="Take money", step=1),
    lessons.ExamView("01KAK3V5M2Q8ZP6T4W9XN7B1CH", "1", 7, "take-money", "", False, False, 0),
)
_MADE: Final = {
    type(example).__name__: example for example in (*_ALL, *REPORTS, *SETTLEMENTS, *RISK, *CARE, *VISITS)
}
EXAMPLES: Final = _MADE | HOOKS
