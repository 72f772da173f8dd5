"""What a payment terminal tells a till in ZVT, and what it reads of the till's commands. Pure.

Source: ZVT interface specification PA00P015, chapters 2 (commands of the till), 3 (commands of the terminal), 10
(codes of results).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from terminal.errors import InvalidRequest, JournalError, NotAllowed, TerminalError, Unavailable
from terminal.payments.codes.iso import CURRENCIES, NUMBERS
from terminal.payments.money import MINOR_MAX
from terminal.payments.sale import Sale
from terminal.pos.desk import Takings
from terminal.pos.zvt_codec import (
    AMOUNT,
    CARD_NAME,
    CURRENCY,
    DATE,
    RECEIPT,
    RESULT,
    SERVICE,
    TERMINAL,
    TEXT,
    TIME,
    TLV,
    TRACE,
    Apdu,
    Misread,
    bcd,
    counted,
    fields,
    unbcd,
)

REGISTRATION, AUTHORISATION, LOG_OFF = 0x0600, 0x0601, 0x0602
TOTALS, REPEAT, REVERSAL, REFUND = 0x0610, 0x0620, 0x0630, 0x0631
END_OF_DAY, DIAGNOSIS, INITIALISATION, ABORT = 0x0650, 0x0670, 0x0693, 0x06B0
STATUS_ENQUIRY, RECEIVED, REFUSED_CLASS = 0x0501, 0x8000, 0x84
STATUS, INTERMEDIATE, COMPLETION, ABORTED, PRINT_LINE = 0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1

PRINTS_PAYMENTS, PRINTS_ADMIN, WANTS_INTERMEDIATE = 0x02, 0x04, 0x08  # of the configuration byte
PLEASE_WAIT: Final = 0x0E  # code of an intermediate status
LINE_MAX: Final = 40  # characters a printed line
_PASSWORD_BYTES: Final = 3


class Code(IntEnum):
    """Results. AGAIN is no result: the till keeps the goods and asks again."""

    OK = 0x00
    CANCELLED = 0x6C
    WRONG_CURRENCY = 0x6F
    NOT_POSSIBLE = 0x83
    MISREAD = 0x9A
    AGAIN = 0x9C
    NOT_READY = 0xA0
    REVERSED_BEFORE = 0xB4
    NO_REVERSAL = 0xB5
    TOO_MUCH = 0xC3
    TOO_LITTLE = 0xC8
    BROKEN = 0xFF


def refused(code: Code) -> Apdu:
    """In place of RECEIVED."""
    return Apdu(REFUSED_CLASS << 8 | code)


def received() -> Apdu:
    return Apdu(RECEIVED)


# --- the till's commands ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Registration:
    config: int
    currency: str = ""  # ISO 4217, empty when the till names none


@dataclass(frozen=True, slots=True)
class Wanted:
    """``receipt`` and ``minor`` are None where the till named none."""

    minor: int | None = None
    currency: str = ""
    receipt: int | None = None


def read_registration(data: bytes, own: str) -> Registration:
    """Password, configuration byte, currency, then fields that change nothing here. Raises Misread.

    A currency has no number of its own before it: 03 92 is the yen or a service byte, as the shop's ``own`` says.
    """
    if len(data) < _PASSWORD_BYTES + 1:
        raise Misread("a registration without its configuration byte")
    unbcd(data[:_PASSWORD_BYTES])
    config, rest = data[_PASSWORD_BYTES], data[_PASSWORD_BYTES + 1 :]
    currency = ""
    ours = rest[:2] == bcd(int(NUMBERS[own]), 2)
    if ours or (len(rest) >= 2 and rest[0] <= 9 and rest[0] not in (SERVICE, TLV)):
        currency, rest = _currency(rest[:2]), rest[2:]
    fields(rest)
    return Registration(config, currency)


def read_wanted(data: bytes, *, password: bool = False) -> Wanted:
    """Amount, currency and receipt number of a command. Raises Misread."""
    if password:
        unbcd(data[:_PASSWORD_BYTES] if len(data) >= _PASSWORD_BYTES else b"\xff")
        data = data[_PASSWORD_BYTES:]
    told = fields(data)
    minor, receipt = told.get(AMOUNT), told.get(RECEIPT)
    return Wanted(
        None if minor is None else unbcd(minor),
        _currency(told[CURRENCY]) if CURRENCY in told else "",
        None if receipt is None else unbcd(receipt),
    )


def _currency(data: bytes) -> str:
    """Unknown numbers are currencies too: other than the shop's."""
    return CURRENCIES.get(f"{unbcd(data):03d}", "???")


