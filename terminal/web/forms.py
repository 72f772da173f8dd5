"""Bodies and queries of the API: one type each, from which OpenAPI is made. Unknown fields are refused."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from multidict import MultiMapping

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.lines import LINES_MAX
from terminal.payments.money import MINOR_MAX, Money
from terminal.web.forms_lines import Lines

F = TypeVar("F", bound="Form")
PAGE_MAX: Final = 100
EVENTS_MAX: Final = 256
EVENTS_WAIT_S: Final = 30

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
Order = Annotated[str, msgspec.Meta(max_length=64, description="The till's order number: one sale for ever.")]
Number = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Pin = Annotated[str, msgspec.Meta(min_length=1, max_length=12, extra_json_schema={"pattern": "^[0-9]+$"})]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body or query of the API."""


class Nothing(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No fields."""


class NewChoice(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` as the settings write it, such as usb-serial:A100; empty: nothing stands there any more.

    Empty ``driver`` and ``profile``: the role's usual ones. ``serial``: of the one display that belongs here.
    """

    port: Text
    driver: Text = ""
    profile: Text = ""
    serial: Text = ""


class StandInAnswer(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` as it was offered. ``use``: yes, from now on; else it is not offered again while it is there."""

    port: Text
    use: bool


class NewTest(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``answer`` empty: begin. Else the digits that a person saw or heard in the running test."""

    answer: Annotated[str, msgspec.Meta(max_length=16)] = ""


class NewClearing(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``count``: of what was seen (``keyed`` of the counter). Without it whatever is there by now is cleared."""

    count: Number | None = None


class NewProbe(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A port of the list that nobody uses."""

    port: Text


class NewSale(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``directions`` push: the customer scans our code; pull: the customer's code may be scanned.

    ``unverified``: no channel of the counter can confirm anything now; list the sale without proof (never "paid").
    """

    counter: Name
    amount_minor: Minor
    currency: Currency = ""
    order_no: Order = ""
    title: Text = ""
    reference: Text = ""
    directions: Annotated[tuple[Literal["push", "pull"], ...], msgspec.Meta(min_length=1, max_length=2)] = (
        "push",
        "pull",
    )
    unverified: bool = False
    lines: Lines = ()


class NewCancel(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    why: Annotated[str, msgspec.Meta(max_length=40)] = "cashier"


class Approver(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who may approve, and their PIN, typed for this one act."""

    person: Name
    pin: Pin


_LineNo = Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]


class NewRefund(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``amount_minor`` all that is left of the payment goes back, or what its ``lines`` were sold for.

    ``lines``: numbers of the sale's lines, from 1, that go back whole, each once; the refund's slip lists them. An
    empty list is refused: whoever picked nothing does not mean all.
    """

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    amount_minor: Minor | None = None
    lines: Annotated[tuple[_LineNo, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)] | None = None
    approver: Approver | None = None


class NewOverride(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An owner's decision.

    ``accept_paid`` keeps a proven payment; it needs the bank's number, four characters or more. ``new_attempt``
    shows another code after a minute of doubt; the old attempt keeps being resolved. ``claimed`` and
    ``written_off`` are about a sale on the list of the unverified: the bank's number was read somewhere, four
    characters or more, and the sale stays marked until the bank's own word; or its money is given up.
    """

    kind: Literal["accept_paid", "new_attempt", "claimed", "written_off"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    bank_reference: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Ending(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``attached``: the late money pays its sale; ``seen``: a person has taken note."""

    how: Literal["attached", "seen"]


class OrphanEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note of money without a sale; ``note`` says what became of it."""

    how: Literal["seen"]
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AlertEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note of messages that were refused."""

    how: Literal["seen"]


class NewCode(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``channel``: the one to move to; empty: the first of the counter that can."""

    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""


class NewScan(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code`` is what the scanner read; it is used once and never stored."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4296)]


class SlipChoice(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    print: bool


Second = Annotated[
    str, msgspec.Meta(max_length=16, description="Six digits of the phone's authenticator, or a recovery code.")
]


class SignIn(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code``: the second step, of who has one."""

    person: Name
    pin: Pin
    code: Second = ""


class ConfirmPin(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pin: Pin
    code: Second = ""


class SecondStepCode(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first code of the authenticator: it proves that the secret arrived."""

    code: Second


class Pairing(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: Code
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class SetUp(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first owner; ``code`` stands in the start window."""

    code: Code
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    pin: Pin


class NewPairingCode(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    counter: Name
    display: bool = False


Label = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class NewPerson(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    label: Label
    role: Literal["cashier", "owner"] = "cashier"
    pin: Pin


class NewVisitor(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A login that ends by itself: onboarding after 14 days at most, support 30, integrator 365."""

    label: Label
    role: Literal["onboarding", "integrator", "support"]
    pin: Pin
    hours: Annotated[int, msgspec.Meta(ge=1, le=8760)] = 24


class NewPin(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Six digits or more, not easy to guess."""

    pin: Pin


class NewApiKey(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """No counters means all of them."""

    label: Label
    scopes: Annotated[
        tuple[Literal["sales", "sales:read", "refunds", "reports", "bills", "health"], ...],
        msgspec.Meta(min_length=1, max_length=5),
    ]
    counters: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90


class KeyRotation(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``overlap_h``: how many hours longer the old key works."""

    overlap_h: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90


class SalesQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen; ``search`` a word: order number, reference, bank number.

    ``receipt``: what a scanner read from a receipt of this shop; the one sale it belongs to.
    """

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""
    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20
    search: Annotated[str, msgspec.Meta(max_length=64)] = ""
    receipt: Annotated[str, msgspec.Meta(max_length=64)] = ""


class UnheardQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before``: the ``next`` of the page before."""

    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20


class OrphansQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: the ``next`` of the page before."""

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20


class EventsQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: the number of the last event seen; 0 is the beginning.

    ``wait_s``: when nothing is there yet, answer as soon as something is, at the latest after so many seconds.
    """

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=EVENTS_MAX)] = 100
    wait_s: Annotated[int, msgspec.Meta(ge=0, le=EVENTS_WAIT_S)] = 0


class ReceiptQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``refund``: the id of a refund whose slip is wanted.

    ``kind``: queued, the one that says it waits; merchant, the shop's own copy with fees, for who may see sums.
    """

    format: Literal["text", "json", "png"] = "json"
    refund: Annotated[str, msgspec.Meta(max_length=64)] = ""
    kind: Literal["", "queued", "merchant"] = ""


class StoryQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``html`` is one page that opens without a network; without ``amounts`` it names no money."""

    format: Literal["json", "html"] = "json"
    amounts: Literal["yes", "no"] = "no"


class LiveQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``after`` it begins now; without ``counter`` only events come."""

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""
    after: Number | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=100)] = ""


class StreamQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``after`` it begins now; the header ``Last-Event-ID`` speaks over it."""

    after: Number | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=100)] = ""


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
