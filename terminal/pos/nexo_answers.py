"""What a till is told in nexo's words of a sale, a refund or a failure. Pure: doubt is never a refusal."""

import hashlib
from typing import Any, Final

from terminal.errors import (
    Conflict,
    InvalidRequest,
    JournalError,
    NotFound,
    TerminalError,
    Unavailable,
)
from terminal.help.registry import describe
from terminal.payments.receipt import Code, Receipt, Row
from terminal.payments.refund import RefundState
from terminal.payments.sale import Refund, Sale, SaleState
from terminal.pos.desk import Outcome, outcome
from terminal.pos.nexo_messages import Answer, Content, Line, Payment, failure, number_of, pairs, stamp, success

CHECKING: Final = "Checking with the bank: keep the goods and ask again"
NOT_PAID: Final = "Not paid, nothing was charged"
NOT_HERE: Final = "Not something this counter does"
_MISREAD: Final = (
    *("field_wrong", "amount_unreadable", "amount_not_positive", "amount_too_large", "currency_unknown"),
    "idempotency_other_meaning",
)
_ALIGN: Final[dict[str, Any]] = {"Centred": "center", "Right": "right"}


def named(sale_id: str, service_id: str) -> str:
    """A message, whatever characters its till uses."""
    return hashlib.sha256(f"{sale_id}\x1f{service_id}".encode()).hexdigest()[:40]


def payment_of(sale: Sale, counter: str, check_code: str, time: str = "") -> Answer:
    """A PaymentResponse. ``time``: the till's own of its sale, repeated to it."""
    told: Answer = {
        "Response": _result_of(sale, check_code),
        "SaleData": _sale_data(sale.reference, time or stamp(sale.opened_ms)),
        "POIData": _poi_data(sale.id, sale),
    }
    if outcome(sale) is Outcome.PAID:
        told["PaymentResult"] = _payment_result(sale, counter)
        told["PaymentReceipt"] = [_receipt(sale, check_code)]
    return told


def not_begun(body: Payment, error: TerminalError) -> Answer:
    told = body.sale.transaction
    return {"Response": refused(error), "SaleData": _sale_data(told.id, told.time)}


def _sale_data(transaction: str, time: str) -> Answer:
    return {"SaleTransactionID": {"TransactionID": transaction, "TimeStamp": time}}


def _poi_data(transaction: str, sale: Sale) -> Answer:
    return {
        "POITransactionID": {"TransactionID": transaction, "TimeStamp": stamp(sale.ended_ms or sale.opened_ms)}
    }


def _result_of(sale: Sale, check_code: str) -> Answer:
    match outcome(sale):
        case Outcome.PAID:
            paid = next(each for each in sale.attempts if each.pays)
            return success(
                pspReference=paid.provider_txn or paid.id,
                merchantReference=sale.reference,
                paymentMethod=paid.wallet or paid.provider,
                checkCode=check_code,
            )
        case Outcome.NOT_PAID:
            return failure("Aborted" if sale.state is SaleState.CANCELLED else "Cancel", NOT_PAID)
        case _:
            return failure("InProgress", CHECKING)


def _payment_result(sale: Sale, counter: str) -> Answer:
    paid = next(each for each in sale.attempts if each.pays)
    return {
        "PaymentType": "Normal",
        "AmountsResp": {"AuthorizedAmount": number_of(sale.amount), "Currency": sale.amount.currency},
        "OnlineFlag": True,
        "PaymentInstrumentData": {"PaymentInstrumentType": "Mobile"},
        "PaymentAcquirerData": {
            "AcquirerPOIID": counter,
            "AcquirerTransactionID": {
                "TransactionID": paid.provider_txn or paid.id,
                "TimeStamp": stamp(sale.ended_ms),
            },
            "MerchantID": paid.provider,
        },
    }


def _receipt(sale: Sale, check_code: str) -> Answer:
    told = [
        ("txRef", "Reference", sale.reference),
        ("totalAmount", "Total", f"{sale.amount.plain()} {sale.amount.currency}"),
        ("txdate", "Time", stamp(sale.ended_ms)),
        ("checkCode", "Check code", check_code),
    ]
    lines = [{"Text": pairs(key=key, name=name, value=value), "EndOfLineFlag": True} for key, name, value in told]
    return {
        "DocumentQualifier": "CustomerReceipt",
        "RequiredSignatureFlag": False,
        "OutputContent": {"OutputFormat": "Text", "OutputText": lines},
    }


def reversal_of(sale: Sale, refund: Refund) -> Answer:
    """A ReversalResponse: accepted is not done, and is said to be so."""
    told: Answer = {"POIData": _poi_data(refund.id, sale)}
    match refund.state:
        case RefundState.FAILED:
            return {**told, "Response": failure("Refusal", "The bank refused the refund: nothing went back")}
        case RefundState.REFUNDED:
            said = success(message="Given back", refundState="refunded")
        case _:
            said = success(message="Accepted, not done yet: it is followed to its end", refundState="accepted")
    return {**told, "Response": said, "ReversedAmount": number_of(refund.amount), "CustomerReceiptFlag": False}


def paper_of(content: Content) -> Receipt:
    """The till's own slip. Raises InvalidRequest when nothing of it can be printed."""
    made: list[Row | Code] = []
    text = ""
    for line in content.lines:
        text += line.text
        if line.ends:
            made.append(_row(text, line))
            text = ""
    if text:
        made.append(Row(text))
    if content.barcode and content.barcode.type == "QRCode" and content.barcode.value:
        made.append(Code(content.barcode.value))
    if not made:
        raise InvalidRequest("field_wrong", field="OutputContent")
    return tuple(made)


def _row(text: str, line: Line) -> Row:
    double = line.height.startswith("Double")
    return Row(text, align=_ALIGN.get(line.align, "left"), size=2 if double else 1, bold=line.style == "Bold")


def said(error: TerminalError) -> str:
    told = describe(error.slug, error.facts)
    return f"{told.sentence} ({told.code})"


def refused(error: TerminalError) -> Answer:
    """Why nothing was begun; a journal that gave no answer leaves it open whether something was."""
    why = said(error)
    match error:
        case JournalError():
            return failure("InProgress", CHECKING)
        case Conflict(slug="sale_live"):
            return failure("Busy", why)
        case Conflict(slug="sale_ended"):
            return failure("Aborted", why)
        case Conflict(slug="report_no_printer" | "report_prints_wait"):
            return failure("UnavailableDevice", why)
        case Unavailable(slug="starting" | "stopping"):
            return failure("UnavailableService", why)
        case Unavailable():
            return failure("UnreachableHost", why)
        case NotFound():
            return failure("NotFound", why)
        case InvalidRequest():
            return failure("MessageFormat" if error.slug in _MISREAD else "PaymentRestriction", why)
        case _:
            return failure("NotAllowed", why)
