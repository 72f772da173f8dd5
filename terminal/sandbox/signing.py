"""Signatures and sealed parts of WeChat Pay API v3, over raw bytes.

Source: WeChat Pay merchant documentation, API v3, "签名生成", "签名验证" and "证书和回调报文解密".
"""

import base64
import hmac
import re
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
_FIELD: Final = re.compile(r'([a-z_]{1,16})="([^"]{0,1024})"')
_FIELDS: Final = {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}


class Signer(Protocol):
    def sign(self, message: bytes) -> bytes: ...


class Verifier(Protocol):
    def verify(self, message: bytes, signature: bytes) -> bool: ...


class RsaSigner:
    """RSASSA-PKCS1-v1_5 with SHA-256: equal messages give equal signatures."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, PKCS1v15(), SHA256())


class RsaVerifier:
    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, message, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class MacSigner:
    """HMAC-SHA-256 in RSA's place, both ways: for simulations where RSA would be most of the cost."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")

    def verify(self, message: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(message), signature)


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a merchant signs. ``target`` is the absolute path with its query, exactly as sent."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the platform signs, in answers and notifications."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Authorization header says; true only after its signature was verified."""

    mchid: str
    nonce: str
    timestamp: str
    serial: str
    signature: bytes


def read_authorization(header: str) -> Claim | None:
    """The five fields in any order; None when one is missing, twice, or not in its alphabet."""
    scheme, _, rest = header.partition(" ")
    pairs = _FIELD.findall(rest)
    fields = dict(pairs)
    if scheme != SCHEME or len(pairs) != len(_FIELDS) or fields.keys() != _FIELDS:
        return None
    if not re.fullmatch(r"[0-9A-Za-z]{1,32}", fields["nonce_str"]):
        return None
    if not re.fullmatch(r"[0-9]{1,12}", fields["timestamp"]):
        return None
    try:
        signature = base64.b64decode(fields["signature"], validate=True)
    except ValueError:
        return None
    return Claim(fields["mchid"], fields["nonce_str"], fields["timestamp"], fields["serial_no"], signature)


def seal(apiv3_key: str, plaintext: bytes, *, nonce: str, associated_data: str) -> str:
    """AEAD_AES_256_GCM: base64 of the ciphertext and its 16-byte tag. The nonce is 12 ASCII characters."""
    sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return base64.b64encode(sealed).decode()
