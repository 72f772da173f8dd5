"""EMVCo consumer-presented codes: base64 of BER-TLV. Looked at and never kept: they carry card data (S42).

Source: EMVCo "QR Code Specification for Payment Systems: Consumer-Presented Mode" 1.1, tables 2.1 to 2.4.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from terminal.payments.codes.flaws import BadCode, Flaw

FORMAT: Final = b"CPV01"
TEXT_MAX: Final = 1024
_CARD_TAGS: Final = frozenset({b"\x57", b"\x5a"})  # track 2 equivalent, number
_TEMPLATES: Final = frozenset({b"\x61", b"\x62", b"\x63", b"\x64"})


@dataclass(frozen=True, slots=True)
class CustomerCode:
    """Whose applications it names (AIDs in hex), and whether a card's number is in it, which is not kept."""

    applications: tuple[str, ...]
    carries_card: bool


def look(text: str) -> CustomerCode:
    """What a code says of itself.

    Raises:
        BadCode: not base64 of this kind, first object not 85 with "CPV01", objects cut, 61 without 4F.
    """
    if len(text) > TEXT_MAX:
        raise BadCode(Flaw.TOO_LONG)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadCode(Flaw.ENCODING) from None
    objects = _split(data, "")
    if not objects or objects[0] != (b"\x85", FORMAT):
        raise BadCode(Flaw.FORMAT, "85")
    applications: list[str] = []
    card = False
    for tag, value in objects[1:]:
        if tag not in {b"\x61", b"\x62"}:
            raise BadCode(Flaw.UNEXPECTED, tag.hex().upper())
        inside = _split(value, tag.hex())
        names = [part.hex().upper() for name, part in inside if name == b"\x4f"]
        if tag == b"\x61" and len(names) != 1:
            raise BadCode(Flaw.MISSING if not names else Flaw.DUPLICATE, "61.4F")
        applications += names
        card = card or _has_card(inside)
    if not applications:
        raise BadCode(Flaw.MISSING, "61")
    return CustomerCode(tuple(applications), card)


def _has_card(objects: list[tuple[bytes, bytes]]) -> bool:
    return any(
        tag in _CARD_TAGS or (tag in _TEMPLATES and _has_card(_split(value, tag.hex()))) for tag, value in objects
    )


def _split(data: bytes, where: str) -> list[tuple[bytes, bytes]]:
    """Tags of one or two bytes, lengths of one or two: more no QR code can hold."""
    found: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(data):
        start = at
        at += 2 if data[at] & 0x1F == 0x1F else 1
        tag = data[start:at]
        if data[at : at + 1] == b"\x81":
            at += 1
        elif data[at : at + 1] >= b"\x80":
            raise BadCode(Flaw.LENGTH, where.upper())
        if at >= len(data) or at + 1 + data[at] > len(data):
            raise BadCode(Flaw.LENGTH, where.upper())
        found.append((tag, data[at + 1 : at + 1 + data[at]]))
        at += 1 + data[at]
    return found
