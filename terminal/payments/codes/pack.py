"""A region pack: payment codes, customers' codes and card numbers of a place, and what may be wrong with it."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from terminal.payments.codes.consumer import Card, WalletCode
from terminal.payments.codes.proofs import PROOFS
from terminal.payments.codes.relations import RULES
from terminal.payments.codes.scheme import Piece, Scheme
from terminal.payments.currencies import EXPONENTS

_PLACES: Final = {
    "emv": re.compile(r"[0-9]{2}(\.[0-9]{2}){0,2}"),
    "upi": re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}"),
    "lines": re.compile(r"[0-9]{2}"),
    "link": re.compile(r"url"),
}
_FIELD: Final = re.compile(r"(account\.)?[a-z][a-z0-9_]{0,31}")
_SUMS: Final = {"53": "currency", "54": "amount"}
_SPAN: Final = re.compile(r"[0-9]{2}(-[0-9]{2})?")
_PREFIX: Final = re.compile(r"([0-9]{1,8})(?:-([0-9]{1,8}))?")


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    region: str
    schemes: tuple[Scheme, ...] = ()
    wallets: tuple[WalletCode, ...] = ()
    cards: tuple[Card, ...] = ()

    def scheme(self, name: str) -> Scheme:
        return next(each for each in self.schemes if each.name == name)


def contradictions(pack: Pack) -> Iterator[str]:
    """What the types cannot say, in words; nothing when the pack makes sense."""
    names = [each.name for each in pack.schemes] + [f"wallet {each.wallet}" for each in pack.wallets]
    yield from (f"{name}: twice" for name, count in Counter(names).items() if count > 1)
    for scheme in pack.schemes:
        yield from (f"{scheme.name}: {why}" for why in _of_scheme(scheme))
    for wallet in pack.wallets:
        if bool(wallet.prefixes) != bool(wallet.lengths) or not (wallet.prefixes or wallet.owner):
            yield f"wallet {wallet.wallet}: prefixes and lengths, or an owner"
        if not set(wallet.usual) <= set(wallet.lengths):
            yield f"wallet {wallet.wallet}: usual lengths that are none"
        yield from (f"wallet {wallet.wallet}: prefix {each}" for each in wallet.prefixes if not each.isdigit())
    for card in pack.cards:
        yield from (f"card {card.network}: prefix {each}" for each in card.prefixes if not _is_span(each))


def _is_span(prefix: str) -> bool:
    match = _PREFIX.fullmatch(prefix)
    if match is None:
        return False
    return match[2] is None or (len(match[1]) == len(match[2]) and match[1] < match[2])


def _of_scheme(scheme: Scheme) -> Iterator[str]:
    fields = [piece.from_ for piece in scheme.pieces if piece.from_]
    for names in (fields, [piece.at for piece in scheme.pieces]):
        yield from (f"{each}: twice" for each, count in Counter(names).items() if count > 1)
    for piece in scheme.pieces:
        yield from (f"{piece.at}: {why}" for why in _of_piece(scheme, piece))
    if not scheme.currencies or not set(scheme.currencies) <= EXPONENTS.keys():
        yield "currencies"
    if not any(each.startswith("account.") for each in fields):
        yield "says nobody's account"
    named = [*scheme.with_amount, *(name for group in scheme.one_of for name in group)]
    yield from (f"{each}: no such field" for each in named if each not in fields)
    yield from (f"{each}: no such rule" for each in scheme.rules if each not in RULES)
    yield from (f"{each}: no span of tags" for each in scheme.others if not _SPAN.fullmatch(each))
    if scheme.kind == "emv":
        places = {piece.at: piece.from_ for piece in scheme.pieces}
        yield from (f"{each}: missing" for each in ("00", "58") if each not in places)
        yield from (f"{at}: not the {name}" for at, name in _SUMS.items() if places.get(at) != name)
        if scheme.pieces[0].at != "00":
            yield "00 is not first"
        if not {*scheme.static, *scheme.dynamic} <= {"", "11", "12"} or not (scheme.static and scheme.dynamic):
            yield "static and dynamic"
    yield from _pattern_fault(scheme.letters)


def _of_piece(scheme: Scheme, piece: Piece) -> Iterator[str]:
    if not _PLACES[scheme.kind].fullmatch(piece.at):
        yield "no place in a code of this kind"
    if bool(piece.is_) == bool(piece.from_) or (piece.is_ and (piece.like or piece.default)):
        yield "either is or from"
    if piece.from_ and not _FIELD.fullmatch(piece.from_):
        yield f"{piece.from_}: no field's name"
    if piece.proof and piece.proof not in PROOFS:
        yield f"{piece.proof}: no such proof"
    broken = list(_pattern_fault(piece.like))
    yield from broken
    if not broken and piece.like and piece.default and not re.fullmatch(piece.like, piece.default):
        yield "the default does not fit"


def _pattern_fault(pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except re.error as why:
        yield f"pattern: {why}"
