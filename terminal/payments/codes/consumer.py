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
    proven: Proven


@dataclass(frozen=True, slots=True)
class CardNumber:
    """Digits that are a payment card's number: refused, not kept (S42)."""

    network: str


Recognised = Classified | OtherWallet | CardNumber


def recognise(
    text: str, rules: Sequence[PaymentRule], wallets: Sequence[WalletCode], cards: Sequence[Card]
) -> Recognised:
    """As ``scan.classify`` for what a configured channel takes, and a name for what it refuses."""
    found, code = classify(text, rules), bare(text)
    match found:
        case Wallet(provider):
            usual = {length for each in wallets if each.wallet == provider for length in each.usual}
            return (usual and len(code) not in usual and _card(code, cards)) or found
        case Unknown(Why.NO_WALLET):
            return _usual(code, wallets) or _card(code, cards) or _other(code, wallets) or found
        case MerchantCode(payload):
            return _owned(payload, wallets) or found
        case _:
            return found


def _usual(code: str, wallets: Iterable[WalletCode]) -> OtherWallet | None:
    return _other(code, [each for each in wallets if len(code) in each.usual])


def _other(code: str, wallets: Iterable[WalletCode]) -> OtherWallet | None:
    fitting = [
        (len(prefix), each)
        for each in wallets
        if len(code) in each.lengths
        for prefix in each.prefixes
        if code.startswith(prefix)
    ]
    if not fitting:
        return None
    wallet = max(fitting, key=lambda pair: pair[0])[1]
    return OtherWallet(wallet.wallet, wallet.proven)


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
    return next((OtherWallet(each.wallet, each.proven) for each in wallets if each.owner in owners), None)
