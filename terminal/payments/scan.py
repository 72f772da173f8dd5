"""What a scanned code is, before anybody acts on it. Only a configured wallet's own shape can start a charge.

Sources: EMV QRCPS consumer-presented mode 4.2 (payload format "CPV01", base64) and merchant-presented mode 4.2
(payload format indicator first); GS1 General Specifications 7.9 (check digit); providers' prefixes and lengths
are data of their profiles.

A code may be a customer's payment code: results hide it from ``repr`` and nothing here puts it into a message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

TEXT_MAX: Final = 4296  # characters of the largest QR code
COMMAND_PREFIX: Final = "CT:"

_AIM: Final = re.compile(r"\][A-Za-z][0-9A-Fa-fm]")
_CARD: Final = "hQVDUFYw"  # base64 of 85 05 "CPV0"
_MERCHANT: Final = ("000201", "000202")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,31})://")
_SLIP: Final = re.compile(r"CT:S-([0-9A-Z]{1,32})")
_COMMAND: Final = re.compile(r"CT:([A-Z0-9][A-Z0-9-]{0,31})")
_DIGITS: Final = re.compile(r"[0-9]+")
_PRODUCT_LENGTHS: Final = (8, 12, 13)


class PaymentRule(NamedTuple):
    """A wallet whose customers can show a code: exact lengths and prefixes, from its profile.

    The caller lists the shop's preferred channel first: it gets codes that two channels would take.
    """

    provider: str
    prefixes: tuple[str, ...]
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wallet:
    """A customer's payment code of this provider. Use it once, at once, and forget it."""

    provider: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Product:
    """A product's EAN-8, UPC-A (as the maker prints it) or EAN-13, check digit proven."""

    ean: str


@dataclass(frozen=True, slots=True)
class MerchantCode:
    """A shop's own code (EMV merchant-presented). ``payload`` is for comparing with our stickers."""

    payload: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A web or app link: a collection code, a receipt, an advertisement. Never opened or fetched."""

    scheme: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardData:
    """An EMV consumer-presented code. It carries card data: refused, not kept."""


@dataclass(frozen=True, slots=True)
class Command:
    """A printed barcode of the till's command sheet."""

    id: str


@dataclass(frozen=True, slots=True)
class OwnSlip:
    """The look-up text of a receipt: it names a sale, perhaps one that never was, and pays nothing."""

    sale: str


class Why(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_ASCII = "not_ascii"
    NO_WALLET = "no_wallet"  # digits, but no configured wallet's prefix and length
    NO_MEANING = "no_meaning"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Goes to no provider."""

    why: Why


Classified = Wallet | Product | MerchantCode | Link | CardData | OwnSlip | Command | Unknown


def bare(text: str) -> str:
    """The code without white space around it and without the scanner's own mark of its kind."""
    code = text.strip(" \t\r\n")
    if aim := _AIM.match(code):
        return code[aim.end() :].strip(" \t\r\n")
    return code


def classify(text: str, rules: Sequence[PaymentRule]) -> Classified:
    """Name a scanned code. Exact shapes only; what fits nothing is Unknown, never a guess."""
    code = bare(text)
    if not code:
        return Unknown(Why.EMPTY)
    if len(code) > TEXT_MAX:
        return Unknown(Why.TOO_LONG)
    if not code.isascii():
        return Unknown(Why.NOT_ASCII)
    if code.startswith(_CARD):
        return CardData()
    if code.startswith(_MERCHANT) and len(code) > 24:  # longer than any wallet's digits
        return MerchantCode(code)
    if scheme := _SCHEME.match(code):
        return Link(scheme[1].lower(), code)
    if slip := _SLIP.fullmatch(code):
        return OwnSlip(slip[1])
    if command := _COMMAND.fullmatch(code):
        return Command(command[1])
    if _DIGITS.fullmatch(code):
        return _digits(code, rules)
    return Unknown(Why.NO_MEANING)


def _digits(code: str, rules: Sequence[PaymentRule]) -> Classified:
    if len(code) in _PRODUCT_LENGTHS and _check_digit_fits(code):
        return Product(code)
    fitting = [
        (len(prefix), -rank, rule.provider)
        for rank, rule in enumerate(rules)
        if len(code) in rule.lengths
        for prefix in rule.prefixes
        if code.startswith(prefix)
    ]
    if not fitting:
        return Unknown(Why.NO_WALLET)
    return Wallet(max(fitting)[2], code)


def _check_digit_fits(code: str) -> bool:
    """Weights 3 and 1 from the right, the check digit itself counting once."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0
