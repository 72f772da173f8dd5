"""Who may do what: one table, deny by default. A later role is a new row, a later act a new column."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import msgspec

from terminal.errors import NotAllowed
from terminal.payments.event import Actor, ActorKind
from terminal.payments.money import Money

STEP_UP_S: Final = 120  # how fresh the PIN must be for acts that can move or hide money


class Role(StrEnum):
    OWNER = "owner"
    CASHIER = "cashier"
    ONBOARDING = "onboarding"  # a visitor who sets up and tests; the login ends by itself
    INTEGRATOR = "integrator"  # who connects a point of sale; money only where it is simulated
    SUPPORT = "support"  # who helps from afar: health and redacted bundles, never a payer's data
    TILL = "till"  # a paired till with nobody signed in
    DISPLAY = "display"  # a paired customer display: sees its counter's screen, nothing else
    POS = "pos"  # an API key; its scopes narrow this row


VISITORS: Final = frozenset({Role.ONBOARDING, Role.INTEGRATOR, Role.SUPPORT})  # their logins end by themselves


class Action(StrEnum):
    SEE_SELF = "see_self"  # who one is, the PIN once more
    OWN_SECOND_STEP = "own_second_step"
    SEE_HEALTH = "see_health"  # of devices and service: no name, no sale
    SEE_BUNDLE = "see_bundle"  # the redacted support bundle
    TAKE_MONEY = "take_money"
    CANCEL_SALE = "cancel_sale"
    REPRINT = "reprint"
    SEE_SALES = "see_sales"
    SEE_DISPLAY = "see_display"
    TEST_SALE = "test_sale"  # the smallest amount there is, and that sale alone
    SIGN_VISIT = "sign_visit"  # that a counter was set up and tested
    TEST_DEVICES = "test_devices"  # moves no money: whoever sells may ask whether the printer prints
    TRAIN = "train"  # practise at a counter: no money moves, and nobody sells there meanwhile
    ASK_REFUND = "ask_refund"
    APPROVE_REFUND = "approve_refund"
    SETTLE_EXCEPTION = "settle_exception"
    OVERRIDE = "override"  # accept a payment on the bank's reference instead of its proof
    CLOSE_DAY = "close_day"
    IMPORT_BILLS = "import_bills"  # a file whose lines are believed: a right given on purpose
    SEE_REPORTS = "see_reports"  # sums, fees, the day book: reading, so no fresh PIN
    CHANGE_SETTINGS = "change_settings"
    MANAGE_PEOPLE = "manage_people"
    FIT_DEVICES = "fit_devices"  # which device stands where
    MANAGE_DEVICES = "manage_devices"  # who is a till: it may take money for ever
    MANAGE_API_KEYS = "manage_api_keys"
    MANAGE_HOOKS = "manage_hooks"  # where events are sent, and what was never taken there


_SELLING: Final = frozenset(
    {
        Action.SEE_SELF,
        Action.SEE_HEALTH,
        Action.TAKE_MONEY,
        Action.CANCEL_SALE,
        Action.REPRINT,
        Action.SEE_SALES,
        Action.SEE_DISPLAY,
        Action.TEST_DEVICES,
    }
)
AT_A_TILL: Final = frozenset({Action.TAKE_MONEY, Action.CANCEL_SALE, Action.REPRINT})
ON_TEST_SALE: Final = frozenset({Action.TAKE_MONEY, Action.CANCEL_SALE, Action.REPRINT, Action.SEE_SALES})
_SEEN: Final = frozenset({Action.SEE_SELF, Action.SEE_HEALTH, Action.OWN_SECOND_STEP})
_SET_UP: Final = frozenset({Action.TEST_DEVICES, Action.FIT_DEVICES, Action.TEST_SALE, Action.SIGN_VISIT})
TABLE: Final[Mapping[Role, frozenset[Action]]] = {
    Role.TILL: _SELLING,
    Role.DISPLAY: frozenset({Action.SEE_SELF, Action.SEE_DISPLAY}),
    Role.CASHIER: _SELLING | {Action.ASK_REFUND, Action.TRAIN},
    Role.OWNER: frozenset(Action),
    Role.ONBOARDING: _SEEN | _SET_UP | {Action.TRAIN},
    Role.INTEGRATOR: _SEEN | {Action.TEST_DEVICES, Action.MANAGE_API_KEYS},
    Role.SUPPORT: _SEEN | {Action.SEE_BUNDLE},
    Role.POS: _SELLING | {Action.ASK_REFUND, Action.SEE_REPORTS, Action.IMPORT_BILLS},
}
WHERE_SIMULATED: Final[Mapping[Role, frozenset[Action]]] = {
    Role.INTEGRATOR: _SELLING | {Action.ASK_REFUND, Action.SEE_REPORTS, Action.IMPORT_BILLS, Action.MANAGE_HOOKS},
}
# a refund asks by its own policy, reading never, who brings a bill is asked for a PIN where it has one, and the
# smallest amount there is moves nothing worth one
_ELSEWHERE: Final = frozenset(
    {Action.ASK_REFUND, Action.SEE_REPORTS, Action.IMPORT_BILLS, Action.TEST_SALE, Action.OWN_SECOND_STEP}
)
STEP_UP: Final = frozenset(Action) - _SELLING - _ELSEWHERE
AWAY_FROM_MONEY: Final = frozenset(
    {
        *(Action.CHANGE_SETTINGS, Action.MANAGE_PEOPLE, Action.MANAGE_DEVICES, Action.MANAGE_API_KEYS),
        *(Action.FIT_DEVICES, Action.SIGN_VISIT, Action.MANAGE_HOOKS),
    }
)
"""Acts that no customer waits for: a second step is asked for at a till too, once a person has one."""
SCOPES: Final[Mapping[str, frozenset[Action]]] = {
    "sales:read": frozenset({Action.SEE_SALES}),
    "sales": _SELLING,
    "refunds": frozenset({Action.SEE_SALES, Action.ASK_REFUND}),
    "reports": frozenset({Action.SEE_SALES, Action.SEE_REPORTS}),
    "bills": frozenset({Action.SEE_SALES, Action.SEE_REPORTS, Action.IMPORT_BILLS}),
    "health": frozenset({Action.SEE_HEALTH}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody known at the door.

    Args:
        id: of the person, device or API key.
        device: the till or address it acts from.
        counters: where it may act; empty means everywhere, but a cashier sells only where a paired till stands.
        pin_ns: monotonic time of the last right PIN, None without one.
        simulated: no live money here, so that some may more.
        lacks: what the second step still wants before ``lacks_for``: ``code_again`` or ``code_set_up``.
    """

    kind: ActorKind
    id: str
    role: Role
    device: str = ""
    counters: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    pin_ns: int | None = None
    simulated: bool = False
    lacks: Literal["", "code_again", "code_set_up"] = ""
    lacks_for: frozenset[Action] = frozenset()

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
        scoped = scoped or action is Action.SEE_SELF
        more = WHERE_SIMULATED.get(self.role, frozenset()) if self.simulated else frozenset()
        return scoped and (action in TABLE[self.role] or action in more)


