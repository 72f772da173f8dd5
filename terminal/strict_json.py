"""JSON from outside, read by the one strict function of the project.

Python's own parser takes the last of two equal keys, ``NaN``, turns ``1e400`` into infinity, accepts lone
surrogates and fails with RecursionError on depth. Every one of those has moved money somewhere.
Source: RFC 8259; RFC 7493 (I-JSON) sections 2.1 to 2.3.
"""

import json
import math
import re
from array import array
from decimal import Decimal
from itertools import accumulate
from typing import Final, NoReturn

from terminal.errors import InvalidRequest

DEPTH_MAX: Final = 32
VALUES_MAX: Final = 50_000  # each costs about a microsecond, and no input may take 100 ms
DIGITS_MAX: Final = 16
DOUBLE_MAX: Final = 17  # the most that a browser writes of a number (ECMA-262, Number::toString)
_STRING: Final = re.compile(  # one that does not end goes to the end, so that no later quote is tried again
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one deeper, one back
_NO_STEP: Final = bytes(sorted(frozenset(range(256)) - frozenset(b"[{]}")))


def parse(data: bytes, *, limit: int) -> object:
    """Read one JSON value of at most ``limit`` bytes.

    Integers come back as ``int`` only when written as integers; ``100.0`` and ``1e2`` are floats, so that a
    caller asking for ``type(x) is int`` refuses them. No float is ever an amount.

    Raises:
        InvalidRequest: ``body_too_large``, ``json_unreadable`` (not UTF-8, BOM, syntax, lone surrogate),
            ``json_duplicate_key``, ``json_too_deep`` (over 32), ``json_too_many`` (values, over 50,000),
            ``json_number`` (NaN, infinite, long).
    """
    return _parse(data, limit, _DECODER)


def parse_exact(data: bytes, *, limit: int) -> object:
    """As ``parse``, but fractions come back as the ``Decimal`` that was written: for tills that send them."""
    return _parse(data, limit, _EXACT)


def _parse(data: bytes, limit: int, decoder: json.JSONDecoder) -> object:
    if len(data) > limit:
        raise InvalidRequest("body_too_large", limit=limit)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("json_unreadable", at=error.start) from None
    _check_shape(text)
    try:
        value: object = decoder.decode(text)
    except json.JSONDecodeError as error:  # a byte order mark ends here as well
        raise InvalidRequest("json_unreadable", at=error.pos) from None
    if _SURROGATE_ESCAPE.search(text):
        _check_surrogates(value)
    return value


def _check_shape(text: str) -> None:
    """Before parsing: the parser would recurse first and complain later. Every step is linear (S6)."""
    if text.count("[") + text.count("{") <= DEPTH_MAX and text.count(",") < VALUES_MAX:
        return
    bare = _STRING.sub("", text)
    steps = array("b", bare.encode().translate(_STEPS, _NO_STEP))
    if max(accumulate(steps), default=0) > DEPTH_MAX:
        raise InvalidRequest("json_too_deep", limit=DEPTH_MAX)
    if bare.count(",") + bare.count("[") + bare.count("{") > VALUES_MAX:
        raise InvalidRequest("json_too_many", limit=VALUES_MAX)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidRequest("json_duplicate_key")
    return found


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > DIGITS_MAX:
        raise InvalidRequest("json_number", digits=DIGITS_MAX)
    return int(text)


def _fraction(text: str) -> float:
    if _mantissa(text) > DIGITS_MAX or not math.isfinite(number := float(text)):
        raise InvalidRequest("json_number", digits=DIGITS_MAX)
    return number


def _decimal(text: str) -> Decimal:
    if _mantissa(text, leading="-0.") > DOUBLE_MAX or not math.isfinite(float(text)):
        raise InvalidRequest("json_number", digits=DOUBLE_MAX)
    return Decimal(text)


def _mantissa(text: str, leading: str = "-") -> int:
    """How many digits stand before an exponent, without what leads."""
    digits = text.lower().partition("e")[0].lstrip(leading)
    return len(digits) - digits.count(".")


def _constant(_text: str) -> NoReturn:
    raise InvalidRequest("json_number", digits=DIGITS_MAX)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)

_EXACT: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_decimal,
    parse_constant=_constant,
)


def _check_surrogates(value: object) -> None:
    """Half a character has no UTF-8 form: it could be neither journalled nor printed."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise InvalidRequest("json_unreadable", at=0)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_surrogates(key)
            _check_surrogates(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_surrogates(inner)
