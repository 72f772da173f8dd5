"""A day of an account in the formats that banks hand out beside camt: MT940 and CSV. Pure.

Sources: SWIFT "Standards MT, Category 9, MT940 Customer Statement Message" (fields 20, 25, 28C, 60F, 61, 86, 62F);
a CSV has no standard: this one says what its columns are in its first line, as German banks write it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from terminal.sandbox.payment_codes import DIGITS


@dataclass(frozen=True, slots=True)
class Line:
    """One booked entry; ``reference`` is what the payer gave, wherever he gave it."""

    service: str
    amount_minor: int  # below zero: taken from the account
    reference: str
    payer: str
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    account: str
    currency: str
    day: date
    number: int
    opening: int
    closing: int
    lines: Sequence[Line]


def mt940(day: Day) -> str:
    short = f"{day.day:%y%m%d}"
    fields = [
        f":20:S{day.number}",
        f":25:{day.account}",
        f":28C:{day.number}/1",
        f":60F:{_balance(day.opening, short, day.currency)}",
    ]
    for each in day.lines:
        mark = ("R" if each.reversal else "") + ("C" if (each.amount_minor > 0) ^ each.reversal else "D")
        amount = _comma(abs(each.amount_minor), day.currency)
        fields.append(f":61:{short}{day.day:%m%d}{mark}{amount}NTRFNONREF//{each.service}")
        fields.append(
            f":86:166?00GUTSCHRIFT?20SVWZ+{each.reference[:27]}?21{each.reference[27:54]}?32{each.payer[:27]}"
        )
    fields.append(f":62F:{_balance(day.closing, short, day.currency)}")
    return "\r\n".join([*fields, "-", ""])


def csv(day: Day) -> str:
    """Semicolons, a decimal comma, one balance a line."""
    rows = ["Buchungstag;Betrag;Verwendungszweck;Zahler;Referenz;Saldo"]
    balance = day.opening
    for each in day.lines:
        balance += each.amount_minor
        amount, now = _signed(each.amount_minor, day.currency), _signed(balance, day.currency)
        rows.append(f"{day.day:%d.%m.%Y};{amount};{each.reference};{each.payer};{each.service};{now}")
    return "\r\n".join([*rows, ""])


def mapping(account: str, currency: str) -> str:
    """How the shop is told to read that CSV."""
    return (
        f'account = "{account}"\ncurrency = "{currency}"\ndelimiter = ";"\ndates = "dmy"\ndecimal = ","\n\n'
        '[columns]\ndate = "Buchungstag"\namount = "Betrag"\nreferences = ["Verwendungszweck"]\n'
        'bank_reference = "Referenz"\nbalance = "Saldo"\n'
    )


def _balance(minor: int, short: str, currency: str) -> str:
    return f"{'C' if minor >= 0 else 'D'}{short}{currency}{_comma(abs(minor), currency)}"


def _signed(minor: int, currency: str) -> str:
    return ("-" if minor < 0 else "") + _comma(abs(minor), currency)


def _comma(minor: int, currency: str) -> str:
    """28,50; a currency without decimals still ends in the comma, as SWIFT asks."""
    digits = DIGITS.get(currency, 2)
    text = str(minor).rjust(digits + 1, "0")
    return f"{text[:-digits]},{text[-digits:]}" if digits else f"{text},"
