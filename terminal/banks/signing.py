"""Signing and verifying as ports: real RSA, and a keyed MAC for simulated worlds.

RSA is PKCS#1 v1.5 with SHA-256 (RFC 8017 section 8.2), the signature in standard base64 (RFC 4648 section 4).
A key is parsed once and held: parsing a PEM costs sixty signatures.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from terminal.errors import BadSettings

KEY_BITS: Final = 2048  # what the WECHATPAY2-SHA256-RSA2048 scheme names; shorter keys are breakable
KEY_FILE_MAX: Final = 64 * 1024


class Signer(Protocol):
    """Signs as the merchant. ``serial`` names the key to the provider."""

    @property
    def serial(self) -> str: ...

    def sign(self, message: bytes) -> Awaitable[str]:
        """Begins at once; the signature is there when the result is awaited."""
        ...


class Verifier(Protocol):
    """One public key of the other side."""

    def verifies(self, message: bytes, signature: str) -> bool: ...


def _done(signature: str) -> Awaitable[str]:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    future.set_result(signature)
    return future


class RsaSigner:
    """Signs with an RSA key, in a thread: 0.7 ms that would else stop every counter's screen.

    Args:
        threaded: False signs in place, for loops that run on virtual time.
    """

    def __init__(self, key: rsa.RSAPrivateKey, serial: str, *, threaded: bool = True) -> None:
        self._key, self._serial, self._threaded = key, serial, threaded

    @property
    def serial(self) -> str:
        return self._serial

    def sign(self, message: bytes) -> Awaitable[str]:
        if not self._threaded:
            return _done(self._sign(message))
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(None, self._sign, message)

    def _sign(self, message: bytes) -> str:
        return base64.b64encode(self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")

    def __repr__(self) -> str:
        return f"RsaSigner(serial={self._serial!r})"


class NoSigner:
    """For providers that check no signature of ours: a token and a client certificate say who asks."""

    serial = ""

    def sign(self, message: bytes) -> Awaitable[str]:  # noqa: ARG002  # nothing to sign it with
        return _done("")


class RsaVerifier:
    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    def verifies(self, message: bytes, signature: str) -> bool:
        raw = _decoded(signature)
        if raw is None:
            return False
        try:
            self._key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class AnyVerifier:
    """The present key and the next one, where a message does not name the key that signed it."""

    def __init__(self, verifiers: Sequence[Verifier]) -> None:
        self._verifiers = tuple(verifiers)

    def verifies(self, message: bytes, signature: str) -> bool:
        return any(each.verifies(message, signature) for each in self._verifiers)


class MacSigner:
    """HMAC-SHA-256 in RSA's place, for simulated worlds where the CPU time of RSA would hide the rest."""

    def __init__(self, key: bytes, serial: str) -> None:
        self._key, self._serial = key, serial

    @property
    def serial(self) -> str:
        return self._serial

    def sign(self, message: bytes) -> Awaitable[str]:
        return _done(base64.b64encode(hmac.digest(self._key, message, hashlib.sha256)).decode("ascii"))

    def __repr__(self) -> str:
        return f"MacSigner(serial={self._serial!r})"


class MacVerifier:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def verifies(self, message: bytes, signature: str) -> bool:
        raw = _decoded(signature)
        return raw is not None and hmac.compare_digest(raw, hmac.digest(self._key, message, hashlib.sha256))

    def __repr__(self) -> str:
        return "MacVerifier()"


def _decoded(signature: str) -> bytes | None:
    try:
        return base64.b64decode(signature.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def read_private_key(file: Path) -> rsa.RSAPrivateKey:
    """An unencrypted PEM (PKCS#8 or PKCS#1) RSA key of at least 2048 bits.

    Raises:
        BadSettings: ``key_file_unreadable``, ``key_unreadable``, ``key_wrong_kind``, ``key_too_short``.
    """
    data = read_file(file)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:  # TypeError: the PEM asks for a password
        encrypted = b"ENCRYPTED" in data
        why = "it is protected by a password" if encrypted else "it is no PEM private key"
        raise BadSettings("key_unreadable", file=str(file), why=why) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadSettings("key_wrong_kind", file=str(file), wanted="RSA")
    _check_size(key.key_size, str(file))
    return key


def read_public_key(file: Path) -> rsa.RSAPublicKey:
    """A PEM public key (SubjectPublicKeyInfo); raises as ``read_private_key``."""
    data = read_file(file)
    try:
        key = serialization.load_pem_public_key(data)
    except ValueError as error:
        raise BadSettings("key_unreadable", file=str(file), why="it is no PEM public key") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSettings("key_wrong_kind", file=str(file), wanted="RSA")
    _check_size(key.key_size, str(file))
    return key


def read_file(file: Path) -> bytes:
    """At most KEY_FILE_MAX bytes. Raises BadSettings ``key_file_unreadable``."""
    try:
        with file.open("rb") as stream:
            return stream.read(KEY_FILE_MAX)
    except OSError as error:
        raise BadSettings("key_file_unreadable", file=str(file), why=error.strerror or "unknown") from error


def _check_size(bits: int, file: str) -> None:
    if bits < KEY_BITS:
        raise BadSettings("key_too_short", file=file, bits=bits, wanted=KEY_BITS)
