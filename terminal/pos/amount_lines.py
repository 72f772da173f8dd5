"""Lines of an old till: an amount in, words out. Pure.

A line is printable ASCII and ends with CR, LF or both; ESC stands alone and ends whatever was begun.
"""

from dataclasses import dataclass
from typing import Final, Literal

from terminal.errors import InvalidRequest
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.pos.desk import Outcome, outcome

LINE_MAX: Final = 64
ESC: Final = "\x1b"
_ENDS: Final = frozenset(b"\r\n")
_CANCEL: Final = frozenset({ESC, "C", "CANCEL"})
_WORDS: Final = {
    Outcome.WAITING: "WAIT",
    Outcome.CHECKING: "CHECKING",
    Outcome.PAID: "PAID",
    Outcome.NOT_PAID: "NOT PAID",
}


class Lines:
    """Bytes to lines, however they come. A line that is too long, or no text, comes as None: refuse it."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._late = False  # what still comes of a line that was dropped is no line of its own

    @property
    def begun(self) -> bool:
        return bool(self._line)

    def drop(self) -> None:
        """The rest of what was begun did not come in time; it is not read when it comes."""
        self._line.clear()
        self._late = True

    def feed(self, data: bytes) -> list[str | None]:
        found: list[str | None] = []
        for byte in data:
            if byte == ord(ESC):
                self._line.clear()
                self._late = False
                found.append(ESC)
            elif byte in _ENDS:
                if self._line:
                    found.append(_text(bytes(self._line)))
                self._line.clear()
                self._late = False
            elif self._late:
                continue
            elif len(self._line) <= LINE_MAX:  # one more than may be is kept: it says too long
                self._line.append(byte)
        return found


def _text(line: bytes) -> str | None:
    if len(line) > LINE_MAX or not all(0x20 <= byte < 0x7F for byte in line):
        return None
    return line.decode("ascii").strip()


@dataclass(frozen=True, slots=True)
class Rules:
    """How this till writes. ``minor``: without a point, in the smallest unit."""

    currency: str
    prefix: str = ""
    suffix: str = ""
    minor: bool = False
    answers: bool = True


def read_line(line: str, rules: Rules) -> Money | Literal["cancel", "state"]:
    """Raises InvalidRequest: ``amount_…``, ``currency_not_taken``."""
    if line.upper() in _CANCEL:
        return "cancel"
    if line == "?":
        return "state"
    text = line
    if rules.prefix or rules.suffix:
        if not (text.startswith(rules.prefix) and text.endswith(rules.suffix)):
            raise InvalidRequest("amount_unreadable", field="amount", digits=0)
        text = text[len(rules.prefix) : len(text) - len(rules.suffix)].strip()
    text, _, currency = text.partition(" ")
    if currency.strip() not in ("", rules.currency):
        raise InvalidRequest("currency_not_taken", currency=currency.strip()[:8])
    if not rules.minor:
        return Money.parse(text, rules.currency)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise InvalidRequest("amount_unreadable", field="amount", digits=0)
    return Money.charge(int(text), rules.currency)


def told(sale: Sale, check_code: str) -> str:
    """``PAID 12.50 7K2P``; the last word only when it is paid."""
    return f"{_WORDS[outcome(sale)]} {sale.amount.plain()} {check_code}".rstrip()


def to_wire(line: str) -> bytes:
    return line.encode("ascii", "replace") + b"\r\n"
