import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from terminal.sandbox.signing import (
    MacSigner,
    RsaSigner,
    RsaVerifier,
    answer_message,
    read_authorization,
    request_message,
    seal,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/wechatpay_v3_platform.json").read_text())


def key() -> RSAPrivateKey:
    loaded = load_der_private_key(base64.b64decode(GOLDEN["private_key_pkcs8_der_base64"]), None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


def test_w0_the_published_signature_comes_out_byte_for_byte() -> None:
    signature = RsaSigner(key()).sign(GOLDEN["W0"]["message"].encode())
    assert base64.b64encode(signature).decode() == GOLDEN["W0"]["signature"]


@pytest.mark.parametrize("name", ["W1", "W2"])
def test_w1_w2_a_merchants_request_verifies_and_no_other_bytes_do(name: str) -> None:
    vector, verifier = GOLDEN[name], RsaVerifier(key().public_key())
    signature = base64.b64decode(vector["signature"])

    def message(body: bytes) -> bytes:
        return request_message(vector["method"], vector["target"], vector["timestamp"], vector["nonce"], body)

    assert verifier.verify(message(vector["body"].encode()), signature)
    assert not verifier.verify(message(vector["body"].encode() + b" "), signature)


@pytest.mark.parametrize("name", ["W3", "W4"])
def test_w3_w4_our_answers_carry_the_signature_the_documents_lead_to(name: str) -> None:
    vector = GOLDEN[name]
    signature = RsaSigner(key()).sign(
        answer_message(vector["timestamp"], vector["nonce"], vector["body"].encode())
    )
    assert base64.b64encode(signature).decode() == vector["signature"]


def test_n1_the_published_notification_is_what_we_would_have_sent() -> None:
    vector = GOLDEN["N1"]
    body = vector["body"].encode()
    assert len(body) == 568
    signature = RsaSigner(key()).sign(answer_message(vector["timestamp"], vector["nonce"], body))
    assert base64.b64encode(signature).decode() == vector["signature"]
    resource = json.loads(body)["resource"]
    ciphertext = seal(
        vector["apiv3_key"],
        vector["plaintext"].encode(),
        nonce=resource["nonce"],
        associated_data=resource["associated_data"],
    )
    assert ciphertext == resource["ciphertext"]


@pytest.mark.parametrize("name", ["A1", "A2"])
def test_a1_a2_sealing_gives_the_published_ciphertext(name: str) -> None:
    vector = GOLDEN[name]
    sealed = seal(
        vector["key"],
        vector["plaintext"].encode(),
        nonce=vector["nonce"],
        associated_data=vector["associated_data"],
    )
    assert sealed == vector["ciphertext"]


def test_the_mac_stands_in_for_rsa_both_ways() -> None:
    mac = MacSigner(b"k" * 32)
    assert mac.verify(b"message", mac.sign(b"message"))
    assert not mac.verify(b"massage", mac.sign(b"message"))


FIELDS = 'mchid="1",nonce_str="Ab9",timestamp="1554208460",serial_no="7E57",signature="AAEC"'


def test_the_five_fields_may_come_in_any_order() -> None:
    turned = ",".join(reversed(FIELDS.split(",")))
    assert read_authorization(f"WECHATPAY2-SHA256-RSA2048 {FIELDS}") == read_authorization(
        f"WECHATPAY2-SHA256-RSA2048 {turned}"
    )
    claim = read_authorization(f"WECHATPAY2-SHA256-RSA2048 {turned}")
    assert claim is not None
    assert claim.signature == b"\x00\x01\x02"


@pytest.mark.parametrize(
    "header",
    [
        "",
        FIELDS,
        f"Bearer {FIELDS}",
        f"WECHATPAY2-SHA256-RSA2048 {FIELDS.replace('mchid', 'mch')}",
        f'WECHATPAY2-SHA256-RSA2048 {FIELDS},mchid="2"',
        f"WECHATPAY2-SHA256-RSA2048 {FIELDS.replace('Ab9', 'A b')}",
        f"WECHATPAY2-SHA256-RSA2048 {FIELDS.replace('Ab9', 'a' * 33)}",
        f"WECHATPAY2-SHA256-RSA2048 {FIELDS.replace('1554208460', '-1')}",
        f"WECHATPAY2-SHA256-RSA2048 {FIELDS.replace('AAEC', '%%')}",
    ],
)
def test_an_authorization_that_is_not_the_documented_one_is_none(header: str) -> None:
    assert read_authorization(header) is None
