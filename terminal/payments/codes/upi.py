"""UPI links: parameters in the order of the text, percent-encoded, a signature last and untouched.

Source: NPCI "UPI Linking Specifications" 1.6. A blank is %20; "+" is no blank and stands in no value.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from terminal.payments.codes.flaws import BadCode, Flaw

PREFIX: Final = "upi://pay?"
SIGN: Final = "sign"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9._~@:/,*!-]|%[0-9A-F]{2})+")
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/=_%-]+")
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:/")
_ESCAPE: Final = re.compile(rb"%([0-9A-F]{2})")


def write(values: Iterable[tuple[str, str]]) -> str:
    return PREFIX + "&".join(f"{name}={value if name == SIGN else _quoted(value)}" for name, value in values)


def parse(text: str) -> Mapping[str, str]:
    """Parameter -> value, decoded; the signature as it stands."""
    if not text.startswith(PREFIX):
        raise BadCode(Flaw.FORMAT)
    found: dict[str, str] = {}
    for part in text.removeprefix(PREFIX).split("&"):
        name, equals, value = part.partition("=")
        if SIGN in found:
            raise BadCode(Flaw.ORDER, SIGN)
        if not equals or not _NAME.fullmatch(name):
            raise BadCode(Flaw.TAG)
        if name in found:
            raise BadCode(Flaw.DUPLICATE, name)
        if not value:
            raise BadCode(Flaw.ZERO_LENGTH, name)
        if not (_SIGNATURE if name == SIGN else _ENCODED).fullmatch(value):
            raise BadCode(Flaw.ENCODING, name)
        found[name] = value if name == SIGN else _unquoted(value, name)
    return found


def _quoted(value: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in value.encode())


def _unquoted(value: str, name: str) -> str:
    data = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), value.encode("ascii"))
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadCode(Flaw.ENCODING, name) from None
