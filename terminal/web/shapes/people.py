"""People, tills, keys and sessions: how they come in, and who has access."""

from typing import Annotated, Literal

import msgspec

from terminal.web.shapes.form import Code, Form, Label, Name, Pin

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


class Me(msgspec.Struct, frozen=True):
    """``counters`` is empty when every counter is allowed; ``label`` only for people."""

    kind: str
    id: str
    role: str
    label: str
    counters: list[str]
    may: list[str]


class PersonRow(msgspec.Struct, frozen=True):
    id: str
    label: str
    role: str


class PersonList(msgspec.Struct, frozen=True):
    people: list[PersonRow]


class StaffRow(msgspec.Struct, frozen=True):
    """``locked``: too many wrong PINs somewhere; the owner may unlock. ``until_ms``: of visitors, else 0."""

    id: str
    label: str
    role: str
    locked: bool
    second_step: bool = False
    until_ms: int = 0


class DeviceRow(msgspec.Struct, frozen=True):
    """A paired till or customer display."""

    id: str
    label: str
    role: str
    counter: str


class ApiKeyRow(msgspec.Struct, frozen=True):
    """No counters means all of them."""

    id: str
    label: str
    scopes: list[str]
    counters: list[str]
    expires_ms: int
    used_ms: int = 0


class ApiKeyList(msgspec.Struct, frozen=True):
    api_keys: list[ApiKeyRow]


class SessionRow(msgspec.Struct, frozen=True):
    """Somebody signed in: since when and quiet for how long, in seconds. ``own``: the caller's."""

    id: str
    label: str
    role: str
    device: str
    open_s: int
    idle_s: int
    own: bool


class AccessList(msgspec.Struct, frozen=True):
    """``api_keys``: ``used_ms`` is the first use on the newest day they were used on, 0 for never."""

    people: list[StaffRow]
    devices: list[DeviceRow]
    api_keys: list[ApiKeyRow]
    sessions: list[SessionRow]


class AccountRow(msgspec.Struct, frozen=True):
    """A channel whose money would go to somebody else. ``yes``: names of who said so; ``due_ms``: not before."""

    channel: str
    payee: str
    before: str
    due_ms: int
    yes: list[str]


class AccountList(msgspec.Struct, frozen=True):
    accounts: list[AccountRow]


class SecondStep(msgspec.Struct, frozen=True):
    """Told once. ``uri`` is what an authenticator scans; ``picture`` the same as SVG."""

    secret: str
    uri: str
    picture: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Told once; each opens once when the phone is gone."""

    codes: list[str]


class MadeKey(msgspec.Struct, frozen=True):
    """``key`` is told once; only its hash is kept."""

    id: str
    key: str


class PairingCode(msgspec.Struct, frozen=True):
    code: str
    valid_s: int