def require(principal: Principal | None, action: Action, *, now_ns: int, counter: str = "") -> Principal:
    """Let through, or say what is missing.

    Raises:
        NotAllowed: ``not_signed_in`` (also on a till, where signing in would help), ``not_allowed``,
            ``pin_again`` when the act asks for a fresh PIN, ``code_again`` or ``code_set_up`` when it asks for the
            second step too.
    """
    if principal is None:
        raise NotAllowed("not_signed_in")
    if not principal.may(action, counter):
        raise NotAllowed("not_signed_in" if principal.role is Role.TILL else "not_allowed", action=action.value)
    if action in STEP_UP and not fresh_pin(principal, now_ns):
        raise NotAllowed("pin_again", action=action.value)
    if principal.lacks and action in principal.lacks_for:
        raise NotAllowed(principal.lacks, action=action.value)
    return principal


def guarded(principal: Principal | None, actions: Collection[Action]) -> None:
    """The door of an operation: one of its acts must be the caller's. Raises NotAllowed as ``require``."""
    if principal is None:
        raise NotAllowed("not_signed_in")
    if not any(principal.may(action) for action in actions):
        wanted = next(iter(actions), Action.CHANGE_SETTINGS)
        raise NotAllowed("not_signed_in" if principal.role is Role.TILL else "not_allowed", action=wanted.value)


def fresh_pin(principal: Principal, now_ns: int) -> bool:
    return principal.pin_ns is not None and now_ns - principal.pin_ns <= STEP_UP_S * 1_000_000_000


class SalePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most one sale may be, in smallest units of the shop's currency. 0: the shop's own limit alone."""

    cashier_minor: int = 0  # also of a till with nobody signed in
    pos_minor: int = 0


TEST_SALE_MINOR: Final = 1


def decide_sale(policy: SalePolicy, principal: Principal, amount: Money, *, currency: str) -> None:
    """Raises NotAllowed("limit_of_role", limit=…): as people write it in ``currency``, the shop's.

    A limit says nothing of other money, ten thousand of which may be worth more or less: who has one takes none.
    """
    if not principal.may(Action.TAKE_MONEY):
        if amount.minor > TEST_SALE_MINOR:  # the smallest there is, of whatever money
            raise NotAllowed("limit_of_role", limit=Money(TEST_SALE_MINOR, amount.currency).plain())
        return
    seller, pos = policy.cashier_minor, policy.pos_minor
    limit = {Role.CASHIER: seller, Role.TILL: seller, Role.POS: pos}.get(principal.role, 0)
    if limit and (amount.currency != currency or amount.minor > limit):
        raise NotAllowed("limit_of_role", limit=Money(limit, currency).plain())


class RefundPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Smallest units in the shop's currency. 0 means never without an approval."""

    cashier_alone_minor: int = 0
    cashier_day_minor: int = 0
    pos_alone_minor: int = 0
    pos_day_minor: int = 0
    day_minor: int = 0  # all refunds of a day together, whoever approves; 0: no limit


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
