"""The Alipay connector by itself: what leaves, and what each word of an answer means to which call."""

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from terminal.banks.alipay import Alipay
from terminal.banks.connector import Act, Call, Stamp
from terminal.counter.ports import HttpReply, NoAnswer
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.notice import (
    Accepted,
    NotThere,
    RefundTold,
    RefundTrade,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
)
from tests.unit.banks.alipay_peer import AlipayPeer
from tests.unit.banks.alipay_rig import CODE, MERCHANT, AlipayBench, connector, profile
from tests.unit.banks.rigs import ORDER_NO, order, refund

BANK, PEER = connector(), AlipayPeer()


def wish(call: Call) -> dict[str, str]:
    return dict(json.loads(dict(parse_qsl(call.body.decode()))["biz_content"]))


def said(act: Act, fields: Mapping[str, object], bank: Alipay = BANK) -> object:
    calls = {"close": bank.close(ORDER_NO), "reverse": bank.reverse(ORDER_NO), "query": bank.query(ORDER_NO)}
    calls |= {"pay": bank.pay(order(), CODE), "refund": bank.refund(refund())}
    calls |= {"query_refund": bank.query_refund("R-" + ORDER_NO, ORDER_NO)}
    told = {"code": "10000", "msg": "Success", "out_trade_no": ORDER_NO, **fields}
    return bank.read(calls[act], PEER.answer(act, told), verified=True)


def test_public_parameters_stand_in_the_query_and_the_wish_in_the_body() -> None:
    call = BANK.order(order())
    request = BANK.dress(call, Stamp(1_790_000_000, "N"), "S+/=", "serial")
    public = dict(parse_qsl(urlsplit(request.target).query))
    assert request.target.startswith("/gateway.do?")
    assert (public["method"], public["timestamp"]) == ("alipay.trade.precreate", "2026-09-21 22:13:20")
    assert (public["sign"], public["notify_url"]) == ("S+/=", "https://shop.test/n")
    assert wish(call) == {
        "out_trade_no": ORDER_NO,
        "total_amount": "28.50",
        "subject": "面包 Bread",
        "terminal_id": "lane-1",
        "product_code": "FACE_TO_FACE_PAYMENT",
        "time_expire": "2026-09-21 22:14:50",
    }


def test_s42_a_charge_names_the_code_once_and_asks_for_no_notification() -> None:
    call = BANK.pay(order(), CODE)
    assert wish(call)["auth_code"] == CODE
    assert CODE not in repr(call)
    assert "notify_url" not in call.target


def test_a_refund_is_named_by_both_numbers() -> None:
    assert wish(BANK.refund(refund()))["refund_amount"] == "1.00"
    asked = wish(BANK.query_refund("R-1", ORDER_NO))
    assert asked == {"out_trade_no": ORDER_NO, "out_request_no": "R-1"}


@pytest.mark.parametrize(
    ("act", "fields", "means"),
    [
        ("close", {"retry_flag": "N", "action": "close", "trade_no": "2"}, Accepted()),
        ("close", {"retry_flag": "N"}, Accepted()),  # nobody scanned it: nothing to do
        ("close", {"retry_flag": "Y"}, Unclear("retry_flag")),
        ("reverse", {"retry_flag": "N", "action": "refund", "trade_no": "2"}, Accepted()),
        ("reverse", {"retry_flag": "N", "trade_no": "2"}, Accepted()),
        ("reverse", {"retry_flag": "N"}, NotThere()),  # the charge may still be queued
        ("reverse", {"retry_flag": "Y", "action": "close"}, Unclear("retry_flag")),
        ("reverse", {"out_trade_no": "other"}, Unclear("other_order")),
        ("query_refund", {}, NotThere()),
        ("query", {"trade_status": "PENDING", "trade_no": "2"}, Unclear("unreadable: trade_status")),
        ("query", {"trade_status": "TRADE_SUCCESS", "trade_no": "2"}, Unclear("unreadable: total_amount")),
        ("pay", {"total_amount": "28.5 ", "trade_no": "2"}, Unclear("unreadable: total_amount")),
    ],
)
def test_the_words_of_an_answer(act: Act, fields: dict[str, object], means: object) -> None:
    assert said(act, fields) == means


