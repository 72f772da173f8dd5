"""Amounts for people: symbol, grouping and decimal mark by language, from integers only."""

from typing import Final, NamedTuple

from terminal.help.languages import nearest
from terminal.payments.money import Money

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
# one shop mixes few currencies, yet no two may look alike: ¥ is the yuan, the yen is written JP¥
_SYMBOLS: Final = {
    "CNY": "¥",
    "JPY": "JP¥",
    "USD": "US$",
    "EUR": "€",
    "GBP": "£",
    "BRL": "R$",
    "INR": "₹",
    "KRW": "₩",
    "THB": "฿",
    "VND": "₫",
    "IDR": "Rp",
    "PHP": "₱",
    "MYR": "RM",
    "HKD": "HK$",
    "TWD": "NT$",
    "SGD": "S$",
    "MXN": "MX$",
}


class _Marks(NamedTuple):
    group: str
    point: str
    spaced: bool  # a space between symbol and digits


# CLDR 46, number patterns "¤#,##0.00" (en, zh-Hans) and "¤ #,##0.00" (pt-BR)
_MARKS: Final = {
    "en": _Marks(",", ".", False),
    "zh-CN": _Marks(",", ".", False),
    "pt-BR": _Marks(".", ",", True),
}


def money(amount: Money, language: str, *, paper: bool = False) -> str:
    """``¥1,234.50``, ``R$ 1.234,50``, ``KWD 1.250``, ``-¥5.00``.

    Args:
        paper: ordinary spaces, because receipt printers have no no-break space.
    """
    spoken = nearest(language)
    symbol = _SYMBOLS.get(amount.currency, amount.currency)
    if amount.currency == "USD" and spoken == "en":
        symbol = "$"
    gap = (" " if paper else _NO_BREAK) if _MARKS[spoken].spaced or symbol == amount.currency else ""
    sign = "-" if amount.minor < 0 else ""
    return f"{sign}{symbol}{gap}{digits(amount, spoken).removeprefix('-')}"


def digits(amount: Money, language: str) -> str:
    """The number alone, grouped by thousands: ``1,234.50`` or ``1.234,50``."""
    marks = _MARKS[nearest(language)]
    plain = amount.plain()
    sign = "-" if plain.startswith("-") else ""
    whole, _, part = plain.removeprefix("-").partition(".")
    head = len(whole) % 3
    groups = [whole[:head]] * bool(head) + [whole[at : at + 3] for at in range(head, len(whole), 3)]
    return sign + marks.group.join(groups) + (marks.point + part if part else "")
