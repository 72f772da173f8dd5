"""Who may speak to the bank, and what every answer carries."""

import re

import pytest

from tests.unit.sandbox.till import Till, refused


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "AAAA"},
        {"serial_no": "0"},
        {"mchid": "1999999999"},
        {"nonce_str": ""},
        {"timestamp": "1"},
    ],
)
def test_b5_a_request_without_the_merchants_signature_changes_nothing(change: dict[str, str]) -> None:
    till = Till()
    target = "/v3/pay/transactions/native"
    refused(till.send("POST", target, {"out_trade_no": "ORDER-0001"}, **change), 401, "SIGN_ERROR")
    refused(till.query(), 404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize(("offset_s", "status"), [(-301, 401), (-300, 404), (300, 404), (301, 401)])
def test_a_request_is_fresh_for_300_seconds_either_way(offset_s: int, status: int) -> None:
    till = Till()
    target = f"/v3/pay/transactions/out-trade-no/ORDER-0001?mchid={till.me.mchid}"
    assert till.send("GET", target, timestamp=str(till.now_ms // 1000 + offset_s)).status == status


@pytest.mark.parametrize("part", ["method", "target", "body"])
def test_the_signature_is_checked_over_what_came(part: str) -> None:
    till = Till()
    sent = {"method": "POST", "target": "/v3/pay/transactions/native", "body": "{}"}
    headers = till.headers(sent["method"], sent["target"], sent["body"].encode())
    sent[part] = {"method": "GET", "target": "/v3/pay/transactions/native?", "body": "{ }"}[part]
    reply = till.bank.handle(sent["method"], sent["target"], headers, sent["body"].encode(), till.now_ms)
    refused(reply, 401, "SIGN_ERROR")


@pytest.mark.parametrize("name", ["User-Agent", "Accept"])
def test_a_header_the_documents_require_is_missed(name: str) -> None:
    till = Till()
    target = f"/v3/pay/transactions/out-trade-no/ORDER-0001?mchid={till.me.mchid}"
    headers = till.headers("GET", target, b"")
    del headers[name]
    refused(till.bank.handle("GET", target, headers, b"", till.now_ms), 400, "PARAM_ERROR")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_b4_a_body_that_is_no_json_object_is_a_parameter_error(body: bytes) -> None:
    till = Till()
    target = "/v3/pay/transactions/native"
    headers = till.headers("POST", target, body)
    refused(till.bank.handle("POST", target, headers, body, till.now_ms), 400, "PARAM_ERROR")


def test_an_unknown_path_or_method_is_refused() -> None:
    till = Till()
    refused(till.send("GET", "/v3/pay/transactions/native"), 404, "RESOURCE_NOT_EXISTS")
    refused(till.send("GET", "/v3/nothing"), 404, "RESOURCE_NOT_EXISTS")


def test_refusals_are_signed_too_and_carry_a_request_id() -> None:
    till = Till()
    reply = till.query()
    assert till.said(reply)["code"] == "ORDER_NOT_EXIST"
    assert re.fullmatch(r"08[0-9A-F]{24}-268512771", reply.headers["Request-ID"])
    assert reply.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    assert reply.headers["Content-Type"].startswith("application/json")


def test_the_key_that_signs_follows_what_the_merchant_asks_for() -> None:
    till = Till()
    target = f"/v3/pay/transactions/out-trade-no/ORDER-0001?mchid={till.me.mchid}"
    headers = till.headers("GET", target, b"")
    assert till.bank.handle("GET", target, headers, b"", till.now_ms).headers["Wechatpay-Serial"] == (
        till.me.platform_serial
    )
    del headers["Wechatpay-Serial"]
    newest = till.bank.keys.certificates[-1].serial
    assert till.bank.handle("GET", target, headers, b"", till.now_ms).headers["Wechatpay-Serial"] == newest
