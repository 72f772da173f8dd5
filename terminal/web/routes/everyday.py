"""The API's table, the part that every shop uses: what is loaded with the service."""

from typing import Final

from terminal.web import alerts, counters, events, orphans, receipts, refunds, sales, story
from terminal.web.calls import Operation as Op
from terminal.web.live import websocket
from terminal.web.routes.care import CARE_CALLS
from terminal.web.routes.devices import DEVICES
from terminal.web.routes.hooks import HOOK_CALLS
from terminal.web.routes.inbox import INBOX
from terminal.web.routes.people import ACCESS, PEOPLE
from terminal.web.routes.reports import REPORTS
from terminal.web.routes.risk import RISK_CALLS
from terminal.web.routes.settlements import SETTLEMENTS
from terminal.web.routes.sheet import SHEET
from terminal.web.shapes.counters import (
    CommandName,
    CounterList,
    CounterView,
    HealthReport,
    KeyedCleared,
    NewClearing,
    NewScan,
    SlipChoice,
)
from terminal.web.shapes.events import EventPage, EventsQuery, Ticket, Timeline
from terminal.web.shapes.form import Done
from terminal.web.shapes.inbox import AlertEnding, AlertList, OrphanEnding, OrphanList, OrphansQuery
from terminal.web.shapes.lines import SALE_BYTES
from terminal.web.shapes.receipts import ReceiptQuery, ReceiptView
from terminal.web.shapes.refunds import NewRefund, OfferQuery, RefundAnswer, RefundOffer
from terminal.web.shapes.sales import (
    Ending,
    NewCancel,
    NewCode,
    NewOverride,
    NewSale,
    SaleList,
    SalesQuery,
    SaleView,
    StoryQuery,
)

_SALE: Final = "/sales/{sale}"
_COUNTER: Final = "/counters/{counter}"
_AMOUNT: Final = (
    "amount_not_integer",
    "amount_not_positive",
    "amount_too_large",
    "amount_over_limit",
    "amount_under_limit",
)
_KEY: Final = (
    "idempotency_key_missing",
    "idempotency_key_bad",
    "idempotency_running",
    "idempotency_other_meaning",
)

_OFFLINE: Final = ("offline_not_allowed", "channel_can_confirm", "offline_sale_limit", "offline_day_limit")

