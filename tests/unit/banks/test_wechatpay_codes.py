"""Every error code of the documents, in every act, ends as the answer a shop can act on."""

import json

import pytest

from terminal.banks.connector import Call
from terminal.banks.wechatpay_codes import BY_CODE, BY_REQUEST_ID
from terminal.counter.ports import HttpReply
from terminal.payments.notice import Accepted, Answer, NotThere, Paying, Refusal, Refused, Unclear
from tests.unit.banks.rigs import CODE, ORDER_NO, merchant_connector, order, refund

BANK = merchant_connector()
CALLS = {
    "order": BANK.order(order()),
    "pay": BANK.pay(order(), CODE),
    "query": BANK.query(ORDER_NO),
    "close": BANK.close(ORDER_NO),
    "reverse": BANK.reverse(ORDER_NO),
    "refund": BANK.refund(refund()),
    "query_refund": BANK.query_refund("R-" + ORDER_NO),
}
DOCUMENTED = (
    "PARAM_ERROR",
    "INVALID_REQUEST",
    "APPID_MCHID_NOT_MATCH",
    "MCH_NOT_EXISTS",
    "ORDER_CLOSED",
    "ORDER_REVERSED",
    "ORDER_PAID",
    "AUTH_CODE_EXPIRE",
    "AUTH_CODE_INVALID",
    "AUTH_CODE_ERROR",
    "SIGN_ERROR",
    "NO_AUTH",
    "RULE_LIMIT",
    "NOT_ENOUGH",
    "BANK_ERROR",
    "OUT_TRADE_NO_USED",
    "ACCOUNT_ERROR",
    "BIZERR_NEED_RETRY",
    "ORDER_NOT_EXIST",
    "RESOURCE_NOT_EXISTS",
    "SYSTEM_ERROR",
    "FREQUENCY_LIMITED",
    "RATELIMIT_EXCEEDED",
    "USERPAYING",
)
NUMBERS = frozenset(
    [
        "268512771",
        "268447840",
        "268435461",
        "268435464",
        "268449538",
        "268498689",
        "268443715",
        "268447843",
        "268447914",
        "268448010",
        "268449641",
        "268443699",
        "268498688",
        "268445527",
    ]  # as above
)


def said(
    act: str,
    code: str,
    *,
    status: int = 400,
    number: str = "",
    verified: bool = True,
    headers: dict[str, str] | None = None,
) -> Answer:
    call: Call = CALLS[act]
    found = {**(headers or {}), **({"request-id": f"08F78BB8-{number}"} if number else {})}
    body = json.dumps({"code": code, "message": "说明"}).encode()
    return BANK.read(call, HttpReply(status, found, body), verified=verified)


def test_the_tables_are_complete() -> None:
    assert set(BY_CODE) == set(DOCUMENTED)
    assert set(BY_REQUEST_ID) == NUMBERS


