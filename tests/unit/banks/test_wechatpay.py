"""The connector against the published vectors, its request bodies, and one-field changes of its messages."""

import json
from dataclasses import replace
from typing import Any

import pytest

from terminal.banks.connector import Call, ProviderKey, Stamp
from terminal.banks.profile_file import load_profile
from terminal.banks.signing import RsaSigner, RsaVerifier
from terminal.banks.wechatpay import WeChatPay, cut
from terminal.counter.ports import HttpReply
from terminal.errors import BadSettings
from terminal.payments.notice import Accepted, CodeReady, Notice, RefundTold, Told, Trade, Unclear
from tests.unit.banks.rigs import CODE, MERCHANT, ORDER_NO, order, profile, refund
from tests.unit.banks.rigs import merchant_connector as connector
from tests.unit.banks.wechat_peer import APIV3_KEY, APPID, MCHID, VECTORS, WeChatPeer, merchant_key

SIGNER = RsaSigner(merchant_key(), "D7CE59D1F522D701", threaded=False)
VERIFIER = RsaVerifier(merchant_key().public_key())


@pytest.mark.parametrize("vector", VECTORS["signatures"], ids=lambda vector: vector["id"])
async def test_published_signatures(vector: dict[str, str]) -> None:
    message = vector["message"].encode()
    assert await SIGNER.sign(message) == vector["signature"]
    assert VERIFIER.verifies(message, vector["signature"])
    assert not VERIFIER.verifies(message + b" ", vector["signature"])


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: vector["id"])
async def test_published_requests(vector: dict[str, Any]) -> None:
    call = Call("order", vector["method"], vector["target"], vector["body"].encode())
    message = connector().to_sign(call, Stamp(vector["at_s"], vector["nonce"]))
    assert await SIGNER.sign(message) == vector["signature"]
    respelled = replace(call, body=json.dumps(json.loads(vector["body"] or "{}")).encode())
    assert (
        await SIGNER.sign(connector().to_sign(respelled, Stamp(vector["at_s"], vector["nonce"])))
        != (vector["signature"])
    )


def test_requests_say_what_the_documents_ask() -> None:
    bank = connector(refund_funds_account="AVAILABLE", device_ip="10.0.0.7")
    native = bank.order(order())
    assert (native.method, native.target) == ("POST", "/v3/pay/transactions/native")
    assert json.loads(native.body) == {
        "appid": APPID,
        "mchid": MCHID,
        "description": "面包 Bread",
        "out_trade_no": ORDER_NO,
        "time_expire": "2026-09-21T22:14:50+08:00",
        "notify_url": "https://shop.test/n",
        "amount": {"total": 2850, "currency": "CNY"},
    }
    assert b"\\u" not in native.body
    assert b" " not in native.body.replace(b" Bread", b"")
    pull = bank.pay(order(), CODE)
    assert pull.target == "/v3/pay/transactions/codepay"
    said = json.loads(pull.body)
    assert said["payer"] == {"auth_code": CODE}
    assert said["scene_info"] == {
        "device_id": "lane-1",
        "device_ip": "10.0.0.7",
        "store_info": {"out_id": "lane-1"},
    }
    assert bank.query(ORDER_NO).target == f"/v3/pay/transactions/out-trade-no/{ORDER_NO}?mchid={MCHID}"
    assert bank.query(ORDER_NO).body == b""
    assert bank.close(ORDER_NO).body == b'{"mchid":"1230000109"}'
    assert bank.reverse(ORDER_NO).target.endswith(f"/{ORDER_NO}/reverse")
    back = bank.refund(refund())
    assert json.loads(back.body) == {
        "out_trade_no": ORDER_NO,
        "out_refund_no": "R-" + ORDER_NO,
        "reason": "returned",
        "funds_account": "AVAILABLE",
        "amount": {"refund": 100, "total": 2850, "currency": "CNY"},
    }
    assert bank.query_refund("R-1").target == "/v3/refund/domestic/refunds/R-1"
    assert bank.query("ab*12345").target == f"/v3/pay/transactions/out-trade-no/ab*12345?mchid={MCHID}"


