"""EMVCo merchant-presented codes: text <-> data objects, nothing of any scheme.

Source: EMVCo "QR Code Specification for Payment Systems: Merchant-Presented Mode" 1.1, sections 3 and 4 (data
objects, their order, CRC), tables 3.1 to 3.8. Lengths count characters, the checksum covers bytes of UTF-8.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.payments.codes.flaws import BadCode, Flaw

VALUE_MAX: Final = 99
TEXT_MAX: Final = 512
CRC_HEAD: Final = "6304"
_HEAD: Final = re.compile(r"([0-9]{2})([0-9]{2})")
_CRC: Final = re.compile(r"[0-9A-Fa-f]{4}")
_PRINTABLE: Final = re.compile(r"[ -~]*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_OWNED: Final = frozenset(f"{tag:02d}" for tag in range(26, 52))  # templates that say whose they are
_TEMPLATES: Final = _OWNED | {"62", "64"}
_FREE: Final = frozenset(f"{tag:02d}" for tag in range(80, 100))  # templates, but DuitNow keeps a signature in 82
_SYSTEMS: Final = frozenset(f"62.{tag:02d}" for tag in range(50, 100))


@dataclass(frozen=True, slots=True)
class Payload:
    """``values``: path of tags -> value of every leaf, in the text's order, without the checksum."""

    values: Mapping[str, str]
    lower_case_crc: bool


def crc(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, nothing reflected; of "123456789" it is 29B1."""
    value = 0xFFFF
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _REMAINDERS[value >> 8 ^ byte]
    return value


def _remainder(byte: int) -> int:
    value = byte << 8
    for _ in range(8):
        value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1
    return value


_REMAINDERS: Final = tuple(_remainder(byte) for byte in range(256))


def write(values: Iterable[tuple[str, str]]) -> str:
    """The text of these leaves (path, value), in this order, with its checksum. A template stands where it begins.

    Raises:
        BadCode: ``zero_length``, ``overlong`` (99 characters, also for a template), ``too_long``, ``duplicate``.
    """
    text = _written(list(values), "") + CRC_HEAD
    if len(text) + 4 > TEXT_MAX:
        raise BadCode(Flaw.TOO_LONG)
    return f"{text}{crc(text.encode()):04X}"


def _written(values: list[tuple[str, str]], where: str) -> str:
    whole: dict[str, list[tuple[str, str]] | str] = {}
    for path, value in values:
        head, _, rest = path.partition(".")
        if not rest:
            if head in whole:
                raise BadCode(Flaw.DUPLICATE, where + head)
            whole[head] = value
            continue
        inside = whole.setdefault(head, [])
        if isinstance(inside, str):
            raise BadCode(Flaw.DUPLICATE, where + head)
        inside.append((rest, value))
    text = ""
    for head, inner in whole.items():
        value = inner if isinstance(inner, str) else _written(inner, f"{where}{head}.")
        if not value:
            raise BadCode(Flaw.ZERO_LENGTH, where + head)
        if len(value) > VALUE_MAX:
            raise BadCode(Flaw.OVERLONG, where + head)
        text += f"{head}{len(value):02d}{value}"
    return text


def parse(text: str, *, leaves: frozenset[str] = frozenset(), nested: frozenset[str] = frozenset()) -> Payload:
    """Take a code apart: every object whole, none twice, checksum right and last.

    Args:
        leaves: paths not taken apart though the standard has templates there.
        nested: paths taken apart though the standard says nothing of them.

    Raises:
        BadCode: everything but the flaws of single fields and of schemes.
    """
    top, checksum = _whole(text)
    values: dict[str, str] = {}
    for tag, value in top.items():
        _unfold(tag, value, values, leaves, nested)
    return Payload(values, checksum != checksum.upper())


def is_whole(text: str) -> bool:
    """Whether its objects and its checksum are in order; of no other text can ``parse`` make anything."""
    try:
        _whole(text)
    except BadCode:
        return False
    return True


def _whole(text: str) -> tuple[dict[str, str], str]:
    """The objects of the first level but for the checksum, which is right, and the checksum as it is written."""
    if not text:
        raise BadCode(Flaw.EMPTY)
    if len(text) > TEXT_MAX:
        raise BadCode(Flaw.TOO_LONG)
    if _CONTROL.search(text):
        raise BadCode(Flaw.CHARSET)
    top = _split(text, "")
    if next(iter(top)) != "00":
        raise BadCode(Flaw.ORDER, "00")
    checksum = top.pop("63", None)
    if checksum is None:
        raise BadCode(Flaw.CRC_MISSING, "63")
    if not _CRC.fullmatch(checksum):
        raise BadCode(Flaw.CRC, "63")
    if not text.endswith(CRC_HEAD + checksum):
        raise BadCode(Flaw.ORDER, "63")
    try:
        data = text[:-4].encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise BadCode(Flaw.CHARSET) from None
    if int(checksum, 16) != crc(data):
        raise BadCode(Flaw.CRC, "63")
    return top, checksum


def _split(text: str, where: str) -> dict[str, str]:
    """Objects of one level, in order."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        head = _HEAD.match(text, at)
        if head is None:
            raise BadCode(Flaw.TAG, where.removesuffix("."))
        tag, length = head[1], int(head[2])
        at = head.end() + length
        if length == 0:
            raise BadCode(Flaw.ZERO_LENGTH, where + tag)
        if at > len(text):
            raise BadCode(Flaw.LENGTH, where + tag)
        if tag in found:
            raise BadCode(Flaw.DUPLICATE, where + tag)
        found[tag] = text[head.end() : at]
    return found


def _unfold(path: str, value: str, values: dict[str, str], leaves: frozenset[str], nested: frozenset[str]) -> None:
    if path in leaves or not (path in _TEMPLATES or path in _FREE or path in _SYSTEMS or path in nested):
        if not path.startswith("64.") and not _PRINTABLE.fullmatch(value):  # 64: the name in another script
            raise BadCode(Flaw.CHARSET, path)
        values[path] = value
        return
    try:
        inside = _split(value, path + ".")
    except BadCode as why:
        if why.flaw in {Flaw.DUPLICATE, Flaw.ZERO_LENGTH}:
            raise
        raise BadCode(Flaw.TEMPLATE, path) from None
    if (path in _OWNED or path in _SYSTEMS) and "00" not in inside:
        raise BadCode(Flaw.TEMPLATE, path)
    for tag, part in inside.items():
        _unfold(f"{path}.{tag}", part, values, leaves, nested)
