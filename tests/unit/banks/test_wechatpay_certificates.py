"""Platform certificates: a list is believed whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from terminal.banks.fields import Unreadable
from terminal.banks.wechatpay_certificates import certificates
from tests.unit.banks.wechat_peer import APIV3_KEY, NOW_S, certificate, sealed

SECRET = APIV3_KEY.encode()


def entry(pem: bytes, serial: str) -> dict[str, Any]:
    return {"serial_no": serial, "encrypt_certificate": sealed(pem, "certificate")}


def genuine(key: str) -> dict[str, Any]:
    made = certificate(key)
    return entry(made.public_bytes(Encoding.PEM), f"{made.serial_number:X}")


def made_with(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0xAB)
        .not_valid_before(datetime.fromtimestamp(NOW_S, UTC))
        .not_valid_after(datetime.fromtimestamp(NOW_S + 10, UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_keys_are_good_within_their_certificates_life_only() -> None:
    keys = certificates({"data": [genuine("platform"), genuine("next")]}, SECRET)
    assert set(keys) == {genuine("platform")["serial_no"], genuine("next")["serial_no"]}
    key = keys[genuine("platform")["serial_no"]]
    assert [key.good_at(NOW_S + shift) for shift in (-86_401, -86_400, 0, 86_400, 86_401)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert replace(key, from_s=0, until_s=0).good_at(10**11), "zero is no limit"


@pytest.mark.parametrize(
    "bad",
    [
        entry(made_with(rsa.generate_private_key(65537, 1024)), "AB"),
        entry(made_with(ec.generate_private_key(ec.SECP256R1())), "AB"),
        entry(b"no certificate", "AB"),
        {**genuine("next"), "serial_no": "AB"},
        {**genuine("next"), "serial_no": genuine("next")["serial_no"].lower() + "g"},
        {**genuine("next"), "serial_no": ""},
        {"serial_no": "AB"},
        "AB",
    ],
    ids=["short key", "curve", "no PEM", "other serial", "no hex", "no serial", "nothing", "text"],
)
def test_b8_one_bad_entry_spoils_the_list(bad: object) -> None:
    with pytest.raises(Unreadable):
        certificates({"data": [genuine("platform"), bad]}, SECRET)


def test_the_list_is_bounded() -> None:
    with pytest.raises(Unreadable):
        certificates({"data": [genuine("platform")] * 17}, SECRET)