def test_the_platform_key_id_is_named_only_in_public_key_mode() -> None:
    stamp = Stamp(1, "N")
    plain = connector().dress(connector().query(ORDER_NO), stamp, "S", "AB")
    assert "Wechatpay-Serial" not in dict(plain.headers)
    merchant = replace(MERCHANT, platform_key_id="PUB_KEY_ID_01")
    named = WeChatPay(profile(), merchant).dress(connector().query(ORDER_NO), stamp, "S", "AB")
    assert dict(named.headers)["Wechatpay-Serial"] == "PUB_KEY_ID_01"
    assert dict(named.headers)["User-Agent"]


@pytest.mark.parametrize(
    "number", ["", "short", "a" * 33, "order/../1", "order 123", "订单号码一二三", "order123\n"]
)
def test_an_order_number_that_is_none_is_a_bug_of_ours(number: str) -> None:
    with pytest.raises(AssertionError):
        connector().query(number)


def test_texts_are_cut_between_characters() -> None:
    assert cut("面包" * 100, 127) == ("面包" * 100)[:42]
    assert json.loads(connector().order(replace(order(), description="")).body)["description"] == ORDER_NO


def test_the_documents_worked_answers_are_read() -> None:
    bank, number = connector(), "1217752501201407033233368018"
    paid = bank.read(bank.pay(order(number), CODE), answer("codepay 200"), verified=True)
    assert isinstance(paid, Told)
    assert paid.notice.evidence_id.startswith("sha256:")
    assert replace(paid.notice, evidence_id="") == Notice(
        provider="wechatpay",
        source="pay",
        evidence_id="",
        merchant_id="1230000109",
        app_id="wxd678efh567hg6787",
        order_no=number,
        trade=Trade.PAID,
        amount_minor=100,
        currency="CNY",
        provider_txn=number,
        payer_minor=100,
        paid_at="2018-06-08T10:34:56+08:00",
        wallet="wechatpay",
        bank="CCB_DEBIT",
    )
    unpaid = bank.read(bank.query(number), unpaid_answer(number), verified=True)
    assert isinstance(unpaid, Told)
    assert (unpaid.notice.trade, unpaid.notice.currency) == (Trade.UNPAID, None)
    back = replace(refund(), refund_no=number, order_no=number)
    told = bank.read(bank.refund(back), answer("refund 200"), verified=True)
    assert isinstance(told, RefundTold)
    assert (told.notice.amount_minor, told.notice.merchant_id) == (100, MCHID)


def answer(name: str) -> HttpReply:
    return HttpReply(200, {}, VECTORS["worked"][name].encode())


def unpaid_answer(number: str) -> HttpReply:
    found = json.loads(VECTORS["worked"]["query unpaid"])
    return HttpReply(200, {}, json.dumps({**found, "out_trade_no": number}).encode())