SALES: Final = (
    Op(
        "POST",
        "/sales",
        "open_sale",
        sales.open_sale,
        "Ask for money: opens a sale and shows its code on the counter's display.",
        SaleView,
        NewSale,
        status=201,
        stores=True,
        body_bytes=SALE_BYTES,
        problems=(
            *_KEY,
            *_AMOUNT,
            "currency_unknown",
            "currency_not_taken",
            "day_limit_reached",
            "counter_unknown",
            "sale_live",
            "order_no_used",
            "provider_down",
            *_OFFLINE,
        ),
    ),
    Op(
        "GET",
        "/sales",
        "list_sales",
        sales.list_sales,
        "Sales, newest first; or the one a scanned receipt belongs to.",
        SaleList,
        SalesQuery,
        problems=("receipt_unknown", "code_not_payment"),
    ),
    Op("GET", _SALE, "read_sale", sales.read_sale, "One sale.", SaleView, problems=("sale_unknown",)),
    Op(
        "GET",
        f"{_SALE}/events",
        "read_timeline",
        sales.timeline,
        "Everything that happened to a sale, in order.",
        Timeline,
        problems=("sale_unknown",),
    ),
    Op(
        "GET",
        f"{_SALE}/story",
        "read_story",
        story.read_story,
        "Where a sale's time went, with every line and call, redacted: may leave the shop.",
        story.Story,
        StoryQuery,
        problems=("sale_unknown",),
        media=("application/json", "text/html"),
    ),
    Op(
        "POST",
        f"{_SALE}/cancel",
        "cancel_sale",
        sales.cancel,
        "Cancel with proof from the bank. Repeating it is harmless; too late answers sale_paid.",
        SaleView,
        NewCancel,
        problems=("sale_unknown", "sale_paid"),
    ),
    Op("POST", f"{_SALE}/check", "check_sale", sales.check, "Ask the bank again now.", SaleView),
    Op(
        "POST",
        f"{_SALE}/park",
        "park_sale",
        sales.park,
        "Free the counter for the next customer while a doubt is resolved.",
        SaleView,
        problems=("park_not_checking",),
    ),
    Op(
        "POST",
        f"{_SALE}/code",
        "show_code",
        sales.show_code,
        "Another code for an open sale: after a refusal, or at another channel with proof of the first.",
        SaleView,
        NewCode,
        status=201,
        stores=True,
        problems=(*_KEY, "attempt_live", "sale_ended", "move_unproven", "channel_not_here"),
    ),
    Op(
        "POST",
        f"{_SALE}/unverified",
        "list_unverified",
        sales.list_unverified,
        "Nobody can confirm it now: put it on the list of the unverified. It is not paid.",
        SaleView,
        status=201,
        stores=True,
        problems=(*_KEY, *_OFFLINE, "list_not_possible", "sale_unverified"),
    ),
    Op(
        "POST",
        f"{_SALE}/refunds",
        "refund_sale",
        refunds.refund,
        "Give money back. Above the caller's own limit an approver's PIN is needed.",
        RefundAnswer,
        NewRefund,
        status=201,
        stores=True,
        problems=(
            *(*_KEY, "refund_too_much", "refund_not_paid", "refund_line_gone", "refund_lines_amount"),
            *("amount_not_positive", "refund_needs_approval", "pin_again", "pin_wrong"),
        ),
    ),
    Op(
        "GET",
        f"{_SALE}/refund-offer",
        "offer_refund",
        refunds.offer,
        "How an amount would go back now, void or refund, with its cost and time in one sentence.",
        RefundOffer,
        OfferQuery,
        problems=("refund_too_much", "refund_not_paid"),
    ),
    Op(
        "POST",
        f"{_SALE}/refunds/{{refund}}/cancel",
        "cancel_refund",
        refunds.cancel,
        "Cancel a refund that waits for its time; nothing of it was ever sent.",
        SaleView,
        problems=("refund_unknown", "refund_not_queued"),
    ),
    Op(
        "POST",
        f"{_SALE}/exceptions/{{exception}}",
        "close_exception",
        refunds.close_exception,
        "End something a person had to see.",
        SaleView,
        Ending,
        problems=("exception_unknown", "attach_not_possible", "refund_first", "pin_again"),
    ),
    Op(
        "POST",
        f"{_SALE}/overrides",
        "override_sale",
        refunds.override,
        "An owner's decision on a payment being taken back, a long doubt, or a sale on the unverified list.",
        SaleView,
        NewOverride,
        status=201,
        stores=True,
        problems=(
            *_KEY,
            *("accept_without_evidence", "accept_not_possible", "accept_reference_wrong"),
            *("override_not_checking", "override_proven", "override_too_early", "sale_live", "pin_again"),
            *("not_unverified", "claim_reference_missing", "reference_used"),
        ),
    ),
    Op(
        "POST",
        f"{_SALE}/reprint",
        "reprint_receipt",
        receipts.reprint,
        "Print the newest receipt once more; it is marked as a copy.",
        SaleView,
        problems=("reprint_nothing",),
    ),
    Op(
        "GET",
        f"{_SALE}/receipt",
        "read_receipt",
        receipts.read_receipt,
        "The receipt's frozen lines.",
        ReceiptView,
        ReceiptQuery,
        problems=("reprint_nothing", "receipt_picture_unavailable"),
        media=("application/json", "text/plain", "image/png"),
    ),
)
COUNTERS: Final = (
    Op(
        "GET",
        "/counters",
        "list_counters",
        counters.list_counters,
        "The counters of this house.",
        CounterList,
        whole="one a counter of the settings",
    ),
    Op(
        "GET",
        _COUNTER,
        "read_counter",
        counters.read_counter,
        "All a till page shows of one counter.",
        CounterView,
        problems=("counter_unknown",),
    ),
    Op(
        "POST",
        f"{_COUNTER}/scan",
        "scan_code",
        counters.scan,
        "The customer's payment code for the sale open at this counter.",
        SaleView,
        NewScan,
        status=201,
        stores=True,
        problems=(*_KEY, "scan_without_sale", "code_not_payment", "code_product", "code_used", "switch_unproven"),
    ),
    Op(
        "POST",
        f"{_COUNTER}/command",
        "name_command",
        counters.name_command,
        "Which key a barcode of the shop's command sheet stands for. Nothing happens: a till page presses it.",
        CommandName,
        NewScan,
        problems=("command_foreign",),
    ),
    Op(
        "POST",
        f"{_COUNTER}/keyed/clear",
        "clear_keyed",
        counters.clear_keyed,
        "The amount that was scanned so far is over: somebody types another one.",
        KeyedCleared,
        NewClearing,
        problems=("counter_unknown",),
    ),
    Op(
        "POST",
        f"{_COUNTER}/slips/{{effect}}",
        "decide_slip",
        receipts.decide_slip,
        "Print or drop a slip that waits for a person.",
        Done,
        SlipChoice,
        problems=("receipt_not_listed",),
    ),
)
ORPHANS: Final = (
    Op(
        "GET",
        "/orphans",
        "list_orphans",
        orphans.list_orphans,
        "Proven money for orders this journal does not know, until a person has seen it.",
        OrphanList,
        OrphansQuery,
    ),
    Op(
        "POST",
        "/orphans/{order}",
        "close_orphan",
        orphans.close_orphan,
        "A person has taken note of money without a sale.",
        Done,
        OrphanEnding,
        problems=("exception_unknown", "pin_again"),
    ),
)
ALERTS: Final = (
    Op(
        "GET",
        "/alerts",
        "list_alerts",
        alerts.list_alerts,
        "Messages in a bank's name that proved nothing, until a person has seen it.",
        AlertList,
        whole="at most one a channel",
    ),
    Op(
        "POST",
        "/alerts/{channel}",
        "close_alert",
        alerts.close_alert,
        "A person has taken note of what was refused in this channel's name.",
        Done,
        AlertEnding,
        problems=("exception_unknown", "pin_again"),
    ),
)
EVENTS: Final = (
    Op(
        "GET",
        "/events",
        "read_events",
        events.read_events,
        "Journal events after a number. A page may be empty before the newest: go on from `next`.",
        EventPage,
        EventsQuery,
        problems=("sockets_too_many",),
    ),
    Op(
        "POST",
        "/live/ticket",
        "new_ticket",
        websocket.new_ticket,
        "A ticket for one live connection, good for 30 seconds.",
        Ticket,
        status=201,
    ),
)
SERVICE: Final = (
    Op(
        "GET",
        "/health",
        "read_health",
        counters.health,
        "Whether money can be taken.",
        HealthReport,
        open_to="anyone",
    ),
)
SHOP: Final = (*CARE_CALLS, *HOOK_CALLS, *REPORTS, *SETTLEMENTS, *RISK_CALLS, *SALES)
AT_COUNTERS: Final = (*COUNTERS, *DEVICES, *SHEET)
BESIDE: Final = (*ORPHANS, *ALERTS, *INBOX, *EVENTS, *PEOPLE, *ACCESS, *SERVICE)
EVERYDAY: Final = (*SHOP, *AT_COUNTERS, *BESIDE)
