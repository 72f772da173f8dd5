"""Messages of a nexo-style terminal API as values: read strictly, amounts exact, unknown fields passed over. Pure.

Source: nexo Retailer Protocol 3.0 in the JSON form of the Adyen Terminal API reference (SaleToPOIRequest,
SaleToPOIResponse, EventNotification).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, field

from terminal.errors import InvalidRequest
from terminal.payments.money import Money
from terminal.pos.item_lines import scaled
from terminal.strict_json import parse_exact

BYTES_MAX: Final = 512 * 1024  # of 200 items with long names, escaped and sealed: they hold up no payment
VERSION: Final = "3.0"
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=2000)]
Number = Any  # int or Decimal, looked at by money_of: text is no number
Condition = Literal[
    "Aborted", "Busy", "Cancel", "InProgress", "MessageFormat", "NotAllowed", "NotFound", "PaymentRestriction",
    "Refusal", "UnavailableDevice", "UnavailableService", "UnreachableHost",
]  # fmt: skip
T = TypeVar("T")


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """ServiceID is unique for a SaleID for 48 hours: with it a message is the same message again."""

    protocol: str = field(name="ProtocolVersion", default="")
    kind: Literal["Service", "Device", "Event"] = field(name="MessageClass")
    category: Short = field(name="MessageCategory")
    type: Literal["Request", "Response", "Notification"] = field(name="MessageType")
    sale_id: Short = field(name="SaleID")
    service_id: Annotated[str, Meta(min_length=1, max_length=10)] = field(name="ServiceID")
    poi_id: Short = field(name="POIID")
    device_id: str = field(name="DeviceID", default="")


class Envelope(msgspec.Struct, frozen=True):
    header: Header = field(name="MessageHeader")


class TransactionId(msgspec.Struct, frozen=True):
    id: Annotated[str, Meta(max_length=128)] = field(name="TransactionID")
    time: Annotated[str, Meta(max_length=40)] = field(name="TimeStamp", default="")


class SaleData(msgspec.Struct, frozen=True):
    transaction: TransactionId = field(name="SaleTransactionID")


class Amounts(msgspec.Struct, frozen=True):
    currency: str = field(name="Currency")
    requested: Number = field(name="RequestedAmount")
    cash_back: Number = field(name="CashBackAmount", default=0)


class Transaction(msgspec.Struct, frozen=True):
    """``items``: whatever a till says of what is sold; looked at by ``item_lines.of_items``, never refused."""

    amounts: Amounts = field(name="AmountsReq")
    items: Any = field(name="SaleItem", default=None)


class PaymentData(msgspec.Struct, frozen=True):
    type: str = field(name="PaymentType", default="Normal")


class Payment(msgspec.Struct, frozen=True):
    sale: SaleData = field(name="SaleData")
    transaction: Transaction = field(name="PaymentTransaction")
    data: PaymentData = field(name="PaymentData", default_factory=PaymentData)


class Original(msgspec.Struct, frozen=True):
    transaction: TransactionId = field(name="POITransactionID")


class Reversal(msgspec.Struct, frozen=True):
    original: Original = field(name="OriginalPOITransaction")
    reason: Short = field(name="ReversalReason", default="MerchantCancel")
    amount: Number = field(name="ReversedAmount", default=None)


class Reference(msgspec.Struct, frozen=True):
    """A message that was sent before."""

    service_id: Short = field(name="ServiceID")
    category: str = field(name="MessageCategory", default="Payment")
    sale_id: str = field(name="SaleID", default="")


class Abort(msgspec.Struct, frozen=True):
    reference: Reference = field(name="MessageReference")
    reason: Text = field(name="AbortReason", default="")


class Status(msgspec.Struct, frozen=True):
    reference: Reference | None = field(name="MessageReference", default=None)


class Line(msgspec.Struct, frozen=True):
    text: Text = field(name="Text", default="")
    style: str = field(name="CharacterStyle", default="Normal")
    height: str = field(name="CharacterHeight", default="SingleHeight")
    align: str = field(name="Alignment", default="Left")
    ends: bool = field(name="EndOfLineFlag", default=True)


class Barcode(msgspec.Struct, frozen=True):
    type: str = field(name="BarcodeType", default="")
    value: Annotated[str, Meta(max_length=500)] = field(name="BarcodeValue", default="")


class Content(msgspec.Struct, frozen=True):
    format: str = field(name="OutputFormat")
    lines: Annotated[list[Line], Meta(max_length=200)] = field(name="OutputText", default_factory=list)
    barcode: Barcode | None = field(name="OutputBarcode", default=None)


class Output(msgspec.Struct, frozen=True):
    content: Content = field(name="OutputContent")
    device: str = field(name="Device", default="CustomerDisplay")
    qualifier: str = field(name="DocumentQualifier", default="Document")


class Print(msgspec.Struct, frozen=True):
    output: Output = field(name="PrintOutput")


class Display(msgspec.Struct, frozen=True):
    outputs: Annotated[list[Output], Meta(min_length=1, max_length=4)] = field(name="DisplayOutput")


BODIES: Final[dict[str, Any]] = {
    "Payment": Payment,
    "Reversal": Reversal,
    "Abort": Abort,
    "TransactionStatus": Status,
    "Print": Print,
    "Display": Display,
}
"""By category; what is not here is taken as it is."""
CATEGORIES: Final = frozenset(
    {
        *BODIES,
        *("Diagnosis", "Login", "Logout", "GetTotals", "Reconciliation"),
        *("EnableService", "Input", "CardAcquisition", "Admin", "BalanceInquiry", "StoredValue", "Batch", "Sound"),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    header: Header
    body: Any  # a value of BODIES, or the object as it came


def envelope_of(data: bytes) -> dict[str, Any]:
    """What stands in ``SaleToPOIRequest``. Raises InvalidRequest."""
    match parse_exact(data, limit=BYTES_MAX):
        case {"SaleToPOIRequest": dict(inner)}:
            return inner
    raise InvalidRequest("field_wrong", field="SaleToPOIRequest")


def read(envelope: dict[str, Any]) -> Request:
    """Raises InvalidRequest: the field that is missing or wrong, or a version or category nobody knows."""
    header = _convert(envelope, Envelope).header
    if header.protocol.partition(".")[0] not in {"", "3"}:
        raise InvalidRequest("field_wrong", field="ProtocolVersion")
    if header.type != "Request" or header.category not in CATEGORIES:
        raise InvalidRequest("field_wrong", field="MessageCategory")
    name = f"{header.category}Request"
    body = envelope.get(name)
    if not isinstance(body, dict):
        raise InvalidRequest("field_wrong", field=name)
    kind = BODIES.get(header.category)
    return Request(header, _convert(body, kind) if kind else body)


def header_of(envelope: object) -> Header | None:
    """Of a message that could not be read, for the answer; None without a sound one."""
    try:
        return _convert(envelope, Envelope).header
    except InvalidRequest:
        return None


def _convert(value: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        path = str(error).rpartition("`$")[2].strip("`.")
        wanted = str(error).rpartition("field `")[2].rpartition("`")[0] if "field `" in str(error) else ""
        raise InvalidRequest("field_wrong", field=wanted.partition("`")[0] or path or "message") from None


def money_of(amount: object, currency: str) -> Money:
    """10.99 with a currency, exact. Raises InvalidRequest as ``Money.charge``; more decimals are refused."""
    probe = Money.charge(1, currency)
    minor = None if isinstance(amount, str) else scaled(amount, probe.exponent)
    if minor is None:
        raise InvalidRequest("amount_unreadable", field="amount", digits=probe.exponent)
    return Money.charge(minor, currency)


def number_of(money: Money) -> Decimal:
    return Decimal(money.plain())


def stamp(wall_ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=wall_ms)
    return moment.isoformat(timespec="seconds")


# --- what is answered -------------------------------------------------------------------------------------

Answer = dict[str, Any]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def success(**told: str) -> Answer:
    return {"Result": "Success", **({"AdditionalResponse": urlencode(told)} if told else {})}


def failure(condition: Condition, message: str, **told: str) -> Answer:
    return {
        "Result": "Failure",
        "ErrorCondition": condition,
        "AdditionalResponse": urlencode({"message": message, "refusalReason": message, **told}),
    }


def encode(message: Answer) -> bytes:
    """Amounts become numbers with exactly the digits they have."""
    return _ENCODER.encode(message)


def pairs(**told: str) -> str:
    return urlencode(told)


def response(header: Header, body: Answer, category: str = "") -> Answer:
    """The inside of ``SaleToPOIResponse``."""
    name = f"{category or header.category}Response"
    return {"MessageHeader": answering(header), name: body}


def answering(header: Header) -> Answer:
    told: Answer = msgspec.to_builtins(header)
    return {"ProtocolVersion": VERSION, **told, "MessageType": "Response"}


def rejected(header: Header | None, message: str, at: str) -> Answer:
    """The inside of ``SaleToPOIRequest``: an event, since there was nothing that could be answered."""
    known = msgspec.to_builtins(header) if header else {"SaleID": "", "ServiceID": "", "POIID": ""}
    head = {"ProtocolVersion": VERSION, **known}
    head |= {"MessageClass": "Event", "MessageCategory": "Event", "MessageType": "Notification"}
    details = urlencode({"message": message})
    return {
        "MessageHeader": head,
        "EventNotification": {"EventToNotify": "Reject", "EventDetails": details, "TimeStamp": at},
    }
