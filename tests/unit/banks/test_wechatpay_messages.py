"""Seals, sealed resources and notifications: the published vectors and every way to be wrong."""

import base64
import json
from typing import Any

import pytest

from terminal.banks.fields import Unreadable, fields
from terminal.banks.signing import RsaVerifier
from terminal.banks.wechatpay_messages import seal_of, unsealed
from terminal.errors import NotEvidence
from terminal.payments.notice import Notice, RefundNotice
from tests.unit.banks.rigs import merchant_connector as connector
from tests.unit.banks.rigs import order, refund
from tests.unit.banks.wechat_peer import MCHID, VECTORS, WeChatPeer, merchant_key

VERIFIER = RsaVerifier(merchant_key().public_key())


@pytest.mark.parametrize("vector", VECTORS["sealed"], ids=lambda vector: vector["id"])
def test_published_seals_open_and_only_whole(vector: dict[str, str]) -> None:
    resource: dict[str, object] = {"algorithm": "AEAD_AES_256_GCM", **vector}
    key = vector["key"].encode()
    assert unsealed(resource, key) == vector["plaintext"].encode()
    changed = base64.b64decode(vector["ciphertext"])
    for change in (
        {"associated_data": vector["associated_data"] + "x"},
        {"nonce": "x" * 12},
        {"nonce": "short"},
        {"nonce": ""},
        {"algorithm": "AEAD_SM4_GCM"},
        {"ciphertext": base64.b64encode(bytes([changed[0] ^ 1]) + changed[1:]).decode()},
        {"ciphertext": base64.b64encode(changed[:-1]).decode()},
        {"ciphertext": "AAAA"},
        {"ciphertext": "not base64!"},
        {"ciphertext": "值"},
        {"associated_data": 7},
    ):
        with pytest.raises(Unreadable):
            unsealed({**resource, **change}, key)
    with pytest.raises(Unreadable):
        unsealed(resource, b"x" * 32)


def n1_headers(**changes: str) -> dict[str, str]:
    n1 = VECTORS["notification"]
    return {
        "Wechatpay-Timestamp": n1["at"],
        "Wechatpay-Nonce": n1["nonce"],
        "Wechatpay-Serial": VECTORS["certificate_serial"],
        "Wechatpay-Signature": n1["signature"],
        **changes,
    }


def test_the_published_notification_verifies_and_opens() -> None:
    n1 = VECTORS["notification"]
    body = n1["body"].encode()
    seal = seal_of(n1_headers(), body, type_required=False)
    assert (seal.key_id, seal.at_s) == ("D7CE59D1F522D701", 1624523846)
    assert VERIFIER.verifies(seal.message, seal.signature)
    resource: Any = fields(body)["resource"]
    assert unsealed(resource, n1["apiv3_key"].encode()) == n1["plaintext"].encode()
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        seal = seal_of(n1_headers(), changed, type_required=False)
        assert not VERIFIER.verifies(seal.message, seal.signature), place


def test_a_genuine_notification_of_another_product_is_not_ours() -> None:
    with pytest.raises(NotEvidence) as caught:
        connector().notification(VECTORS["notification"]["body"].encode())
    assert caught.value.slug == "notification_unknown_kind"


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"Wechatpay-Signature": ""}, "signature_missing"),
        ({"Wechatpay-Signature": "WECHATPAY/SIGNTEST/abc"}, "signature_probe"),
        ({"Wechatpay-Signature": "值"}, "signature_unreadable"),
        ({"Wechatpay-Signature": "A" * 2000}, "signature_unreadable"),
        ({"Wechatpay-Timestamp": ""}, "signature_unreadable"),
        ({"Wechatpay-Timestamp": "１６２４５２３８４６"}, "signature_unreadable"),
        ({"Wechatpay-Timestamp": "1624523846\n"}, "signature_unreadable"),
        ({"Wechatpay-Timestamp": "-1"}, "signature_unreadable"),
        ({"Wechatpay-Nonce": ""}, "signature_unreadable"),
        ({"Wechatpay-Nonce": "a\nb"}, "signature_unreadable"),
        ({"Wechatpay-Serial": "../x"}, "signature_unreadable"),
        ({"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, "signature_unreadable"),
        ({"wechatpay-serial": "D7CE59D1F522D701"}, "signature_unreadable"),
    ],
)
def test_s10_signature_headers_are_taken_once_and_exactly(changes: dict[str, str], slug: str) -> None:
    with pytest.raises(NotEvidence) as caught:
        seal_of(n1_headers(**changes), b"{}", type_required=False)
    assert caught.value.slug == slug