@pytest.mark.parametrize(
    ("act", "code", "expected"),
    [
        ("pay", "AUTH_CODE_EXPIRE", Refused(Refusal.CODE_EXPIRED, "说明")),
        ("pay", "AUTH_CODE_INVALID", Refused(Refusal.CODE_INVALID, "说明")),
        ("pay", "AUTH_CODE_ERROR", Refused(Refusal.CODE_INVALID, "说明")),
        ("pay", "NOT_ENOUGH", Refused(Refusal.NO_FUNDS, "说明")),
        ("pay", "RULE_LIMIT", Refused(Refusal.LIMIT, "说明")),
        ("pay", "ORDER_CLOSED", Refused(Refusal.ORDER_CLOSED, "说明")),
        ("pay", "ORDER_REVERSED", Refused(Refusal.ORDER_REVERSED, "说明")),
        ("pay", "PARAM_ERROR", Refused(Refusal.BAD_REQUEST, "说明")),
        ("pay", "NO_AUTH", Refused(Refusal.NOT_ENTITLED, "说明")),
        ("pay", "SIGN_ERROR", Refused(Refusal.CLOCK_OR_KEY, "说明")),
        ("pay", "USERPAYING", Paying()),
        ("pay", "SYSTEM_ERROR", Unclear("code SYSTEM_ERROR")),
        ("pay", "BANK_ERROR", Unclear("code BANK_ERROR")),
        ("pay", "BIZERR_NEED_RETRY", Unclear("code BIZERR_NEED_RETRY")),
        ("pay", "OUT_TRADE_NO_USED", Unclear("code OUT_TRADE_NO_USED")),
        ("pay", "ORDER_PAID", Unclear("code ORDER_PAID")),
        ("pay", "NEVER_HEARD_OF", Unclear("code NEVER_HEARD_OF")),
        ("pay", "<script>", Unclear("code unreadable")),
        ("pay", "FREQUENCY_LIMITED", Unclear("rate_limited")),
        ("order", "OUT_TRADE_NO_USED", Refused(Refusal.ORDER_NO_USED, "说明")),
        ("order", "ORDER_PAID", Unclear("code ORDER_PAID")),
        ("query", "ORDER_NOT_EXIST", NotThere()),
        ("query_refund", "RESOURCE_NOT_EXISTS", NotThere()),
        ("close", "ORDER_PAID", Refused(Refusal.ORDER_PAID, "说明")),
        ("close", "ORDER_CLOSED", Accepted()),
        ("close", "ORDER_REVERSED", Accepted()),
        ("reverse", "ORDER_REVERSED", Accepted()),
        ("reverse", "ORDER_CLOSED", Accepted()),
        ("reverse", "ORDER_PAID", Refused(Refusal.NOT_REVERSIBLE, "说明")),
        ("reverse", "REVERSE_EXPIRE", Refused(Refusal.NOT_REVERSIBLE, "说明")),
        ("reverse", "USERPAYING", Paying()),
        ("refund", "NOT_ENOUGH", Refused(Refusal.NO_FUNDS, "说明")),
    ],
)
def test_codes_in_our_words(act: str, code: str, expected: Answer) -> None:
    assert said(act, code) == expected


@pytest.mark.parametrize(
    ("act", "number", "expected"),
    [
        ("close", "268449538", Refusal.ORDER_PAID),
        ("close", "268449641", Refusal.REVERSE_ONLY),
        ("order", "268498688", Refusal.ORDER_NO_USED),
        ("order", "268448010", Refusal.NOT_ENTITLED),
        ("order", "268445527", Refusal.BAD_REQUEST),
        ("reverse", "268498689", Refusal.NOT_REVERSIBLE),
        ("pay", "999", Refusal.BAD_REQUEST),
    ],
)
def test_the_request_number_narrows_an_invalid_request(act: str, number: str, expected: Refusal) -> None:
    assert said(act, "INVALID_REQUEST", number=number) == Refused(expected, "说明")


def test_the_unsigned_number_never_replaces_a_signed_code() -> None:
    assert said("query", "INVALID_REQUEST", number="268512771") == NotThere()
    assert said("pay", "SYSTEM_ERROR", number="268443715") == Unclear("code SYSTEM_ERROR")
    assert said("pay", "USERPAYING", number="268435461") == Paying()
    assert said("pay", "NEVER_HEARD_OF", number="268435461") == Unclear("code NEVER_HEARD_OF")


@pytest.mark.parametrize("act", CALLS)
def test_b2_a_5xx_is_never_definite_and_an_unsigned_4xx_neither(act: str) -> None:
    for code in (*DOCUMENTED, "NEVER_HEARD_OF"):
        for status in (500, 201, 200):
            assert isinstance(said(act, code, status=status), Unclear | Paying), (code, status)
        assert said(act, code, verified=False) == Unclear("signature_missing"), code
        assert said(act, code, status=429) == Unclear("rate_limited"), code


def test_a_profile_may_believe_unsigned_refusals() -> None:
    bank = merchant_connector(unsigned_refusals="definite")
    body = b'{"code":"AUTH_CODE_EXPIRE","message":""}'
    refused = bank.read(CALLS["pay"], HttpReply(400, {}, body), verified=False)
    assert refused == Refused(Refusal.CODE_EXPIRED)
    for status in (200, 500):
        assert isinstance(bank.read(CALLS["pay"], HttpReply(status, {}, body), verified=False), Unclear)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", None), ("-1", None), ("soon", None), ("1e9", None)]
)
def test_retry_after_is_seconds_or_nothing(header: str, seconds: float | None) -> None:
    assert said("query", "SYSTEM_ERROR", status=429, headers={"retry-after": header}) == (
        Unclear("rate_limited", seconds)
    )
