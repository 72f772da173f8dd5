"""Bodies and answers of the visit's calls."""

from typing import Annotated, Any, Literal

import msgspec

from terminal.visit.proofs import SALES_MAX
from terminal.web.shapes.form import Form, Name, Pin, Text

Told = Annotated[dict[str, Any], msgspec.Meta(description="Plain values without fractions, at most 8 kB as JSON.")]
SaleIds = Annotated[tuple[Name, ...], msgspec.Meta(max_length=SALES_MAX, description="Of the smallest amount.")]


class VisitDrop(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    why: Text = ""


class StepCheck(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``sales``: of the step cent. ``told``: what a person ticked or answered."""

    sales: SaleIds = ()
    told: Told = msgspec.field(default_factory=dict)


class StepEnd(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``passed`` counts where the machine can prove it only when it does; ``cause``: why a person says failed."""

    result: Literal["passed", "failed", "left_out"]
    cause: Annotated[str, msgspec.Meta(max_length=64, extra_json_schema={"pattern": "^[a-z_]*$"})] = ""
    sales: SaleIds = ()
    told: Told = msgspec.field(default_factory=dict)


class VisitSigner(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code``: of the second step, where this person has one."""

    person: Name
    pin: Pin
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""


class VisitAcceptance(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Two people, one of them an owner."""

    signers: Annotated[tuple[VisitSigner, ...], msgspec.Meta(min_length=1, max_length=4)]


class VisitPick(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``visit``: empty is the newest accepted one."""

    visit: Annotated[str, msgspec.Meta(max_length=64)] = ""


class StepView(msgspec.Struct, frozen=True):
    """``result``: open (not ended yet), passed, failed, left_out. ``sentence`` and ``fix`` are of the ``cause``.

    ``needed``: nobody accepts without it. ``running``: begun, and not ended since.
    """

    step: str
    result: str
    needed: bool
    running: bool
    seconds: int
    tries: int
    at_ms: int
    by: str
    cause: str
    sentence: str
    fix: str
    proof: dict[str, Any]


class VisitView(msgspec.Struct, frozen=True):
    """``state``: none, open, accepted, dropped; with none everything else is empty.

    ``next``: the step to go on with, empty when all ended. ``missing``: what must pass before anybody accepts.
    ``key``: fingerprint of what seals the record; ``record``: SHA-256 of an accepted one.
    """

    state: str
    visit: str
    begun_ms: int
    by: str
    next: str
    missing: list[str]
    seconds: int
    steps: list[StepView]
    accepted_ms: int
    record: str
    key: str


class ProofView(msgspec.Struct, frozen=True):
    """What the machine finds now; nothing is recorded. ``judged`` false: this step is for people to judge."""

    step: str
    judged: bool
    passed: bool
    cause: str
    sentence: str
    fix: str
    proof: dict[str, Any]


class VisitRow(msgspec.Struct, frozen=True):
    """``seconds`` by step; a step that was never ended is not there."""

    visit: str
    state: str
    begun_ms: int
    ended_ms: int
    seconds: int
    steps: dict[str, int]
    failed: list[str]
    left_out: list[str]


class VisitList(msgspec.Struct, frozen=True):
    """Newest first. ``second_percent``: of all accepted ones, how many took more than one visit."""

    visits: list[VisitRow]
    accepted: int
    second_percent: int


class AcceptedView(msgspec.Struct, frozen=True):
    visit: str
    record: str
    key: str


class PackPrint(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    counter: Name


class PackScan(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code``: the text of one code, as the scanner gave it."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4296)]


class PackKeep(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``key``: what a person has compared with the sheet of the shop that the pack came from."""

    key: Annotated[str, msgspec.Meta(min_length=20, max_length=30)]


class PackCodeView(msgspec.Struct, frozen=True):
    """``number`` counts from 1; ``picture`` is SVG."""

    number: int
    text: str
    picture: str


class PackCodesView(msgspec.Struct, frozen=True):
    """``pack``: the mark that all of its codes carry; ``key``: fingerprint of what sealed it."""

    pack: str
    key: str
    codes: list[PackCodeView]


class PackReadingView(msgspec.Struct, frozen=True):
    """``state``: none, reading, read (whole, sound, for this shop's money and region), kept (``file``).

    ``code``, ``sentence``, ``fix``: why the last scan was refused. From ``key`` on empty until it is read.
    ``shop``: its rules as the settings name them; ``devices``: roles by counter; ``connectors``: how money came;
    ``brand``: of which bank, where it brings one for a shop that has none.
    """

    state: str
    pack: str
    count: int
    have: list[int]
    missing: list[int]
    code: str
    sentence: str
    fix: str
    key: str
    made_ms: int
    currency: str
    zone: str
    shop: dict[str, Any]
    devices: list[list[str]]
    connectors: list[str]
    file: str
    brand: str = ""
