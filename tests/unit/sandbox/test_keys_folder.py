"""The keys a service needs are all in one folder, and they stay the same."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from terminal.sandbox.keys_folder import KeysFolder
from tests.unit.sandbox.till import START_MS, CountedEntropy


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox") / "state"
    KeysFolder(folder, CountedEntropy()).open(START_MS, ["TEST Tea 茶", "TEST Bread"])
    return folder


def told(state: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((state / "merchant" / "credentials.json").read_text())
    return read


def test_a_service_finds_all_it_needs_and_the_bank_accepts_its_signature(state: Path) -> None:
    credentials = told(state)
    assert credentials["test"] is True
    keys = KeysFolder(state, CountedEntropy("other")).open(START_MS, [])
    merchant = keys.merchants[credentials["mchid"]]
    assert (merchant.appid, merchant.serial, merchant.shop) == (
        credentials["appid"],
        credentials["merchant_serial"],
        "TEST Tea 茶",
    )
    assert len(credentials["apiv3_key"]) == 32
    pem = (state / "merchant" / credentials["merchant_private_key_file"]).read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey)
    assert merchant.verifier.verify(b"message", key.sign(b"message", PKCS1v15(), SHA256()))


def test_answers_verify_with_the_published_half(state: Path) -> None:
    credentials = told(state)
    keys = KeysFolder(state, CountedEntropy()).open(START_MS, [])
    headers = keys.signed(b"{}", START_MS, keys.public)
    assert headers["Wechatpay-Serial"] == credentials["platform_public_key_id"]
    assert credentials["platform_public_key_id"].startswith("PUB_KEY_ID_011")
    public = load_pem_public_key((state / "merchant" / credentials["platform_public_key_file"]).read_bytes())
    assert isinstance(public, RSAPublicKey)
    message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n{{}}\n".encode()
    signature = base64.b64decode(headers["Wechatpay-Signature"])
    public.verify(signature, message, PKCS1v15(), SHA256())


def test_b8_a_new_certificate_stands_beside_the_old_one(state: Path) -> None:
    folder = KeysFolder(state, CountedEntropy("rotation"))
    keys = folder.open(START_MS, [])
    old = keys.certificates[-1].serial
    keys.certificates.append(folder.rotate_certificate(START_MS))
    merchant = keys.merchants[told(state)["mchid"]]
    listed = keys.certificate_list(merchant, START_MS)["data"]
    assert isinstance(listed, list)
    assert [row["serial_no"] for row in listed] == [old, keys.certificates[-1].serial]
    assert keys.platform_key("").serial == keys.certificates[-1].serial
    sealed = listed[-1]["encrypt_certificate"]
    pem = AESGCM(merchant.apiv3_key.encode()).decrypt(
        sealed["nonce"].encode(), base64.b64decode(sealed["ciphertext"]), b"certificate"
    )
    certificate = x509.load_pem_x509_certificate(pem)
    assert f"{certificate.serial_number:X}" == listed[-1]["serial_no"]
    authority = x509.load_pem_x509_certificate((state / "keys" / "authority.crt.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert KeysFolder(state, CountedEntropy()).open(START_MS, []).certificates[-1].serial == (
        keys.certificates[-1].serial
    )


def test_an_expired_certificate_is_no_longer_listed(state: Path) -> None:
    keys = KeysFolder(state, CountedEntropy()).open(START_MS, [])
    merchant = keys.merchants[told(state)["mchid"]]
    assert keys.certificate_list(merchant, START_MS + 6 * 365 * 86_400_000) == {"data": []}


def test_the_gateway_is_written_for_every_merchant(state: Path) -> None:
    KeysFolder(state, CountedEntropy()).write_gateway("http://127.0.0.1:7610")
    for name in ("merchant", "merchant-2"):
        read = json.loads((state / name / "credentials.json").read_text())
        assert read["gateway"] == "http://127.0.0.1:7610"


def test_s_secrets_are_readable_by_their_owner_only(state: Path) -> None:
    for path in state.rglob("*"):
        allowed = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == allowed, path