def transaction(**changes: object) -> bytes:
    found = WeChatPeer().transaction(order(), "SUCCESS")
    for path, value in changes.items():
        first, _, second = path.partition("__")
        if second:
            found[first][second] = value
        else:
            found[first] = value
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount__total": "2850"},
        {"amount__total": 2850.0},
        {"amount__total": True},
        {"amount__total": -2850},
        {"amount__payer_total": "1"},
        {"amount__currency": 156},
        {"amount": []},
        {"trade_state": "PAID"},
        {"trade_state": "success"},
        {"trade_state": None},
        {"trade_state": ["SUCCESS"]},
        {"mchid": 1230000109},
        {"mchid": ""},
        {"appid": None},
        {"transaction_id": 42},
        {"transaction_id": "4" * 600},
        {"success_time": 0},
    ],
)
def test_b6_a_field_of_another_shape_is_unclear_never_paid(changes: dict[str, object]) -> None:
    reply = HttpReply(200, {}, transaction(**changes))
    told = connector().read(connector().query(ORDER_NO), reply, verified=True)
    assert isinstance(told, Unclear), told


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"out_trade_no": "01K5MZ0000ABCDEFGHJKMNPQRT"}, None),
        ({"out_trade_no": 1}, None),
        ({"mchid": "1900000001"}, "merchant_id"),
        ({"appid": "wx0000000000000000"}, "app_id"),
        ({"amount__total": 2851}, "amount_minor"),
        ({"amount__currency": "USD"}, "currency"),
        ({"trade_state": "REFUND"}, "trade"),
        ({"transaction_id": "4200000999"}, "provider_txn"),
    ],
)
def test_i2_every_one_field_change_of_a_genuine_answer_shows(
    changes: dict[str, object], field: str | None
) -> None:
    bank = connector()
    genuine = bank.read(bank.query(ORDER_NO), HttpReply(200, {}, transaction()), verified=True)
    told = bank.read(bank.query(ORDER_NO), HttpReply(200, {}, transaction(**changes)), verified=True)
    assert isinstance(genuine, Told)
    if field is None:
        assert told == Unclear("other_order")
        return
    assert isinstance(told, Told)
    assert getattr(told.notice, field) != getattr(genuine.notice, field)
    assert told.notice.evidence_id != genuine.notice.evidence_id


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("weixin://wxpay/bizpayurl?pr=p4lpSuKzz", True),
        ("weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00", True),
        ("WEIXIN://wxpay/bizpayurl?pr=1", False),
        ("weixin://wxpay/bizpayurl.example/?pr=1", False),
        ("https://qr.alipay.com/bax03431ljhokirwl38f00a7", False),
        (" weixin://wxpay/bizpayurl?pr=1", False),
        ("weixin://wxpay/bizpayurl?pr=1\n", False),
        ("weixin://wxpay/bizpayurl?pr=" + "1" * 600, False),
        ("", False),
        (7, False),
    ],
)
def test_s62_only_the_wallets_own_code_is_shown(url: object, good: bool) -> None:
    bank = connector()
    reply = HttpReply(200, {}, json.dumps({"code_url": url}).encode())
    assert isinstance(bank.read(bank.order(order()), reply, verified=True), CodeReady if good else Unclear)


def test_an_empty_yes_is_a_yes_only_to_close_and_reverse() -> None:
    bank = connector()
    empty = HttpReply(204, {}, b"")
    for call in (bank.close(ORDER_NO), bank.reverse(ORDER_NO)):
        assert bank.read(call, empty, verified=True) == Accepted()
        assert isinstance(bank.read(call, empty, verified=False), Unclear)
    for call in (bank.order(order()), bank.query(ORDER_NO), bank.refund(refund())):
        assert isinstance(bank.read(call, empty, verified=True), Unclear)


def test_a_reverse_for_another_merchant_is_not_ours() -> None:
    bank = connector()
    body = json.dumps({"appid": APPID, "mchid": "1900000001", "out_trade_no": ORDER_NO}).encode()
    assert bank.read(bank.reverse(ORDER_NO), HttpReply(200, {}, body), verified=True) == Unclear("other_order")


def test_a_refund_of_another_order_under_our_number_is_not_ours() -> None:
    bank, peer = connector(), WeChatPeer()
    found = {**peer.refund(refund(), "SUCCESS", "status"), "out_trade_no": "01K5MZ0000ABCDEFGHJKMNPQRT"}
    reply = HttpReply(200, {}, json.dumps(found).encode())
    assert bank.read(bank.refund(refund()), reply, verified=True) == Unclear("other_order")


@pytest.mark.parametrize(
    "settings", [{"codepay": "v2"}, {"unsigned_refusals": "yes"}, {"colour": "green"}, {"codepay": ""}]
)
def test_settings_nobody_knows_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(BadSettings):
        connector(**settings)


@pytest.mark.parametrize("value", ["", "a b", "x" * 33, 'a"b', "商户"])
def test_accounts_that_cannot_be_are_refused(value: str) -> None:
    for merchant in (replace(MERCHANT, mchid=value), replace(MERCHANT, appid=value)):
        with pytest.raises(BadSettings):
            WeChatPay(load_profile("wechatpay"), merchant)


def test_i19_no_secret_in_a_repr() -> None:
    call = connector().pay(order(), CODE)
    for thing in (MERCHANT, connector(), SIGNER, call, ProviderKey(VERIFIER)):
        assert APIV3_KEY not in repr(thing)
        assert CODE not in repr(thing)
