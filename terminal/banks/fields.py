"""Reading the JSON a provider sent, strictly: one object, texts of a bounded length. What is odd has a name."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from terminal import strict_json
from terminal.errors import InvalidRequest

BODY_MAX: Final = 1 << 20
TEXT_MAX: Final = 512
_SECONDS: Final = re.compile(r"[0-9]{1,6}")

Fields = dict[str, object]


class Unreadable(Exception):
    """A verified message that is not what the documentation says. The text names the field, never a value."""


def fields(body: bytes, *, limit: int = BODY_MAX) -> Fields:
    """One JSON object. Raises Unreadable."""
    try:
        found = strict_json.parse(body, limit=limit)
    except InvalidRequest as error:
        raise Unreadable(error.slug) from None
    if not isinstance(found, dict):
        raise Unreadable("object")
    return found


def inner(source: Mapping[str, object], name: str) -> Fields:
    value = source.get(name)
    if not isinstance(value, dict):
        raise Unreadable(name)
    return value


def text(source: Mapping[str, object], name: str, limit: int = TEXT_MAX, *, optional: bool = False) -> str:
    value = source.get(name)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or len(value) > limit or (not value and not optional):
        raise Unreadable(name)
    return value


def evidence_id(message: bytes) -> str:
    return "sha256:" + hashlib.sha256(message).hexdigest()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header (RFC 9110 section 10.2.3); a date there is not read."""
    value = headers.get("retry-after", "")
    return float(value) if _SECONDS.fullmatch(value) else None
