"""Messages of a till sealed with a shared passphrase: encrypted and with a proof of who wrote them. Pure.

Source: Adyen Terminal API, "Protect local communications" (keys by PBKDF2, AES-256-CBC, HMAC-SHA-256 over the
plain text); the nonce of each message is mixed into the derived initial vector.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SALT: Final = b"AdyenNexoV1Salt"
ROUNDS: Final = 4000
VERSION: Final = 1  # AdyenCryptoVersion
NONCE_BYTES: Final = 16
NONCES_KEPT: Final = 65_536  # of messages that were read; 1 MiB, days of a busy till
_BLOCK_BITS: Final = 128


class Unsealed(Exception):
    """Not a message of somebody who knows the passphrase, or one that was seen before. Says nothing else."""


class Sealed(NamedTuple):
    """Raw bytes, before they become base64."""

    blob: bytes
    nonce: bytes
    proof: bytes


class Opened(NamedTuple):
    """A message that was sealed by somebody who knows the passphrase."""

    plain: bytes
    nonce: bytes


class Keys(NamedTuple):
    proof: bytes
    cipher: bytes
    vector: bytes

    @classmethod
    def derive(cls, passphrase: str) -> "Keys":
        made = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), SALT, ROUNDS, dklen=80)
        return cls(made[:32], made[32:64], made[64:])


def seal(keys: Keys, plain: bytes, nonce: bytes) -> Sealed:
    padder = padding.PKCS7(_BLOCK_BITS).padder()
    work = _cipher(keys, nonce).encryptor()
    blob = work.update(padder.update(plain) + padder.finalize()) + work.finalize()
    return Sealed(blob, nonce, hmac.digest(keys.proof, plain, "sha256"))


def unseal(keys: Keys, sealed: Sealed) -> bytes:
    """Raises Unsealed."""
    if len(sealed.nonce) != NONCE_BYTES or not sealed.blob or len(sealed.blob) % 16:
        raise Unsealed
    work, unpadder = _cipher(keys, sealed.nonce).decryptor(), padding.PKCS7(_BLOCK_BITS).unpadder()
    padded = work.update(sealed.blob) + work.finalize()
    try:
        plain = unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Unsealed from None
    if not hmac.compare_digest(hmac.digest(keys.proof, plain, "sha256"), sealed.proof):
        raise Unsealed
    return plain


def _cipher(keys: Keys, nonce: bytes) -> Cipher[modes.CBC]:
    vector = bytes(a ^ b for a, b in zip(keys.vector, nonce, strict=True))
    return Cipher(algorithms.AES256(keys.cipher), modes.CBC(vector))


class Vault:
    """One door's passphrase, by the identifier and version that its messages name."""

    def __init__(self, passphrase: str, identifier: str, version: int) -> None:
        self._keys, self._identifier, self._version = Keys.derive(passphrase), identifier, version
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def open(self, envelope: dict[str, Any]) -> "Opened":
        """The inside of ``{"NexoBlob", "SecurityTrailer"}``. Raises Unsealed, also for what this life has seen."""
        match envelope:
            case {
                "NexoBlob": str(blob),
                "SecurityTrailer": {
                    "AdyenCryptoVersion": 1,
                    "KeyIdentifier": self._identifier,
                    "KeyVersion": self._version,
                    "Nonce": str(nonce),
                    "Hmac": str(proof),
                },
            }:
                sealed = Sealed(_bytes(blob), _bytes(nonce), _bytes(proof))
            case _:
                raise Unsealed
        plain = unseal(self._keys, sealed)
        if sealed.nonce in self._seen:
            raise Unsealed
        self._seen[sealed.nonce] = None
        if len(self._seen) > NONCES_KEPT:
            self._seen.popitem(last=False)
        return Opened(plain, sealed.nonce)

    def close(self, header: object, plain: bytes, nonce: bytes) -> dict[str, object]:
        """The envelope around an answer; ``header`` stays readable."""
        sealed = seal(self._keys, plain, nonce)
        trailer = {
            "AdyenCryptoVersion": VERSION,
            "KeyIdentifier": self._identifier,
            "KeyVersion": self._version,
            "Nonce": _text(sealed.nonce),
            "Hmac": _text(sealed.proof),
        }
        return {"MessageHeader": header, "NexoBlob": _text(sealed.blob), "SecurityTrailer": trailer}


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Unsealed from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
