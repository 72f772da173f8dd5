"""Check digits of account and reference numbers, by the names that schemes use.

Sources: ISO 13616 (IBAN) and ISO 11649 (creditor reference), both ISO 7064 modulo 97-10; SIX "Swiss Implementation
Guidelines QR-bill" 2.3, annex B (modulo 10, recursive) and section 4.2.2 (institution ids of QR-IBANs); Receita
Federal, check digits of CPF and CNPJ, the latter also of letters (2026); ISO/IEC 7812-1 annex B (card numbers).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IBAN_LENGTHS: Final = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21,
    "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
_REFERENCE: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_SWISS: Final = re.compile(r"[0-9]{27}")
_RECURSIVE: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_QR_IIDS: Final = range(30000, 32000)
_DATE: Final = re.compile(r"(20[0-9]{2})([0-9]{2})([0-9]{2})(?:([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?")
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def mod97(text: str) -> int:
    """Letters count 10 to 35; sound numbers of ISO 7064 leave 1."""
    return int("".join(str(int(each, 36)) for each in text)) % 97


def iban(text: str) -> bool:
    length = _IBAN_LENGTHS.get(text[:2], len(text))
    return _IBAN.fullmatch(text) is not None and len(text) == length and mod97(text[4:] + text[:4]) == 1


def swiss_iban(text: str) -> bool:
    return text[:2] in {"CH", "LI"} and iban(text)


def is_qr_iban(text: str) -> bool:
    """Whether a Swiss IBAN that passed ``swiss_iban`` is one for QR references."""
    return text[4:9].isdigit() and int(text[4:9]) in _QR_IIDS


def creditor_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None and mod97(text[4:] + text[:4]) == 1


def swiss_reference(text: str) -> bool:
    return _SWISS.fullmatch(text) is not None and text[-1] == swiss_check_digit(text[:-1])


def swiss_check_digit(digits: str) -> str:
    """Modulo 10, recursive, over the 26 digits before it."""
    carry = 0
    for digit in digits:
        carry = _RECURSIVE[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def luhn(text: str) -> bool:
    """Of ASCII digits."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def pix_key(text: str) -> bool:
    """CPF and CNPJ must pass; other keys (phone, e-mail, random) have no digits to check."""
    if re.fullmatch(r"[0-9]{11}", text):
        return _cadastro(text, range(2, 12))
    if re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", text):
        return _cadastro(text, range(2, 10))
    return True


def _cadastro(text: str, weights: range) -> bool:
    """The last two digits, each over all before it; weights grow from the right and begin again."""
    for at in (len(text) - 2, len(text) - 1):
        values = [ord(each) - ord("0") for each in reversed(text[:at])]
        rest = sum(value * weights[place % len(weights)] for place, value in enumerate(values)) % 11
        if int(text[at]) != (0 if rest < 2 else 11 - rest):
            return False
    return len(set(text)) > 1


def date(text: str) -> bool:
    """YYYYMMDD or YYYYMMDDhhmmss that the calendar has."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    leap = month == 2 and year % 4 == 0
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] + leap


PROOFS: Final[Mapping[str, Callable[[str], bool]]] = {
    "iban": iban,
    "swiss_iban": swiss_iban,
    "creditor_reference": creditor_reference,
    "pix_key": pix_key,
    "date": date,
}
