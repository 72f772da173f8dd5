"""Barcodes of the till's printed sheet: one acts like one key, so that a scanner alone takes money (row 5).

A text names the key and ends in letters that only this shop can make: another shop's sheet, or one that a customer
made at home, does nothing here. What is read is a command or nothing; no wallet's code has this shape.
"""

import re
from hmac import compare_digest, digest
from typing import Final

from terminal.payments.scan import COMMAND_PREFIX, Command, classify

DIGITS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "00")
KEYS: Final = ("PAY", "STOP", "SAME", "BACK", "CLEAR", "OTHER", "PARK", "REPRINT", "REFUND")
AMOUNT: Final = "A"  # and the smallest units: an amount of its own
DIGITS_MAX: Final = 12  # as on the till's keypad
_MARK: Final = "KEY-"  # no digit among the first seven characters: what types them types no amount
_TAG: Final = 8
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's 32: none is taken for another
_SHAPE: Final = re.compile(rf"KEY-([A-Z0-9]{{1,14}})-([{_LETTERS}]{{{_TAG}}})")


def text_of(name: str, key: bytes) -> str:
    """What the barcode of ``name`` holds: one of DIGITS or KEYS, or an amount such as A2000."""
    return f"{COMMAND_PREFIX}{_MARK}{name}-{_tag(name, key)}"


def is_command(scan: str) -> bool:
    """Whether it is a command of some shop's sheet; it pays nothing, whoever's it is."""
    found = classify(scan, ())
    return isinstance(found, Command) and found.id.startswith(_MARK)


def named(scan: str, key: bytes) -> str:
    """The command's name; empty: no command of this shop."""
    found = classify(scan, ())
    shape = _SHAPE.fullmatch(found.id) if isinstance(found, Command) else None
    if shape is None or not compare_digest(shape[2], _tag(shape[1], key)):
        return ""
    return shape[1]


def amount_of(name: str) -> int | None:
    """2000 of "A2000"; None: the command is no amount."""
    return int(name[1:]) if name.startswith(AMOUNT) and name[1:].isdigit() else None


def typed(minor: int, digits: str) -> int:
    """Digits fill from the right like on a cash register; what has no place changes nothing."""
    more = int(f"{minor}{digits}")
    return more if len(str(more)) <= DIGITS_MAX else minor


def _tag(name: str, key: bytes) -> str:
    number = int.from_bytes(digest(key, name.encode(), "sha256")[:5])
    return "".join(_LETTERS[number >> 5 * place & 31] for place in range(_TAG))
