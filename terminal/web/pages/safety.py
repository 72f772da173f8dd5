"""How a terminal protects its people, in words: the page about it, and the shop's own half of the safety card."""

from collections.abc import Collection
from typing import Final

from terminal.care.shop import Protection, sayings
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt, Row, Rule

TRICKS: Final = frozenset({"safe_green", "safe_screenshot", "safe_sticker"})
"""Sayings whose trick the card's first half tells."""


def own_rows(protection: Protection, hotline: str, words: Catalogue) -> Receipt:
    """What protects this very shop, for its safety card; tricks are told above it, each once."""
    told = safety_lines(protection, words, TRICKS)
    return (
        Rule(),
        Row(words.text("care.safety"), align="center", bold=True),
        *(Row(f"- {each}") for each in told),
        *([Row(hotline, align="center")] if hotline else []),
    )


def safety_lines(protection: Protection, words: Catalogue, without: Collection[str] = ()) -> list[str]:
    told = []
    for word, facts in sayings(protection):
        if word in without:
            continue
        said = {name: words.money(x, paper=True) if isinstance(x, Money) else x for name, x in facts.items()}
        told.append(words.text(f"care.{word}", **said))
    return told
