"""Cutting Alipay's texts: what is verified is exactly what is read."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from terminal.banks import alipay_messages
from terminal.banks.alipay_messages import Signed, fen, parts, seal_of_notification, sign_text
from terminal.banks.fields import Unreadable
from terminal.banks.signing import RsaSigner, RsaVerifier
from terminal.errors import NotEvidence
from tests.unit.banks.wechat_peer import merchant_key

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "golden" / "alipay.json").read_text("utf-8"))


async def test_the_request_vector_is_signed_as_published() -> None:
    told = dict(each.split("=", 1) for each in VECTORS["request"]["text"].split("&"))
    text = sign_text(told | {"sign": "x", "return_url": ""})
    assert text.decode() == VECTORS["request"]["text"]
    assert await RsaSigner(merchant_key(), "", threaded=False).sign(text) == VECTORS["request"]["sign"]


def test_the_answer_vector_verifies_over_its_exact_text_only() -> None:
    value, sign = VECTORS["answer"]["text"], VECTORS["answer"]["sign"]
    body = f'{{"alipay_trade_query_response":{value},"sign":"{sign}"}}'.encode()
    seal, verifier = alipay_messages.seal_of_answer(body), RsaVerifier(merchant_key().public_key())
    assert verifier.verifies(seal.message, seal.signature)
    again = json.dumps(json.loads(value)).encode()
    assert not verifier.verifies(again, seal.signature), "re-serialised JSON is another text"


def test_the_published_production_notification_verifies_without_its_sign_type() -> None:
    told = VECTORS["notification"]["fields"]
    key = load_der_public_key(base64.b64decode(VECTORS["notification"]["public_key_spki_base64"]))
    assert isinstance(key, rsa.RSAPublicKey)
    seal = seal_of_notification(urlencode(told).encode())
    assert RsaVerifier(key).verifies(seal.message, seal.signature)
    assert seal.at_s == 1565855785
    changed = seal_of_notification(urlencode(told | {"total_amount": "0.11"}).encode())
    assert not RsaVerifier(key).verifies(changed.message, changed.signature)
    with_type = sign_text(told)
    assert not RsaVerifier(key).verifies(with_type, seal.signature)
    plus = urlencode(told).replace("%2B", "+").encode()  # base64 whose plus became a space
    with pytest.raises(NotEvidence, match="signature_unreadable"):
        seal_of_notification(plus)


@pytest.mark.parametrize(
    ("body", "node", "value", "signature"),
    [
        ('{"a_response":{},"sign":"QQ=="}', "a_response", "{}", "QQ=="),
        ('{ "a_response" : {"x":"}\\"{"} , "sign" : "Q\\/+=" }', "a_response", '{"x":"}\\"{"}', "Q/+="),
        ('{"error_response":{"b":{"c":{}}}}', "error_response", '{"b":{"c":{}}}', ""),
        ('{"a_response":{"u":"https:\\/\\/x"},"sign":""}', "a_response", '{"u":"https:\\/\\/x"}', ""),
    ],
)
def test_an_answer_is_cut_where_its_braces_end(body: str, node: str, value: str, signature: str) -> None:
    assert parts(body.encode()) == Signed(node, value, signature)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b'{"a_response":{}',
        b'{"a_response":[],"sign":"QQ=="}',
        b'{"a_response":"{}","sign":"QQ=="}',
        b'{"sign":"QQ==","a_response":{}}',
        b'{"a_response":{},"sign":"QQ=="} {}',
        b'{"a_response":{},"sign":"QQ==","b_response":{}}',  # a second value, never verified
        b'{"a_response":{},"sign":"QQ==","sign":"QQ=="}',
        b'{"a_response":{},"a_response":{},"sign":"QQ=="}',
        b'{"a_response":{"x":"\xff"},"sign":"QQ=="}',
        b'\xef\xbb\xbf{"a_response":{},"sign":"QQ=="}',
        b'{"a_response":' + b"{" * 5000 + b',"sign":"QQ=="}',
        b'{"a_response":{"' + b"x" * (1 << 20) + b'":1}}',
    ],
)
def test_b4_what_is_no_signed_answer_is_not_cut(body: bytes) -> None:
    assert parts(body) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"sign=QQ%3D%3D&sign=QQ%3D%3D", "form"),
        (b"sign=QQ%3D%3D&x=%ff", "form"),
        (b"sign=QQ%3D%3D&x", "form"),
        (b"&".join(b"x%d=1" % each for each in range(200)), "form"),
        (b"sign=QQ%3D%3D&sign_type=RSA&notify_time=2019-08-15+15%3A56%3A25", "sign_type"),
        (b"sign=QQ%3D%3D&sign_type=RSA2&charset=GBK", "charset"),
        (b"sign=QQ%3D%3D&sign_type=RSA2", "notify_time"),
        (b"sign=QQ%3D%3D&sign_type=RSA2&notify_time=2019-13-15+15%3A56%3A25", "notify_time"),
        (b"sign=" + b"Q" * 70_000, "body"),
    ],
)
def test_b4_a_notification_of_another_form_is_no_evidence(body: bytes, field: str) -> None:
    with pytest.raises(NotEvidence) as caught:
        seal_of_notification(body)
    assert (caught.value.slug, caught.value.facts["field"]) == ("signature_unreadable", field)


@pytest.mark.parametrize(("text", "minor"), [("88.88", 8888), ("0.01", 1), ("10", 1000), ("10.5", 1050)])
def test_i12_yuan_are_read_exactly(text: str, minor: int) -> None:
    assert fen({"a": text}, "a") == minor
    assert alipay_messages.yuan(minor) in {text, text + "0", text + ".00"}


@pytest.mark.parametrize("value", ["1.001", "1e2", "-1", "１.00", "1,00", " 1", "1\n", "", 1, 1.5, None, "9" * 12])
def test_i12_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(Unreadable, match="a"):
        fen({"a": value}, "a")
