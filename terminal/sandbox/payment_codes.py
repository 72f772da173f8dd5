"""What a banking app reads in a code: EPC, Swiss QR-bill, UPI, and EMV codes with a reference in their data.

Sources: European Payments Council, EPC069-12; SIX, "Implementation Guidelines QR-bill" 2.3, chapter 4; NPCI "UPI
Linking Specifications" 1.6; EMVCo "Merchant-Presented Mode" 1.1.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

DIGITS: Final = {"VND": 0, "JPY": 0, "KRW": 0}  # of the fraction; two for every other currency here
EMV_CURRENCIES: Final = {
    "986": "BRL", "764": "THB", "704": "VND", "702": "SGD", "356": "INR", "360": "IDR", "116": "KHR", "458": "MYR",
    "608": "PHP", "840": "USD",
}  # fmt: skip
SYMBOLS: Final = {
    "CNY": "¥", "BRL": "R$", "USD": "$", "EUR": "€", "INR": "₹", "THB": "฿", "VND": "₫", "SGD": "S$", "GBP": "£",
}  # fmt: skip
REFERENCES: Final = ("30.02", "62.05", "62.01", "62.08", "27.01")


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the app fills in; ``amount_minor`` 0: the customer types it."""

    amount_minor: int
    currency: str
    structured: str = ""  # a reference in a field of its own
    text: str = ""
    payee: str = ""


class NotACode(ValueError):
    """The app reads nothing in it."""


def read(code: str) -> Transfer:
    """Raises NotACode."""
    if code.startswith("BCD"):
        return _epc(code.replace("\r\n", "\n").split("\n"))
    if code.startswith("SPC"):
        return _swiss(code.replace("\r\n", "\n").split("\n"))
    if code.startswith("upi://pay?"):
        return _upi(code)
    if code.startswith("000201"):
        return _emv(code)
    raise NotACode(code[:10])


def _epc(lines: list[str]) -> Transfer:
    lines += [""] * (12 - len(lines))
    return Transfer(minor(lines[7].removeprefix("EUR"), "EUR"), "EUR", lines[9], lines[10], lines[5])


def _swiss(lines: list[str]) -> Transfer:
    if len(lines) < 31:
        raise NotACode("SPC")
    return Transfer(minor(lines[18], lines[19]), lines[19], lines[28], lines[29], lines[5])


def _upi(code: str) -> Transfer:
    found = {name: values[0] for name, values in parse_qs(urlsplit(code).query).items()}
    if "pa" not in found:
        raise NotACode("upi")
    payee = found.get("pn", "") or found["pa"]
    return Transfer(minor(found.get("am", ""), "INR"), "INR", found.get("tr", ""), found.get("tn", ""), payee)


def _emv(code: str) -> Transfer:
    top = _objects(code)
    nested = {
        f"{tag}.{inner}": value
        for tag in top
        if tag in {"27", "30", "62"}
        for inner, value in _objects(top[tag]).items()
    }
    currency = EMV_CURRENCIES.get(top.get("53", ""), "")
    if not currency:
        raise NotACode("53")
    reference = next((nested[each] for each in REFERENCES if each in nested), "")
    return Transfer(minor(top.get("54", ""), currency), currency, reference, payee=top.get("59", ""))


def _objects(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    while text:
        if not text[2:4].isdigit():
            raise NotACode(text[:4])
        end = 4 + int(text[2:4])
        found[text[:2]], text = text[4:end], text[end:]
    return found


def minor(text: str, currency: str) -> int:
    digits = DIGITS.get(currency, 2)
    whole, _, fraction = text.partition(".")
    return int((whole or "0") + fraction.ljust(digits, "0")[:digits])


def price(amount: int, currency: str) -> str:
    """R$ 12.50 for 1250 centavos; a currency we have no sign for has its letters."""
    digits = DIGITS.get(currency, 2)
    text = str(abs(amount)).rjust(digits + 1, "0")
    plain = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"{'−' if amount < 0 else ''}{SYMBOLS.get(currency, currency)} {plain}"
