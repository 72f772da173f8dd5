"""The reference a customer's bank carries: made of the attempt's number, found again however banks mangle it.

An attempt's number is a ULID: ten characters of time, sixteen of chance. A reference is as much of it as the
scheme holds, so that a bank may cut its end, fold its case, wrap or space it. Fourteen characters (the millisecond
and twenty bits) are claimed in the journal for one attempt and are the least that is believed.

Sources: ISO 11649:2009 (creditor reference, modulo 97-10 of ISO 7064); SIX "Swiss Implementation Guidelines
QR-bill" 2.3, annex B (27 digits, modulo 10 recursive); Crockford's base 32 (ULID specification 1.0).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from terminal.payments.bill import BillLine, BillReader, LineKind
from terminal.payments.codes.proofs import mod97, swiss_check_digit, swiss_reference

KEY_LENGTH: Final = 14
ULID_LENGTH: Final = 26
CANDIDATES_MAX: Final = 64  # in one text
TEXT_MAX: Final = 2000
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE: Final = {each: value for value, each in enumerate(_ALPHABET)}
_MISREAD: Final = str.maketrans("OIL", "011")  # Crockford: what people type and cameras read for them
_NOISE: Final = re.compile(r"[^0-9A-Z]+")
_CORE: Final = re.compile(rf"(?=(0[{_ALPHABET}]{{{KEY_LENGTH - 1},{ULID_LENGTH - 1}}}))")  # the years until 3084
_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{18,27}(?![0-9])")
_QRR_DIGITS: Final = 26
_QRR_CORE: Final = 17  # 85 bits of the number fit into 26 digits


class Form(StrEnum):
    """How a scheme wants it: ``RF…`` with check digits, 27 digits, or plain characters."""

    CREDITOR = "creditor"
    SWISS = "swiss"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Given:
    """What was promised for one attempt: ``length`` of its number's characters are in the reference."""

    order_no: str
    length: int

    @property
    def core(self) -> str:
        return self.order_no[: self.length]


class Missed(StrEnum):
    """Why no order is named."""

    NO_REFERENCE = "no_reference"
    UNKNOWN = "unknown_reference"
    TWO_ORDERS = "two_orders"


_LENGTHS: Final = {Form.CREDITOR: 21, Form.SWISS: _QRR_CORE, Form.PLAIN: ULID_LENGTH}
Known = Callable[[str], Given | None]
"""A claimed key -> what was promised under it."""


def key_of(order_no: str) -> str:
    """What the journal claims: unique, or the code is not shown."""
    return order_no[:KEY_LENGTH]


def give(order_no: str, form: Form, most: int = ULID_LENGTH) -> tuple[str, Given]:
    """The reference as the code carries it, at most ``most`` characters where the form is plain."""
    assert len(order_no) == ULID_LENGTH, order_no
    assert most >= KEY_LENGTH, "such a scheme carries no reference of ours"
    given = Given(order_no, min(_LENGTHS[form], most if form is Form.PLAIN else ULID_LENGTH))
    match form:
        case Form.CREDITOR:
            return f"RF{98 - mod97(given.core + 'RF00'):02}{given.core}", given
        case Form.SWISS:
            digits = f"{_number(given.core):0{_QRR_DIGITS}}"
            return digits + swiss_check_digit(digits), given
        case _:
            return given.core, given


def order_of(references: Sequence[str], known: Known) -> Given | Missed:
    """Whose money it is. The first text that names an order decides; one that names two decides nothing."""
    missed = Missed.NO_REFERENCE
    for text in references:
        found: set[Given] = set()
        for candidate in _candidates(text):
            missed = Missed.UNKNOWN if missed is Missed.NO_REFERENCE else missed
            given = known(candidate.text[:KEY_LENGTH])
            if given is not None and candidate.agrees(given):
                found.add(given)
        if len(found) > 1:
            return Missed.TWO_ORDERS
        if found:
            return found.pop()
    return missed


def named(
    reader: BillReader, known: Known, taken: Callable[[str], str | None] = lambda _entry: None
) -> BillReader:
    """The same lines, each payment with the order it is for: for those who match by order number.

    Args:
        taken: an entry's identity -> the order it was given to before, by a person where no reference named one;
            else its references decide.
    """
    for line in reader:
        if isinstance(line, BillLine) and line.kind is LineKind.PAYMENT and not line.order_no:
            order_no = (line.entry_id and taken(line.entry_id)) or ""
            given = None if order_no else order_of(line.references, known)
            order_no = given.order_no if isinstance(given, Given) else order_no
            yield replace(line, order_no=order_no) if order_no else line
        else:
            yield line


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    at_end: bool  # the text ends with it: the rest may have been cut off

    def agrees(self, given: Given) -> bool:
        """The whole core stands there, or as much of it as the bank left."""
        core = given.core
        return self.text.startswith(core) or (self.at_end and core.startswith(self.text))


def _candidates(text: str) -> Iterator[_Candidate]:
    upper = text[:TEXT_MAX].upper()
    plain = _NOISE.sub("", upper).translate(_MISREAD)
    for count, match in enumerate(_CORE.finditer(plain)):
        if count == CANDIDATES_MAX:
            break
        yield _Candidate(match[1], match.end(1) == len(plain))
    for match in _DIGITS.finditer(_NOISE.sub("", upper)):
        digits = match[0].rjust(_QRR_DIGITS + 1, "0")  # some banks drop leading zeros
        if swiss_reference(digits) and (number := int(digits[:-1])) < 32**_QRR_CORE:
            yield _Candidate(_text(number), at_end=False)


def _number(core: str) -> int:
    number = 0
    for each in core:
        number = number * 32 + _VALUE[each]
    return number


def _text(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_QRR_CORE)))
