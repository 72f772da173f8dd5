"""A phone with an authenticator: RFC 4226 and RFC 6238 by the standard library, sharing nothing with us."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

STEP_MS = 30_000


@dataclass(frozen=True, slots=True)
class Phone:
    """What a phone keeps after it scanned the picture."""

    secret: bytes
    label: str = ""
    issuer: str = ""

    @classmethod
    def scan(cls, uri: str) -> "Phone":
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp"), uri
        given = parse_qs(parts.query)
        return cls(base64.b32decode(given["secret"][0]), unquote(parts.path.lstrip("/")), given["issuer"][0])

    def code(self, wall_ms: int, *, digits: int = 6) -> str:
        digest = hmac.digest(self.secret, (wall_ms // STEP_MS).to_bytes(8), hashlib.sha1)
        start = digest[-1] & 15
        number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
        return f"{number % 10**digits:0{digits}d}"
