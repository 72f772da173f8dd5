"""nexo's messages: read strictly, amounts exact, answered in the protocol's own words."""

import json
from decimal import Decimal
from typing import Any

import pytest

from terminal.errors import (
    BadSettings,
    Conflict,
    InvalidRequest,
    JournalError,
    NotAllowed,
    NotFound,
    TerminalError,
    Unavailable,
)
from terminal.payments.money import Money
from terminal.payments.receipt import Code, Row
from terminal.pos import nexo_messages as messages
from terminal.pos.nexo_answers import paper_of, refused
from terminal.pos.nexo_messages import BYTES_MAX, Barcode, Content, Line, encode, envelope_of, money_of, read

HEAD = {
    "ProtocolVersion": "3.0",
    "MessageClass": "Service",
    "MessageCategory": "Diagnosis",
    "MessageType": "Request",
    "SaleID": "POS-1",
    "ServiceID": "0207111104",
    "POIID": "V400m-324688042",
}


def message(body: Any, **header: Any) -> bytes:
    head = {**HEAD, **header}
    return json.dumps(
        {"SaleToPOIRequest": {"MessageHeader": head, f"{head['MessageCategory']}Request": body}}
    ).encode()


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("10.99", "EUR", 1099), ("0.1", "EUR", 10), ("5", "JPY", 5), ("1e1", "EUR", 1000), ("1.001", "KWD", 1001),
     ("9007199254740.93", "EUR", None), ("9999999999.99", "EUR", 999_999_999_999)],
)  # fmt: skip
def test_i12_a_number_is_the_amount_it_writes(text: str, currency: str, minor: int | None) -> None:
    envelope = envelope_of(b'{"SaleToPOIRequest":{"amount":%s}}' % text.encode())
    if minor is None:
        with pytest.raises(InvalidRequest):
            money_of(envelope["amount"], currency)
    else:
        assert money_of(envelope["amount"], currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "amount", [True, "10.99", None, 1.5, Decimal("1e300"), Decimal("1e-300"), Decimal("NaN"), 0, -1]
)
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidRequest):
        money_of(amount, "EUR")


def test_an_amount_goes_out_with_the_digits_it_has() -> None:
    assert encode({"a": messages.number_of(Money(2850, "CNY"))}) == b'{"a":28.50}'
    assert encode({"a": messages.number_of(Money(5, "JPY"))}) == b'{"a":5}'


def test_unknown_fields_are_passed_over_and_the_header_is_answered_as_it_came() -> None:
    request = read(envelope_of(message({"HostDiagnosisFlag": True}, DeviceID="d1", Later="x")))
    told = messages.response(request.header, {"Response": messages.success()})
    assert told["MessageHeader"] == {**HEAD, "DeviceID": "d1", "MessageType": "Response"}
    assert told["DiagnosisResponse"] == {"Response": {"Result": "Success"}}


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"SaleToPOIResponse":{}}', b'{"SaleToPOIRequest":[]}', b" " * (BYTES_MAX + 1)],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read(envelope_of(data))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "SaleData"),
        ({"SaleData": {"SaleTransactionID": {"TransactionID": 7}}}, "TransactionID"),
        ({"SaleData": {"SaleTransactionID": {"TransactionID": "x" * 129}}}, "TransactionID"),
        ("text", "PaymentRequest"),
    ],
)
def test_a_payment_says_which_field_is_wrong(body: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(envelope_of(message(body, MessageCategory="Payment")))
    assert field in str(caught.value.facts["field"])


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        (Conflict("sale_live"), "Busy"),
        (Conflict("sale_ended"), "Aborted"),
        (Conflict("report_no_printer"), "UnavailableDevice"),
        (NotFound("sale_unknown"), "NotFound"),
        (NotAllowed("refund_needs_approval"), "NotAllowed"),
        (Unavailable("starting"), "UnavailableService"),
        (Unavailable("provider_down"), "UnreachableHost"),
        (InvalidRequest("field_wrong", field="x"), "MessageFormat"),
        (InvalidRequest("amount_over_limit"), "PaymentRestriction"),
        (JournalError("commit_unknown"), "InProgress"),
        (BadSettings("config_missing"), "NotAllowed"),
    ],
)
def test_every_failure_has_its_condition_and_words_and_doubt_is_in_progress(
    error: TerminalError, condition: str
) -> None:
    told = refused(error)
    assert told["ErrorCondition"] == condition
    assert told["AdditionalResponse"].startswith("message=")


def test_a_slip_keeps_its_lines_their_looks_and_its_code() -> None:
    lines = [
        Line("two ", ends=False),
        Line("parts", style="Bold", height="DoubleHeight", align="Centred"),
        Line("rest", ends=False),
    ]
    made = paper_of(Content("Text", lines, Barcode("QRCode", "https://example.test")))
    assert made == (Row("two parts", align="center", size=2, bold=True), Row("rest"), Code("https://example.test"))
    with pytest.raises(InvalidRequest):
        paper_of(Content("Text"))
