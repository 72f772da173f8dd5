"""Sealed messages: the published figures, and everything that is not the till's own writing refused."""

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from terminal.pos.nexo_crypto import Keys, Unsealed, Vault, seal, unseal

VECTOR: Final = json.loads((Path(__file__).parents[2] / "golden" / "nexo_crypto.json").read_text("utf-8"))
PLAIN: Final = VECTOR["plain"].encode()
NONCE: Final = bytes.fromhex(VECTOR["nonce"])


def envelope(plain: bytes = PLAIN, nonce: bytes = NONCE, **trailer: Any) -> dict[str, Any]:
    sealed = Vault(VECTOR["passphrase"], "key", 3).close({}, plain, nonce)
    told: Any = sealed["SecurityTrailer"]
    return {**sealed, "SecurityTrailer": {**told, **trailer}}


def test_keys_and_message_are_those_of_the_published_vector() -> None:
    keys = Keys.derive(VECTOR["passphrase"])
    assert [each.hex() for each in keys] == [VECTOR["proof_key"], VECTOR["cipher_key"], VECTOR["vector"]]
    sealed = seal(keys, PLAIN, NONCE)
    assert base64.b64encode(sealed.blob).decode() == VECTOR["blob"]
    assert base64.b64encode(sealed.proof).decode() == VECTOR["hmac"]
    assert unseal(keys, sealed) == PLAIN


def test_a_message_is_read_once_and_a_replay_never() -> None:
    vault = Vault(VECTOR["passphrase"], "key", 3)
    assert vault.open(envelope()).plain == PLAIN
    with pytest.raises(Unsealed):
        vault.open(envelope())
    assert vault.open(envelope(nonce=bytes(16))).plain == PLAIN


@pytest.mark.parametrize(
    "wrong",
    [
        {"Hmac": base64.b64encode(bytes(32)).decode()},
        {"Hmac": "not base64!"},
        {"Nonce": base64.b64encode(bytes(15)).decode()},
        {"Nonce": base64.b64encode(bytes(range(1, 17))).decode()},
        {"KeyIdentifier": "another"},
        {"KeyVersion": 4},
        {"AdyenCryptoVersion": 2},
        {"Nonce": 5},
    ],
)
def test_a_trailer_that_differs_in_one_field_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unsealed):
        Vault(VECTOR["passphrase"], "key", 3).open(envelope(**wrong))


@pytest.mark.parametrize("blob", ["", "AAAA", base64.b64encode(bytes(32)).decode(), "é"])
def test_a_blob_that_nobody_sealed_is_refused(blob: str) -> None:
    with pytest.raises(Unsealed):
        Vault(VECTOR["passphrase"], "key", 3).open({**envelope(), "NexoBlob": blob})


def test_another_passphrase_and_a_clear_message_are_refused() -> None:
    with pytest.raises(Unsealed):
        Vault("another", "key", 3).open(envelope())
    with pytest.raises(Unsealed):
        Vault(VECTOR["passphrase"], "key", 3).open({"MessageHeader": {}})


def test_what_is_forged_uses_up_no_nonce() -> None:
    vault = Vault(VECTOR["passphrase"], "key", 3)
    with pytest.raises(Unsealed):
        vault.open(envelope(Hmac=base64.b64encode(bytes(32)).decode()))
    assert vault.open(envelope()).plain == PLAIN
