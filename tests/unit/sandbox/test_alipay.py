"""Alipay's door of the sandbox, by its documents: signed forms in, signed text out, the bank's own books."""

import base64
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest

from terminal.sandbox.alipay import AlipayDoor, is_alipay
from terminal.sandbox.alipay_forms import beijing
from terminal.sandbox.keyring import alipay_names
from terminal.sandbox.notifications import ALIPAY_RETRY_AFTER_S, Delivery
from terminal.sandbox.outcome import Reply
from tests.unit.sandbox.till import NOTIFY, Till

NUMBER = "6823789339978248"


class AlipayTill(Till):
    def __init__(self) -> None:
        super().__init__()
        self.door = AlipayDoor(self.bank)
        self.names = alipay_names(self.me.mchid)

    def ask(self, method: str, *, in_body: tuple[str, ...] = ("biz_content",), **asked: Any) -> Reply:
        notify = {"notify_url": NOTIFY} if method == "precreate" else {}
        given = self.signed({"method": f"alipay.trade.{method}", "biz_content": json.dumps(asked)} | notify)
        body = urlencode({name: given[name] for name in in_body}).encode()
        query = urlencode({name: value for name, value in given.items() if name not in in_body})
        return self.door.handle("POST", f"/gateway.do?{query}", {}, body, self.now_ms)

    def signed(self, given: dict[str, str]) -> dict[str, str]:
        given = {
            "app_id": self.names["alipay_app_id"],
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": beijing(self.now_ms),
            "version": "1.0",
        } | given
        text = "&".join(f"{name}={given[name]}" for name in sorted(given) if name != "sign")
        return given | {"sign": mac(self.me.merchant_key, text.encode())}

    def told(self, reply: Reply) -> dict[str, Any]:
        """The value, after its signature was checked over its very bytes."""
        text = reply.body.decode()
        value, _, sign = text.partition('":')[2].rpartition(',"sign":"')
        assert mac(self.me.platform_key, value.encode()) == sign[:-2], text
        return dict(json.loads(value))

    def says(self, method: str, **asked: Any) -> dict[str, Any]:
        return self.told(self.ask(method, **asked))

    def shown(self, number: str = NUMBER) -> str:
        told = self.says("precreate", out_trade_no=number, total_amount="28.50", subject="茶")
        return str(told["qr_code"])

    def charged(self, code: str, number: str = NUMBER) -> dict[str, Any]:
        asked = {"out_trade_no": number, "total_amount": "28.50", "subject": "茶", "scene": "bar_code"}
        return self.says("pay", **asked, auth_code=code)

    def wallet_code(self, behaviour: str = "pays") -> str:
        return self.bank.new_customer_code(self.now_ms, behaviour, wallet="alipay")

    def posts(self) -> list[Delivery]:
        return self.bank.due(self.now_ms)


