"""Build a code, read one, compare one with its order. What is shown went through ``check`` (S62, row 17)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from terminal.payments.codes import emv, lines, links, upi
from terminal.payments.codes.amounts import read_amount, write_amount
from terminal.payments.codes.emv_fields import check_fields
from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.iso import CURRENCIES, NUMBERS
from terminal.payments.codes.proofs import PROOFS
from terminal.payments.codes.relations import RULES
from terminal.payments.codes.scheme import Checked, CodeOrder, Piece, Reading, Scheme

SPECIAL: Final = frozenset({"amount", "currency", "initiation"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def build(scheme: Scheme, order: CodeOrder) -> Checked:
    """The code of this order, read back and compared.

    Raises:
        BadCode: the order does not fit the scheme, or the text would not say what was ordered.
    """
    given = _given(scheme, order)
    values = [
        (piece.at, text) for piece in scheme.pieces if (text := piece.is_ or given[piece.from_] or piece.default)
    ]
    return check(scheme, _write(scheme, values), replace(order, theirs=frozenset(), others={}))


def read(scheme: Scheme, text: str) -> Reading:
    """What this text says, if it is a sound code of this scheme.

    Raises:
        BadCode: with the flaw and the place.
    """
    if not text:
        raise BadCode(Flaw.EMPTY)
    values = dict(_parse(scheme, text))
    found: dict[str, str] = {}
    for piece in scheme.pieces:
        value = values.pop(piece.at, "")
        _check_piece(scheme, piece, value)
        if piece.from_:
            found[piece.from_] = value
    others = {at: values.pop(at) for at in list(values) if _allowed(scheme, at)}
    if values:
        raise BadCode(Flaw.UNEXPECTED, next(iter(values)))
    return _reading(scheme, text, found, others)


def check(scheme: Scheme, text: str, expected: CodeOrder) -> Checked:
    """Refuse a text that is no sound code, or differs from what was ordered in any field.

    Raises:
        BadCode: ``differs`` with the field's name, ``crc_lower_case``, or as ``read``.
    """
    reading = read(scheme, text)
    if scheme.kind == "emv" and text[-4:] != text[-4:].upper():
        raise BadCode(Flaw.CRC_LOWER_CASE, "63")
    given = _given(scheme, expected)
    names = [piece.from_ for piece in scheme.pieces if piece.from_ and piece.from_ not in SPECIAL]
    defaults = {piece.from_: piece.default for piece in scheme.pieces}
    for name in names:
        if name not in expected.theirs and reading.fields.get(name, "") != (given[name] or defaults[name]):
            raise BadCode(Flaw.DIFFERS, name)
    if reading.others != expected.others:
        raise BadCode(Flaw.DIFFERS, next(iter(reading.others.keys() ^ expected.others.keys()), "others"))
    return Checked(
        reading, tuple(_sums(scheme, reading, expected)) + tuple(n for n in names if n not in expected.theirs)
    )


def _sums(scheme: Scheme, reading: Reading, expected: CodeOrder) -> Iterator[str]:
    """ "currency" and "amount" as far as they could be compared."""
    if scheme.kind == "link":
        return
    if reading.currency != expected.currency:
        raise BadCode(Flaw.DIFFERS, "currency")
    yield "currency"
    if reading.amount is None and scheme.amount.elsewhere:
        return
    if reading.amount != expected.amount:
        raise BadCode(Flaw.DIFFERS, "amount")
    yield "amount"


def identify(schemes: Iterable[Scheme], text: str) -> Reading | None:
    """What a code of unknown origin says: the first scheme that reads it, none if nobody does (poster check)."""
    whole = emv.is_whole(text)
    for scheme in schemes:
        if scheme.kind == "emv" and not whole:
            continue  # a dozen of them would find the same
        try:
            return read(scheme, text)
        except BadCode:
            continue
    return None


def _given(scheme: Scheme, order: CodeOrder) -> dict[str, str]:
    """Name of a field -> its text; raises BadCode for what the scheme has no field for."""
    amount = order.amount
    if scheme.kind != "link" and (
        order.currency not in scheme.currencies or (amount is not None and amount.currency != order.currency)
    ):
        raise BadCode(Flaw.CURRENCY, "currency")
    initiation = scheme.dynamic if amount is not None else scheme.static
    given = {piece.from_: "" for piece in scheme.pieces}
    values = {
        **{f"account.{name}": value for name, value in order.account.items()},
        **order.details,
        "reference": order.reference,
    }
    if strange := next((name for name, value in values.items() if name not in given and value), ""):
        raise BadCode(Flaw.UNEXPECTED, strange)
    values["currency"] = NUMBERS[order.currency] if scheme.kind == "emv" else order.currency
    values["initiation"] = initiation[0]
    values["amount"] = "" if amount is None or "amount" not in given else write_amount(amount, scheme.amount)
    return given | values


def _write(scheme: Scheme, values: Sequence[tuple[str, str]]) -> str:
    match scheme.kind:
        case "emv":
            return emv.write(values)
        case "upi":
            return upi.write(values)
        case "lines":
            return lines.write(values, scheme)
        case _:
            return "".join(value for _, value in values)


def _parse(scheme: Scheme, text: str) -> Mapping[str, str]:
    if len(text) > scheme.longest or len(text.encode(errors="replace")) > scheme.longest_bytes:
        raise BadCode(Flaw.TOO_LONG)
    match scheme.kind:
        case "emv":
            payload = emv.parse(text, leaves=_leaves(scheme), nested=_nested(scheme))
            check_fields(payload.values)
            return payload.values
        case "upi":
            return upi.parse(text)
        case "lines":
            return lines.parse(text, scheme)
        case _:
            return links.parse(text)


@cache
def _leaves(scheme: Scheme) -> frozenset[str]:
    return frozenset(piece.at for piece in scheme.pieces)


@cache
def _nested(scheme: Scheme) -> frozenset[str]:
    """Every template that a piece is inside of."""
    parts = [piece.at.split(".") for piece in scheme.pieces]
    return frozenset(".".join(each[:depth]) for each in parts for depth in range(1, len(each)))


def _allowed(scheme: Scheme, at: str) -> bool:
    """Whether a scheme lets others have this tag, and no piece of its own has it."""
    tag = at.partition(".")[0]
    spans = (span.partition("-") for span in scheme.others)
    return any(first <= tag <= (last or first) for first, _, last in spans) and tag not in _heads(scheme)


@cache
def _heads(scheme: Scheme) -> frozenset[str]:
    return frozenset(piece.at.partition(".")[0] for piece in scheme.pieces)


@cache
def _letters(scheme: Scheme) -> re.Pattern[str]:
    return re.compile(f"{scheme.letters}*")


@cache
def _pattern(like: str) -> re.Pattern[str]:
    return re.compile(like)


def _check_piece(scheme: Scheme, piece: Piece, value: str) -> None:
    if not value:
        if piece.need and piece.from_ not in SPECIAL:
            raise BadCode(Flaw.MISSING, piece.at)
        return
    if piece.is_ and (value.casefold() != piece.is_.casefold() if piece.fold else value != piece.is_):
        raise BadCode(Flaw.VALUE, piece.at)
    if piece.most and len(value) > piece.most:
        raise BadCode(Flaw.OVERLONG, piece.at)
    if _CONTROL.search(value) or not (piece.at.startswith("64.") or _letters(scheme).fullmatch(value)):
        raise BadCode(Flaw.CHARSET, piece.at)
    if piece.like and not _pattern(piece.like).fullmatch(value):
        raise BadCode(Flaw.VALUE, piece.at)
    if piece.proof and not PROOFS[piece.proof](value):
        raise BadCode(Flaw.CHECK_DIGITS, piece.at)


def _reading(scheme: Scheme, text: str, found: dict[str, str], others: dict[str, str]) -> Reading:
    places = {piece.from_: piece.at for piece in scheme.pieces}
    currency = found.pop("currency", "") or scheme.currencies[0]
    currency = CURRENCIES[currency] if scheme.kind == "emv" else currency
    if currency not in scheme.currencies:
        raise BadCode(Flaw.CURRENCY, places.get("currency", ""))
    written = found.pop("amount", "")
    amount = read_amount(written, currency, scheme.amount, places["amount"]) if written else None
    if "initiation" in places and found.pop("initiation") not in (scheme.dynamic if amount else scheme.static):
        raise BadCode(Flaw.INITIATION, places["initiation"])
    for group in scheme.one_of:
        filled = [name for name in group if found[name]]
        if len(filled) != 1:
            raise BadCode(Flaw.UNEXPECTED if filled else Flaw.MISSING, places[(filled or group)[-1]])
    for name in scheme.with_amount if amount else ():
        if not found[name]:
            raise BadCode(Flaw.MISSING, places[name])
    for rule in scheme.rules:
        if wrong := RULES[rule](found):
            raise BadCode(Flaw.VALUE, places[wrong])
    return Reading(
        scheme.name, text, amount, currency, {name: value for name, value in found.items() if value}, others
    )
