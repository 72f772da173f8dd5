"""Fixed RSA keys of the kit's world; they lie beside the program and are no secret."""

import asyncio
import base64
from collections.abc import Awaitable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

Owner = Literal["merchant", "platform", "stranger"]


@cache
def rsa_key(owner: Owner) -> RSAPrivateKey:
    """Checked when they were made: checking again costs more than a whole group of cases."""
    pem = files("terminal.conformance").joinpath("keys", f"TEST-{owner}.pem").read_bytes()
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


@lru_cache(maxsize=4096)
def signature(key: RSAPrivateKey, message: bytes) -> bytes:
    """PKCS#1 v1.5 with SHA-256 (RFC 8017 section 8.2): the same bytes each time, so equal cases share them."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class KeptSigner:
    """The merchant's signer with the same memory."""

    def __init__(self, serial: str) -> None:
        self._serial = serial

    @property
    def serial(self) -> str:
        return self._serial

    def sign(self, message: bytes) -> Awaitable[str]:
        made: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        made.set_result(base64.b64encode(signature(rsa_key("merchant"), message)).decode("ascii"))
        return made