def mac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def test_a_precreated_order_is_no_trade_before_somebody_scans_it() -> None:
    till = AlipayTill()
    code = till.shown()
    assert code.startswith("https://qr.alipay.com/")
    assert till.says("query", out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert till.bank.customer_scans(code, till.now_ms).amount == 2850
    assert till.says("query", out_trade_no=NUMBER)["trade_status"] == "WAIT_BUYER_PAY"
    till.bank.customer_pays(NUMBER, till.now_ms)
    paid = till.says("query", out_trade_no=NUMBER)
    assert (paid["trade_status"], paid["total_amount"]) == ("TRADE_SUCCESS", "28.50")
    assert till.bank.captures() == {NUMBER: [2850]}


@pytest.mark.parametrize("in_body", [(), ("biz_content",), ("app_id", "method", "biz_content", "sign")])
def test_parameters_are_merged_from_query_and_form(in_body: tuple[str, ...]) -> None:
    till = AlipayTill()
    reply = till.ask("precreate", in_body=in_body, out_trade_no=NUMBER, total_amount="1", subject="x")
    assert till.told(reply)["code"] == "10000"
    assert b"https:\\/\\/qr.alipay.com" in reply.body, "slashes are escaped, and signed so"


def test_what_proves_nobody_is_refused_without_a_signature() -> None:
    till = AlipayTill()
    given = till.signed({"method": "alipay.trade.query", "biz_content": "{}"})
    other = mac(b"other", b"")
    for changed in (
        {"sign": other},
        {"app_id": "1"},
        {"method": "alipay.trade.pay"},
        {"sign_type": "RSA"},
        {"sign": "!"},
    ):
        reply = till.door.handle("GET", "/gateway.do?" + urlencode(given | changed), {}, b"", till.now_ms)
        assert b'{"error_response":{"code":"40002"' in reply.body
        assert b'"sign"' not in reply.body
    twice = "/gateway.do?" + urlencode(given)
    reply = till.door.handle("POST", twice, {}, f"app_id={quote_plus(given['app_id'])}".encode(), till.now_ms)
    assert b"isv.invalid-parameter" in reply.body


def test_a_code_pays_once_and_only_at_its_own_wallet() -> None:
    till = AlipayTill()
    code = till.wallet_code()
    assert code[:2] in {"25", "26", "27", "28", "29", "30"}
    paid = till.charged(code)
    assert (paid["code"], paid["total_amount"]) == ("10000", "28.50")
    assert till.charged(code, "OTHER")["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert till.charged(till.wallet_code())["sub_code"] == "ACQ.TRADE_HAS_SUCCESS", "the number is spent"
    wechat = till.bank.new_customer_code(till.now_ms)
    assert till.charged(wechat, "THIRD")["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert till.charged(till.wallet_code("no-funds"), "FOURTH")["sub_code"] == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert till.bank.captures() == {NUMBER: [2850]}


def test_a_password_is_10003_and_what_nobody_confirms_lapses() -> None:
    till = AlipayTill()
    assert till.charged(till.wallet_code("password"))["code"] == "10003"
    assert till.says("query", out_trade_no=NUMBER)["trade_status"] == "WAIT_BUYER_PAY"
    till.now_ms += 60_000
    closed = till.says("query", out_trade_no=NUMBER)
    assert closed["trade_status"] == "TRADE_CLOSED"
    assert "send_pay_date" not in closed


def test_cancel_says_what_it_did() -> None:
    till = AlipayTill()
    nothing = till.says("cancel", out_trade_no="UNKNOWN")
    assert (nothing["retry_flag"], "action" in nothing, "trade_no" in nothing) == ("N", False, False)
    till.charged(till.wallet_code())
    assert till.says("cancel", out_trade_no=NUMBER)["action"] == "refund"
    assert "action" not in till.says("cancel", out_trade_no=NUMBER)
    closed = till.says("query", out_trade_no=NUMBER)
    assert (closed["trade_status"], bool(closed["send_pay_date"])) == ("TRADE_CLOSED", True)
    assert till.bank.returned() == {NUMBER: 2850}
    till.charged(till.wallet_code(), "OLD")
    till.now_ms += 86_400_001
    assert till.says("cancel", out_trade_no="OLD")["sub_code"] == "ACQ.TRADE_CANCEL_TIME_OUT"


def test_close_is_for_scanned_unpaid_trades_only() -> None:
    till = AlipayTill()
    code = till.shown()
    assert till.says("close", out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    till.bank.customer_scans(code, till.now_ms)
    assert till.says("close", out_trade_no=NUMBER)["code"] == "10000"
    till.charged(till.wallet_code(), "PAID")
    assert till.says("close", out_trade_no="PAID")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


def test_i8_refunds_add_up_and_a_repeated_one_moves_nothing() -> None:
    till = AlipayTill()
    till.charged(till.wallet_code())
    part = {"out_trade_no": NUMBER, "refund_amount": "8.50", "out_request_no": "R1"}
    assert till.says("fastpay.refund.query", out_trade_no=NUMBER, out_request_no="R1") == {
        "code": "10000",
        "msg": "Success",
    }
    first, again = till.says("refund", **part), till.says("refund", **part)
    assert [first["fund_change"], again["fund_change"]] == ["Y", "N"]
    assert till.says("refund", **part | {"refund_amount": "9"})["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    too_much = till.says("refund", **part | {"refund_amount": "20.01", "out_request_no": "R2"})
    assert too_much["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    rest = till.says("refund", **part | {"refund_amount": "20", "out_request_no": "R2"})
    assert rest["refund_fee"] == "28.50", "the total of the trade, not this refund"
    told = till.says("fastpay.refund.query", out_trade_no=NUMBER, out_request_no="R2")
    assert (told["refund_status"], told["refund_amount"]) == ("REFUND_SUCCESS", "20.00")
    assert till.says("query", out_trade_no=NUMBER)["trade_status"] == "TRADE_CLOSED"


def test_b7_notifications_come_again_until_the_word_success_with_the_same_id() -> None:
    till = AlipayTill()
    till.bank.customer_scans(till.shown(), till.now_ms)
    till.bank.customer_pays(NUMBER, till.now_ms)
    ids, waits = set(), []
    for _ in range(len(ALIPAY_RETRY_AFTER_S) + 1):
        (post,) = till.posts()
        assert post.yes == "success"
        told = dict(parse_qsl(post.body.decode()))
        ids.add(told["notify_id"])
        text = "&".join(f"{n}={told[n]}" for n in sorted(told) if n not in {"sign", "sign_type"} and told[n])
        assert mac(till.me.platform_key, text.encode()) == told["sign"]
        assert told["notify_time"] == beijing(till.now_ms), "signed when it leaves"
        assert (told["seller_id"], told["total_amount"]) == (till.names["alipay_seller_id"], "28.50")
        till.bank.delivered(post.id, False, till.now_ms)
        due = till.bank.post.next_due_ms()
        if due is not None:
            waits.append((due - till.now_ms) // 1000)
            till.now_ms = due
    assert len(ids) == 1
    assert tuple(waits) == ALIPAY_RETRY_AFTER_S
    assert not till.bank.post.table, "given up after 25 hours"


@pytest.mark.parametrize(
    ("slug", "method", "word"),
    [
        ("error-500", "query", b'"20000"'),
        ("rate-429", "query", b""),
        ("not-found-lag", "query", b"ACQ.TRADE_NOT_EXIST"),
        ("reverse-refused-paying", "cancel", b'"retry_flag":"Y"'),
        ("wrong-amount", "query", b'"total_amount":"28.51"'),
        ("wrong-order", "query", b"SOMEBODY-ELSES-ORDER"),
        ("wrong-currency", "query", b'"trans_currency":"USD"'),
        ("unknown-state", "query", b"PENDING_REVIEW"),
        ("malformed-answer", "query", b""),
    ],
)
def test_the_same_faults_by_the_same_names(slug: str, method: str, word: bytes) -> None:
    till = AlipayTill()
    till.charged(till.wallet_code())
    till.bank.set_fault(slug, till.now_ms)
    reply = till.ask(method, out_trade_no=NUMBER)
    assert word in reply.body
    assert reply.fault == slug
    assert (reply.status == 429) == (slug == "rate-429")
    assert not till.ask("query", out_trade_no=NUMBER).fault


@pytest.mark.parametrize("variant", ["flipped", "missing", "unknown-serial"])
def test_b5_a_bad_signature_is_bad(variant: str) -> None:
    till = AlipayTill()
    till.charged(till.wallet_code())
    till.bank.set_fault("bad-signature", till.now_ms, params={"variant": variant})
    with pytest.raises(AssertionError):
        till.says("query", out_trade_no=NUMBER)


def test_only_the_gateways_own_path_is_its_door() -> None:
    assert is_alipay("/gateway.do?x=1")
    assert is_alipay("/gateway.do")
    assert not is_alipay("/v3/gateway.do")