def test_the_signature_type_may_be_required_by_the_profile() -> None:
    assert connector().seal(n1_headers(), b"{}")
    strict = connector(signature_type_header="required")
    with pytest.raises(NotEvidence):
        strict.seal(n1_headers(), b"{}")
    assert strict.seal(n1_headers(**{"Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048"}), b"{}")


def notified(event: str, content: dict[str, Any], **changes: object) -> Notice | RefundNotice:
    return connector().notification(WeChatPeer().notification(event, content, **changes).body)


@pytest.mark.parametrize(
    ("event", "original", "slug"),
    [
        ("TRANSACTION.SUCCESS", "refund", "notification_unknown_kind"),
        ("REFUND.SUCCESS", "transaction", "notification_unknown_kind"),
        ("MERCHANT.NEW", "transaction", "notification_unknown_kind"),
        ("TRANSACTION.SUCCESS", ["transaction"], "notification_unreadable"),
    ],
)
def test_a_notification_says_one_kind_only(event: str, original: object, slug: str) -> None:
    message = json.loads(
        WeChatPeer().notification("TRANSACTION.SUCCESS", WeChatPeer().transaction(order(), "SUCCESS")).body
    )
    message["event_type"] = event
    message["resource"]["original_type"] = original
    with pytest.raises(NotEvidence) as caught:
        connector().notification(json.dumps(message).encode())
    assert caught.value.slug == slug


def test_notifications_of_a_bad_shape_are_not_evidence() -> None:
    paid = WeChatPeer().transaction(order(), "SUCCESS")
    assert notified("TRANSACTION.SUCCESS", paid).evidence_id == "EV-000001"
    wrong: list[tuple[dict[str, Any], dict[str, object]]] = [
        ({**paid, "amount": {"total": "2850", "currency": "CNY"}}, {}),
        ({**paid, "trade_state": "OK"}, {}),
        (paid, {"id": ""}),
        (paid, {"id": 7}),
        (paid, {"resource": "x"}),
        (paid, {"resource": {"original_type": "transaction"}}),
    ]
    for content, changes in wrong:
        with pytest.raises(NotEvidence) as caught:
            notified("TRANSACTION.SUCCESS", content, **changes)
        assert caught.value.slug == "notification_unreadable"
    with pytest.raises(NotEvidence):
        connector().notification(b"{" + b" " * 70_000 + b"}")


@pytest.mark.parametrize(
    ("state", "trade"), [("SUCCESS", "refunded"), ("CLOSED", "failed"), ("ABNORMAL", "abnormal")]
)
def test_refund_notifications(state: str, trade: str) -> None:
    found = {"mchid": MCHID, **WeChatPeer().refund(refund(), state, "refund_status")}
    notice = notified("REFUND." + state, found)
    assert isinstance(notice, RefundNotice)
    assert (notice.trade, notice.amount_minor, notice.merchant_id) == (trade, 100, MCHID)


def test_the_documents_refund_notification_is_read() -> None:
    notice = notified("REFUND.SUCCESS", json.loads(VECTORS["worked"]["refund notify plaintext"]))
    assert isinstance(notice, RefundNotice)
    assert (notice.order_no, notice.amount_minor, notice.currency) == ("20150806125346", 999, None)


@pytest.mark.parametrize("state", ["", "success", "DONE", None, 1])
def test_a_refund_word_nobody_documented_is_not_evidence(state: Any) -> None:
    found = {"mchid": MCHID, **WeChatPeer().refund(refund(), state, "refund_status")}
    with pytest.raises(NotEvidence):
        notified("REFUND.SUCCESS", found)