@pytest.mark.parametrize(
    ("act", "sub_code", "means"),
    [
        ("pay", "ACQ.PAYMENT_AUTH_CODE_INVALID", Refusal.CODE_INVALID),
        ("pay", "ACQ.BUYER_BALANCE_NOT_ENOUGH", Refusal.NO_FUNDS),
        ("pay", "ACQ.TRADE_HAS_SUCCESS", Unclear),  # perhaps by our own request that we believed lost
        ("pay", "ACQ.CONTEXT_INCONSISTENT", Unclear),
        ("pay", "ACQ.SYSTEM_ERROR", Unclear),
        ("pay", "ACQ.NOBODY_KNOWS", Unclear),
        ("close", "ACQ.TRADE_HAS_CLOSE", Accepted),
        ("close", "ACQ.TRADE_STATUS_ERROR", Unclear),
        ("reverse", "ACQ.TRADE_CANCEL_TIME_OUT", Refusal.NOT_REVERSIBLE),
        ("refund", "ACQ.SELLER_BALANCE_NOT_ENOUGH", Refusal.NO_FUNDS),
        ("refund", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", Refusal.REFUND_TOO_MUCH),
        ("refund", "ACQ.TRADE_HAS_FINISHED", Refusal.REFUND_WINDOW_OVER),
    ],
)
def test_refusals_in_our_words(act: Act, sub_code: str, means: Refusal | type) -> None:
    answer = said(act, {"code": "40004", "sub_code": sub_code, "sub_msg": "说明"})
    if isinstance(means, Refusal):
        assert answer == Refused(means, "说明")
    else:
        assert isinstance(answer, means)


def test_closed_after_it_was_paid_means_returned() -> None:
    known = {"trade_status": "TRADE_CLOSED", "total_amount": "28.50", "trade_no": "2"}
    never, back = said("query", known), said("query", known | {"send_pay_date": "2026-09-21 22:13:20"})
    assert isinstance(never, Told)
    assert isinstance(back, Told)
    assert (never.notice.trade, back.notice.trade) == (Trade.CLOSED, Trade.RETURNED)
    assert back.notice.paid_at == "2026-09-21T22:13:20+08:00"
    by_its_refund = said("query", known | {"gmt_refund": "2026-09-21 22:13:20.333"})
    assert isinstance(by_its_refund, Told)
    assert by_its_refund.notice.trade is Trade.RETURNED


def test_another_currency_is_told_as_said() -> None:
    paid = {"trade_status": "TRADE_SUCCESS", "total_amount": "28.50", "trade_no": "2"}
    answer = said("query", paid | {"trans_currency": "USD"})
    assert isinstance(answer, Told)
    assert answer.notice.currency == "USD"


@pytest.mark.parametrize(
    ("setting", "trade"), [("accepted", RefundTrade.PROCESSING), ("final", RefundTrade.REFUNDED)]
)
def test_a_refunds_answer_is_final_only_where_the_profile_says_so(setting: str, trade: RefundTrade) -> None:
    bank = connector(refund_answer=setting)
    answer = said("refund", {"fund_change": "Y", "refund_fee": "9.00", "trade_no": "2"}, bank)
    assert isinstance(answer, RefundTold)
    assert (answer.notice.trade, answer.notice.amount_minor) == (trade, 100), "the total is not this refund"
    again = said("refund", {"fund_change": "N", "refund_fee": "9.00"}, bank)
    assert isinstance(again, RefundTold)
    assert again.notice.trade is RefundTrade.PROCESSING


def test_closing_a_shown_code_is_the_profiles_choice() -> None:
    assert "alipay.trade.cancel" in BANK.close(ORDER_NO).target
    assert "alipay.trade.close" in connector(push_close="close").close(ORDER_NO).target


def test_b10_a_signed_answer_to_another_call_says_nothing() -> None:
    reply = PEER.answer("refund", {"code": "10000", "out_trade_no": ORDER_NO, "trade_status": "TRADE_SUCCESS"})
    assert BANK.read(BANK.query(ORDER_NO), reply, verified=True) == Unclear("other_call")


def test_an_unsigned_refusal_of_the_gateway_counts_only_if_the_profile_says_so() -> None:
    body = b'{"error_response":{"code":"40002","msg":"x","sub_code":"isv.invalid-signature"}}'
    call, believing = BANK.pay(order(), CODE), connector(unsigned_refusals="definite")
    assert BANK.read(call, HttpReply(200, {}, body), verified=False) == Unclear("signature_missing")
    refused = believing.read(call, HttpReply(200, {}, body), verified=False)
    assert refused == Refused(Refusal.CLOCK_OR_KEY)
    money = PEER.unsigned(PEER.answer("pay", {"code": "10000", "out_trade_no": ORDER_NO, "total_amount": "1.00"}))
    assert believing.read(call, money, verified=False) == Unclear("signature_missing")


async def test_what_is_no_code_of_this_wallet_never_leaves_the_shop() -> None:
    bench = AlipayBench()
    for code in ("134567890123456789", "2812345678901234567890123", "28123456789012345a", "281234567890123"):
        answer = await bench.channel().pay(order(), code)
        assert answer == Refused(Refusal.CODE_INVALID)
    bench.http.steps.append(NoAnswer("x"))
    assert isinstance(await bench.channel().pay(order(), "3012345678901234"), Unclear)


def test_a_notification_of_another_kind_is_no_evidence() -> None:
    told = dict(parse_qsl(PEER.notifies(order()).body.decode()))
    with pytest.raises(NotEvidence, match="notification_unknown_kind"):
        BANK.notification(PEER.notification(told | {"notify_type": "dut_user_sign"}).body)
    with pytest.raises(NotEvidence, match="notification_unreadable"):
        BANK.notification(PEER.notification(told | {"trade_status": "TRADE_PENDING"}).body)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"app_id": "12"}, "app_id"), ({"seller_id": "123"}, "seller_id"), ({"path": "/a?b"}, "gateway")],
)
def test_a_merchant_it_cannot_use(changes: dict[str, str], field: str) -> None:
    with pytest.raises(BadSettings, match=field):
        Alipay(profile(), replace(MERCHANT, **changes))


def test_a_profile_setting_nobody_documented() -> None:
    with pytest.raises(BadSettings, match="push_close"):
        connector(push_close="perhaps")
    with pytest.raises(BadSettings, match="colour"):
        Alipay(msgspec.structs.replace(profile(), settings={"colour": "blue"}), MERCHANT)
