"""The shipped region packs and published vectors, read once."""

import json
from pathlib import Path
from typing import Any, Final

from terminal.payments.codes.scheme import CodeOrder, Reading, Scheme
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import Money
from terminal.regions import load_region, region_names

GOLDEN: Final = Path(__file__).parents[3] / "golden"
PACKS: Final = {name: load_region(name) for name in region_names()}
SCHEMES: Final[dict[str, Scheme]] = {each.name: each for pack in PACKS.values() for each in pack.schemes}
WALLETS: Final = tuple(each for pack in PACKS.values() for each in pack.wallets)
CARDS: Final = PACKS["world"].cards
VECTORS: Final[dict[str, list[dict[str, Any]]]] = json.loads((GOLDEN / "merchant_codes.json").read_text("utf-8"))


def order_of(reading: Reading) -> CodeOrder:
    """The order that a sound code answers: for asking the same of another text."""
    return CodeOrder(
        reading.currency,
        reading.amount,
        reading.account,
        reading.reference,
        {
            name: value
            for name, value in reading.fields.items()
            if name != "reference" and not name.startswith("account.")
        },
        others=reading.others,
    )


def money(text: str) -> Money | None:
    """ "CNY 2372" in smallest units; "" is None."""
    currency, _, minor = text.partition(" ")
    assert not text or currency in EXPONENTS
    return Money(int(minor), currency) if text else None
