"""Who may do what: one table, deny by default. A later role is a new row, a later act a new column."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import msgspec

from terminal.errors import NotAllowed
from terminal.payments.event import Actor, ActorKind

STEP_UP_S: Final = 120  # how fresh the PIN must be for acts that can move or hide money


class Role(StrEnum):
    OWNER = "owner"
    CASHIER = "cashier"
    TILL = "till"  # a paired till with nobody signed in
    DISPLAY = "display"  # a paired customer display: sees its counter's screen, nothing else
    POS = "pos"  # an API key; its scopes narrow this row


class Action(StrEnum):
    TAKE_MONEY = "take_money"
    CANCEL_SALE = "cancel_sale"
    REPRINT = "reprint"
    SEE_SALES = "see_sales"
    SEE_DISPLAY = "see_display"
    TEST_DEVICES = "test_devices"  # moves no money: whoever sells may ask whether the printer prints
    ASK_REFUND = "ask_refund"
    APPROVE_REFUND = "approve_refund"
    SETTLE_EXCEPTION = "settle_exception"
    OVERRIDE = "override"  # accept a payment on the bank's reference instead of its proof
    CLOSE_DAY = "close_day"
    IMPORT_BILLS = "import_bills"  # a file whose lines are believed: a right given on purpose
    SEE_REPORTS = "see_reports"  # sums, fees, the day book: reading, so no fresh PIN
    CHANGE_SETTINGS = "change_settings"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_API_KEYS = "manage_api_keys"


_SELLING: Final = frozenset(
    {
        Action.TAKE_MONEY,
        Action.CANCEL_SALE,
        Action.REPRINT,
        Action.SEE_SALES,
        Action.SEE_DISPLAY,
        Action.TEST_DEVICES,
    }
)
AT_A_TILL: Final = frozenset({Action.TAKE_MONEY, Action.CANCEL_SALE, Action.REPRINT})
TABLE: Final[Mapping[Role, frozenset[Action]]] = {
    Role.TILL: _SELLING,
    Role.DISPLAY: frozenset({Action.SEE_DISPLAY}),
    Role.CASHIER: _SELLING | {Action.ASK_REFUND},
    Role.OWNER: frozenset(Action),
    Role.POS: _SELLING | {Action.ASK_REFUND, Action.SEE_REPORTS, Action.IMPORT_BILLS},
}
# a refund asks by its own policy, reading never, and who brings a bill is asked for a PIN where it has one
_ELSEWHERE: Final = {Action.ASK_REFUND, Action.SEE_REPORTS, Action.IMPORT_BILLS}
STEP_UP: Final = frozenset(Action) - _SELLING - _ELSEWHERE
SCOPES: Final[Mapping[str, frozenset[Action]]] = {
    "sales:read": frozenset({Action.SEE_SALES}),
    "sales": _SELLING,
    "refunds": frozenset({Action.SEE_SALES, Action.ASK_REFUND}),
    "reports": frozenset({Action.SEE_SALES, Action.SEE_REPORTS}),
    "bills": frozenset({Action.SEE_SALES, Action.SEE_REPORTS, Action.IMPORT_BILLS}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody known at the door.

    Args:
        id: of the person, device or API key.
        device: the till or address it acts from.
        counters: where it may act; empty means everywhere, but a cashier sells only where a paired till stands.
        pin_ns: monotonic time of the last right PIN, None without one.
    """

    kind: ActorKind
    id: str
    role: Role
    device: str = ""
    counters: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    pin_ns: int | None = None

    @property
    def actor(self) -> Actor:
        return Actor(self.kind, self.id)

    def may(self, action: Action, counter: str = "") -> bool:
        """``counter`` is where the act happens; empty for acts that belong to no counter."""
        if counter and self.counters and counter not in self.counters:
            return False
        if counter and not self.counters and self.role is Role.CASHIER and action in AT_A_TILL:
            return False
        scoped = self.role is not Role.POS or any(action in SCOPES[scope] for scope in self.scopes)
        return scoped and action in TABLE[self.role]


def require(principal: Principal | None, action: Action, *, now_ns: int, counter: str = "") -> Principal:
    """Let through, or say what is missing.

    Raises:
        NotAllowed: ``not_signed_in`` (also on a till, where signing in would help), ``not_allowed``,
            ``pin_again`` when the act asks for a fresh PIN.
    """
    if principal is None:
        raise NotAllowed("not_signed_in")
    if not principal.may(action, counter):
        raise NotAllowed("not_signed_in" if principal.role is Role.TILL else "not_allowed", action=action.value)
    if action in STEP_UP and not fresh_pin(principal, now_ns):
        raise NotAllowed("pin_again", action=action.value)
    return principal


def fresh_pin(principal: Principal, now_ns: int) -> bool:
    return principal.pin_ns is not None and now_ns - principal.pin_ns <= STEP_UP_S * 1_000_000_000


class RefundPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Smallest units in the shop's currency. 0 means never without an approval."""

    cashier_alone_minor: int = 0
    cashier_day_minor: int = 0
    pos_alone_minor: int = 0
    pos_day_minor: int = 0


def decide_refund(
    policy: RefundPolicy, principal: Principal | None, *, amount_minor: int, today_minor: int, now_ns: int
) -> Literal["allowed", "approval"]:
    """May this one refund alone, or must somebody with APPROVE_REFUND type a PIN?

    Args:
        today_minor: what the same principal refunded alone today.

    Raises:
        NotAllowed: as ``require``; ``pin_again`` for an approver whose PIN is not fresh.
    """
    asking = require(principal, Action.ASK_REFUND, now_ns=now_ns)
    if asking.may(Action.APPROVE_REFUND):
        require(asking, Action.APPROVE_REFUND, now_ns=now_ns)
        return "allowed"
    alone, day = {
        Role.CASHIER: (policy.cashier_alone_minor, policy.cashier_day_minor),
        Role.POS: (policy.pos_alone_minor, policy.pos_day_minor),
    }.get(asking.role, (0, 0))
    return "allowed" if amount_minor <= alone and today_minor + amount_minor <= day else "approval"
