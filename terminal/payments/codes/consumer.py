"""Customers' codes by name, also of wallets this shop does not take, and card numbers, which nobody may take.

What a configured channel takes stays ``terminal.payments.scan``'s business; here a refusal gets its name. The
tables come from region packs. Nothing here puts a code into a message or a ``repr``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from terminal.payments.codes import emv
from terminal.payments.codes.flaws import BadCode
from terminal.payments.codes.proofs import luhn
from terminal.payments.scan import Classified, MerchantCode, PaymentRule, Unknown, Wallet, Why, bare, classify

Proven = Literal["documented", "article", "unverified"]


class WalletCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What customers of a wallet show: digits of these prefixes and lengths, or a TLV code with this owner.

    usual: lengths that are really seen; in others a card's number is more likely than this wallet.
    """

    wallet: str
    title: str
    source: str
    proven: Proven
    prefixes: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    usual: tuple[int, ...] = ()
    owner: str = ""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers of a card network; a prefix may be a range, "2221-2720"."""

    network: str
    prefixes: tuple[str, ...]
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OtherWallet:
    """A code of a wallet this shop has no channel for. ``proven`` says how sure the name is."""

    wallet: str
    title: str
    proven: Proven


@dataclass(frozen=True, slots=True)
class CardNumber:
    """Digits that are a payment card's number: refused, not kept (S42)."""

    network: str


Recognised = Classified | OtherWallet | CardNumber


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """What the region packs know of customers' codes; without packs nothing."""

    wallets: tuple[WalletCode, ...] = ()
    cards: tuple[Card, ...] = ()


def recognise(text: str, rules: Sequence[PaymentRule], known: KnownCodes) -> Recognised:
    """As ``scan.classify`` for what a configured channel takes, and a name for what it refuses."""
    found, code = classify(text, rules), bare(text)
    match found:
        case Wallet():
            fitting = _fitting(code, known.wallets)
            doubtful = fitting and not any(len(code) in each.usual for each in fitting)
            return (doubtful and _card(code, known.cards)) or found
        case Unknown(Why.NO_WALLET):
            fitting = _fitting(code, known.wallets)
            usual = [each for each in fitting if len(code) in each.usual]
            return _named(usual) or _card(code, known.cards) or _named(fitting) or found
        case MerchantCode(payload):
            return _owned(payload, known.wallets) or found
        case _:
            return found


def _fitting(code: str, wallets: Iterable[WalletCode]) -> list[WalletCode]:
    return [each for each in wallets if len(code) in each.lengths and code.startswith(each.prefixes)]


def _named(wallets: Sequence[WalletCode]) -> OtherWallet | None:
    return OtherWallet(wallets[0].wallet, wallets[0].title, wallets[0].proven) if wallets else None


def _card(code: str, cards: Iterable[Card]) -> CardNumber | None:
    if not luhn(code):
        return None
    for card in cards:
        if len(code) not in card.lengths:
            continue
        for prefix in card.prefixes:
            first, _, last = prefix.partition("-")
            if first <= code[: len(first)] <= (last or first):
                return CardNumber(card.network)
    return None


def _owned(payload: str, wallets: Iterable[WalletCode]) -> OtherWallet | None:
    try:
        values = emv.parse(payload).values
    except BadCode:
        return None
    owners = {value for path, value in values.items() if path.endswith(".00")}
    return _named([each for each in wallets if each.owner in owners])
