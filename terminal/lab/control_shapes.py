"""What the lab's control API takes and tells, as types: handlers read them, the OpenAPI document shows them."""

from typing import Annotated, Literal

import msgspec

from terminal.lab.faults import Value
from terminal.lab.laboratory import RollDone

Text = Annotated[str, msgspec.Meta(max_length=2048)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that comes in: strict, a field nobody knows is refused."""


class Empty(Ask, frozen=True):
    """Nothing to say: ``{}``, or no body at all."""


class PhoneScan(Ask, frozen=True):
    """``code`` empty: hold the phone before the glass."""

    code: Text = ""


class PhoneAct(Ask, frozen=True):
    """``order_no`` empty: the order that the phone scanned last. ``password``: the wallet asks for one first."""

    order_no: Text = ""
    password: bool = False


class ScannerShot(Ask, frozen=True):
    """Exactly what the scanner reads. ``text`` empty: a payment code on the customer's phone, which ``behaviour``.

    ``see``: look through the scanner's camera at the glass or the newest slip instead.
    """

    text: Annotated[str, msgspec.Meta(max_length=512)] = ""
    behaviour: Literal["pays", "password", "no-funds"] = "pays"
    see: Literal["", "glass", "slip"] = ""


class FaultWish(Ask, frozen=True):
    """``count`` or ``duration_s`` where the fault takes them; none of both: until it is ended or used up."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    count: Positive | None = None
    duration_s: Positive | None = None
    params: dict[str, Value] = {}


class RollAct(Ask, frozen=True):
    """``out`` takes the roll out, ``load`` puts a new one in, ``tear`` tears off what hangs.

    ``open`` and ``close`` are the cover's.
    """

    act: RollDone = "load"


class Plug(Ask, frozen=True):
    role: Literal["display", "scanner", "printer", "speaker"]


class Advance(Ask, frozen=True):
    seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)]


# --- answers -----------------------------------------------------------------------------------------------


class Screen(msgspec.Struct, frozen=True):
    """The glass. ``kind``: blank, code, text, result, idle; ``code`` as a phone reads it, ``picture`` a path."""

    kind: str
    text: str
    code: str
    picture: str


class Slip(msgspec.Struct, frozen=True):
    """``number`` 0 still hangs on the roll, 1 is the first that was cut."""

    number: int
    text: str
    picture: str


class Paper(msgspec.Struct, frozen=True):
    """The newest slips, the oldest of them first."""

    slips: list[Slip]
    count: int
    out: bool
    cover_open: bool


class Spoken(msgspec.Struct, frozen=True):
    """``whole`` is false while it is being said, or when it was cut short."""

    number: int
    text: str
    whole: bool


class Phone(msgspec.Struct, frozen=True):
    """``shown``: the order on its screen; ``waiting``: orders that wait for the customer's password."""

    shown: dict[str, str | int | bool]
    waiting: list[str]


class SaleTold(msgspec.Struct, frozen=True):
    """As the service tells it; ``says`` is the word on the till's screen."""

    id: str
    no: int
    state: str
    word: str
    says: str
    amount_minor: int
    currency: str


class Active(msgspec.Struct, frozen=True):
    name: str
    expected: str


class State(msgspec.Struct, frozen=True):
    """The whole simulated counter. ``line`` is the number of the timeline's last line."""

    screen: Screen
    paper: Paper
    spoken: list[Spoken]
    plugged: dict[str, bool]
    phone: Phone
    faults: list[Active]
    sales: list[SaleTold]
    service: Literal["up", "down"]
    line: int


class Row(msgspec.Struct, frozen=True):
    """A fault by name. ``here``: whether this lab can do it; the rest needs virtual time (``lab run``)."""

    name: str
    layer: str
    ids: list[str]
    takes: list[str]
    params: dict[str, Value]
    expected: str
    cashier: str
    here: bool


class Rows(msgspec.Struct, frozen=True):
    faults: list[Row]


class Order(msgspec.Struct, frozen=True):
    """What the phone shows after scanning; ``why_not`` empty: it can be paid."""

    order_no: str
    shop: str
    amount: int
    currency: str
    state: str
    why_not: str


class Acted(msgspec.Struct, frozen=True):
    order_no: str
    result: str


class Scanned(msgspec.Struct, frozen=True):
    scanned: str


class Begun(msgspec.Struct, frozen=True):
    name: str
    expected: str
    cashier: str


class Broken(msgspec.Struct, frozen=True):
    faults: list[Active]


class Plugged(msgspec.Struct, frozen=True):
    plugged: dict[str, bool]


class Advanced(msgspec.Struct, frozen=True):
    """``wall_ms``: what the counter's clock says now, UTC."""

    seconds: int
    wall_ms: int


class TimelineLine(msgspec.Struct, frozen=True):
    """``way``: out towards a device or the bank, in from it, empty for what people do."""

    number: int
    at_ms: int
    place: str
    way: str
    text: str
    bytes: int


class TimelineTold(msgspec.Struct, frozen=True):
    """Go on with ``after`` = ``last``."""

    lines: list[TimelineLine]
    last: int


class Refused(msgspec.Struct, frozen=True):
    """``error`` is for programs and stays; ``sentence`` for people; ``near``: names that come close."""

    error: str
    sentence: str
    near: list[str] = []