# --- the terminal's answers -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What a status information says. Numbers count up and begin again at 1 after 9999 and 999999."""

    code: Code
    minor: int
    currency: str
    no: int
    at: datetime  # the shop's own time
    terminal_id: str
    name: str = ""  # of the wallet
    text: str = ""


def receipt_no(no: int) -> int:
    return (no - 1) % 9999 + 1


def trace_no(no: int) -> int:
    return (no - 1) % 999_999 + 1


def status_information(told: Told) -> Apdu:
    when = told.at
    data = bytes((RESULT, told.code, AMOUNT)) + bcd(min(told.minor, MINOR_MAX), 6)
    if told.no:
        data += bytes((TRACE,)) + bcd(trace_no(told.no), 3)
    data += bytes((TIME,)) + bcd(when.hour * 10_000 + when.minute * 100 + when.second, 3)
    data += bytes((DATE,)) + bcd(when.month * 100 + when.day, 2)
    data += bytes((TERMINAL,)) + bytes.fromhex(told.terminal_id)
    data += bytes((CURRENCY,)) + bcd(int(NUMBERS[told.currency]), 2)
    if told.no:
        data += bytes((RECEIPT,)) + bcd(receipt_no(told.no), 2)
    if told.name:
        data += bytes((CARD_NAME,)) + counted(_plain(told.name, 30), 2)
    if told.text:
        data += bytes((TEXT,)) + counted(_plain(told.text, 200), 3)
    return Apdu(STATUS, data)


def completion() -> Apdu:
    return Apdu(COMPLETION)


def registered(terminal_id: str, currency: str) -> Apdu:
    number = bcd(int(NUMBERS[currency]), 2)
    return Apdu(
        COMPLETION, bytes((0x19, 0x00, TERMINAL)) + bytes.fromhex(terminal_id) + bytes((CURRENCY,)) + number
    )


def state(busy: bool) -> Apdu:
    """Of the terminal, for a status enquiry: ready, or at work."""
    return Apdu(COMPLETION, bytes((Code.AGAIN if busy else Code.OK,)))


def aborted(code: Code) -> Apdu:
    return Apdu(ABORTED, bytes((code,)))


def please_wait() -> Apdu:
    return Apdu(INTERMEDIATE, bytes((PLEASE_WAIT,)))


def printed(lines: Sequence[str]) -> list[Apdu]:
    return [Apdu(PRINT_LINE, b"\x00" + _plain(each, LINE_MAX)) for each in lines]


def receipt_lines(sale: Sale, told: Told, check_code: str) -> list[str]:
    return [
        told.at.strftime("%Y-%m-%d %H:%M"),
        f"Receipt {receipt_no(sale.no):04d}  Trace {trace_no(sale.no):06d}",
        told.name,
        f"{sale.amount.currency} {sale.amount.plain()}",
        f"Check code {check_code}",
    ]


def totals_lines(found: Takings, currency: str, plain: str) -> list[str]:
    return ["Payments so far today", f"{found.count}  {currency} {plain}", f"Returns {found.returns}"]


def _plain(text: str, limit: int) -> bytes:
    return text[:limit].encode("cp437", "replace")


_CODES: Final[Mapping[str, Code]] = {
    "sale_live": Code.AGAIN,
    "amount_over_limit": Code.TOO_MUCH,
    "amount_too_large": Code.TOO_MUCH,
    "limit_of_role": Code.TOO_MUCH,
    "day_limit_reached": Code.TOO_MUCH,
    "amount_under_limit": Code.TOO_LITTLE,
    "amount_not_positive": Code.TOO_LITTLE,
    "currency_not_taken": Code.WRONG_CURRENCY,
}


def code_of(error: TerminalError) -> Code:
    """Why nothing was begun; a journal that gave no answer leaves it open whether something was."""
    match error:
        case JournalError():
            return Code.AGAIN
        case Unavailable():
            return Code.NOT_READY
        case InvalidRequest() | NotAllowed():
            return _CODES.get(error.slug, Code.NOT_POSSIBLE)
        case _:
            return _CODES.get(error.slug, Code.BROKEN)


def wrong_with(wanted: Wanted, currency: str) -> Code:
    """Of an amount, before anything is asked for it."""
    if wanted.currency not in {"", currency}:
        return Code.WRONG_CURRENCY
    if not wanted.minor:
        return Code.TOO_LITTLE
    return Code.TOO_MUCH if wanted.minor > MINOR_MAX else Code.OK
