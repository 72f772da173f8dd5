import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from terminal.banks.signing import (
    MacSigner,
    MacVerifier,
    RsaSigner,
    RsaVerifier,
    Signer,
    Verifier,
    read_private_key,
    read_public_key,
)
from terminal.errors import BadSettings
from tests.unit.banks.wechat_peer import made_key, merchant_key

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def private_pem(key: Private, *, secret: bytes = b"", old: bool = False) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL if old else serialization.PrivateFormat.PKCS8
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if secret:
        lock = serialization.BestAvailableEncryption(secret)
    return key.private_bytes(serialization.Encoding.PEM, form, lock)


def public_pem(key: Private) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


PAIRS: list[tuple[Signer, Verifier, Verifier]] = [
    (
        RsaSigner(merchant_key(), "1A"),
        RsaVerifier(merchant_key().public_key()),
        RsaVerifier(made_key("stranger").public_key()),
    ),
    (MacSigner(b"k" * 32, "1A"), MacVerifier(b"k" * 32), MacVerifier(b"x" * 32)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=["rsa", "mac"])
async def test_a_signature_proves_its_bytes_and_key_only(pair: tuple[Signer, Verifier, Verifier]) -> None:
    signer, own, stranger = pair
    signature = await signer.sign(b"message")
    assert signer.serial == "1A"
    assert own.verifies(b"message", signature)
    assert not own.verifies(b"messagf", signature)
    assert not stranger.verifies(b"message", signature)
    for odd in ("", "AAAA", signature[:-4], signature + "AAAA", " " + signature, signature + "\n", "值"):
        assert not own.verifies(b"message", odd), odd


async def test_rsa_signs_in_a_thread_while_the_loop_runs_on() -> None:
    signer = RsaSigner(merchant_key(), "1A")
    turns = 0

    async def spin() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin())
    await signer.sign(b"x")
    spinning.cancel()
    assert turns > 0


def test_pem_keys_in_both_usual_forms_are_read(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for old in (False, True):
        file.write_bytes(private_pem(merchant_key(), old=old))
        assert read_private_key(file).private_numbers() == merchant_key().private_numbers()
    file.write_bytes(public_pem(merchant_key()))
    assert read_public_key(file).public_numbers() == merchant_key().public_key().public_numbers()


def test_a_key_that_cannot_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    short = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    wrong = {
        "key_unreadable": [
            b"",
            b"nothing",
            public_pem(merchant_key()),
            private_pem(merchant_key(), secret=b"pass"),
        ],
        "key_wrong_kind": [private_pem(curve)],
        "key_too_short": [private_pem(short)],
    }
    file = tmp_path / "key.pem"
    for slug, contents in wrong.items():
        for content in contents:
            file.write_bytes(content)
            with pytest.raises(BadSettings) as caught:
                read_private_key(file)
            assert caught.value.slug == slug
            assert caught.value.facts["file"] == str(file)
    assert caught.value.facts == {"file": str(file), "bits": 1024, "wanted": 2048}
    file.write_bytes(private_pem(merchant_key(), secret=b"pass"))
    with pytest.raises(BadSettings, match="password"):
        read_private_key(file)


def test_a_public_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for slug, content in {
        "key_unreadable": private_pem(merchant_key()),
        "key_wrong_kind": public_pem(ec.generate_private_key(ec.SECP256R1())),
        "key_too_short": public_pem(rsa.generate_private_key(65537, 1024)),
    }.items():
        file.write_bytes(content)
        with pytest.raises(BadSettings) as caught:
            read_public_key(file)
        assert caught.value.slug == slug


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    for read in (read_private_key, read_public_key):
        for file in (tmp_path / "none.pem", tmp_path):
            with pytest.raises(BadSettings) as caught:
                read(file)
            assert caught.value.slug == "key_file_unreadable"


def test_i19_no_key_in_a_repr() -> None:
    for thing in (MacSigner(b"SECRET" * 6, "1A"), MacVerifier(b"SECRET" * 6), RsaSigner(merchant_key(), "1A")):
        assert "SECRET" not in repr(thing)
        assert str(merchant_key().private_numbers().d) not in repr(thing)
