"""A document that another machine can check: canonical JSON, signed with the shop's visit key (docs/keys.md).

Acceptance records, certificates of exams and settings packs are sealed alike. The bytes on disk are the canonical
form itself, so that a flipped byte is found wherever it stands, also between two words.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from terminal.errors import InvalidRequest

Kind = Literal["acceptance", "certificate", "pack"]
DOCUMENT_MAX: Final = 1024 * 1024
KEY_BYTES: Final = 32
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class _Seal(msgspec.Struct, forbid_unknown_fields=True):
    alg: Literal["Ed25519"]
    key: str  # base64 of the 32 bytes of RFC 8032
    sig: str


class _Sealed(msgspec.Struct, forbid_unknown_fields=True):
    kind: Kind
    document: dict[str, Any]
    seal: _Seal


class Checked(msgspec.Struct, frozen=True):
    """``key``: whose seal it is, to be compared with the one on the shop's own sheet."""

    kind: Kind
    document: Mapping[str, Any]
    key: str


def seal(kind: Kind, document: Mapping[str, Any], signer: Ed25519PrivateKey) -> bytes:
    """The file's bytes. ``document`` holds no floats: amounts and times are integers."""
    signed = signer.sign(_signed(kind, document))
    told = _Seal("Ed25519", _text(signer.public_key().public_bytes_raw()), _text(signed))
    return _ENCODE(_Sealed(kind, dict(document), told))


def check(data: bytes, *, kind: Kind | None = None, key: str = "") -> Checked:
    """Take nothing of it on trust but the key.

    Args:
        kind: what it must be.
        key: the fingerprint it must be sealed with, as ``fingerprint`` writes it; empty takes any.

    Raises:
        InvalidRequest: ``sealed_unreadable``: not such a document, or not one as it was written;
            ``sealed_wrong_kind``; ``sealed_broken``: the signature does not fit; ``sealed_other_key``.
    """
    if len(data) > DOCUMENT_MAX:
        raise InvalidRequest("sealed_unreadable", why=f"more than {DOCUMENT_MAX} bytes")
    try:
        told = msgspec.json.decode(data, type=_Sealed)
        public, sig = _bytes(told.seal.key), _bytes(told.seal.sig)
        again = _ENCODE(told)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
        raise InvalidRequest("sealed_unreadable", why=str(error).partition(" - at")[0]) from None
    if kind is not None and told.kind != kind:
        raise InvalidRequest("sealed_wrong_kind", kind=told.kind, wanted=kind)
    if again != data:
        raise InvalidRequest("sealed_broken")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(sig, _signed(told.kind, told.document))
    except (InvalidSignature, ValueError):
        raise InvalidRequest("sealed_broken") from None
    whose = fingerprint(public)
    if key and key.replace(" ", "").upper() != whose.replace(" ", ""):
        raise InvalidRequest("sealed_other_key", key=whose)
    return Checked(told.kind, told.document, whose)


def digest(data: bytes) -> str:
    """What the journal keeps of a sealed document: SHA-256 of its bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(public: bytes) -> str:
    """Of a key, for people: 20 characters in groups of four, half of SHA-256's first bytes in base 32."""
    text = base64.b32encode(hashlib.sha256(public).digest()).decode()[:20]
    return " ".join(text[at : at + 4] for at in range(0, 20, 4))


def _signed(kind: Kind, document: Mapping[str, Any]) -> bytes:
    return b"countertop " + kind.encode() + b" 1\n" + _ENCODE(document)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError: also where another text would mean the same bytes (RFC 4648, 3.5)."""
    data = base64.b64decode(text, validate=True)
    if _text(data) != text:
        raise ValueError("base64 with loose bits")
    return data
