"""What bodies and queries are made of: fields that many share, and how one is read. Unknown fields are refused."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

import msgspec
from multidict import MultiMapping

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import MINOR_MAX, Money

F = TypeVar("F", bound="Form")
PAGE_MAX: Final = 100
Minor = Annotated[
    int, msgspec.Meta(ge=1, le=MINOR_MAX, description="Smallest unit of the currency: 2850 is 28.50.")
]
Currency = Annotated[
    str,
    msgspec.Meta(
        max_length=3,
        description="ISO 4217; empty is the shop's own.",
        extra_json_schema={"pattern": "^([A-Z]{3})?$"},
    ),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=120)]
Number = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Pin = Annotated[str, msgspec.Meta(min_length=1, max_length=12, extra_json_schema={"pattern": "^[0-9]+$"})]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body or query of the API."""


class Nothing(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No fields."""


class Approver(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who may approve, and their PIN, typed for this one act."""

    person: Name
    pin: Pin


Label = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Done(msgspec.Struct, frozen=True):
    done: bool = True


def read(kind: type[F], found: object) -> F:
    """A parsed body as its type.

    Raises:
        InvalidRequest: ``currency_unknown`` and ``amount_…`` for those fields, ``field_wrong`` with its name.
    """
    if not isinstance(found, dict):
        raise InvalidRequest("field_wrong", field="body")
    _check_amount(found)
    try:
        form = msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest("field_wrong", field=_field(str(error))) from None
    _check_text(form)
    return form


def read_query(kind: type[F], query: MultiMapping[str]) -> F:
    """Numbers are digits and nothing else; a name twice is refused. Raises InvalidRequest("field_wrong")."""
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    found: dict[str, object] = {}
    for name, text in query.items():
        if name not in known or name in found:
            raise InvalidRequest("field_wrong", field=name[:64])
        number = text.isascii() and text.isdigit() and len(text) <= 16
        found[name] = int(text) if number and _is_number(known[name].type) else text
    return read(kind, found)


def _is_number(kind: object) -> bool:
    return "int" in str(kind)


def _check_amount(found: Mapping[str, object]) -> None:
    """Amounts get their own sentences: a whole number, above zero, of at most twelve digits."""
    currency = found.get("currency", "")
    if currency != "" and (not isinstance(currency, str) or currency not in EXPONENTS):
        raise InvalidRequest("currency_unknown", field="currency")
    if found.get("amount_minor") is not None:
        Money.charge(found["amount_minor"], currency or "USD")


def _check_text(form: Form) -> None:
    """Control and direction marks have no business in what screens and paper show (W2, P6)."""
    for name in form.__struct_fields__:
        value = getattr(form, name)
        if isinstance(value, str) and not value.isprintable():
            raise InvalidRequest("field_wrong", field=name)


def _field(message: str) -> str:
    """The field a validation message is about: in back quotes for unknown and missing ones, else its path."""
    what, _, path = message.partition(" - at `$")
    inside = path.rstrip("`").lstrip(".")
    if "unknown field" in what or "missing required field" in what:
        name = what.split("`")[1]
        return f"{inside}.{name}" if inside else name
    return inside or "body"
