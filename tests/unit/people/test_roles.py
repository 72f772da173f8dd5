"""Who may do what (S30), and who may refund alone."""

import pytest

from terminal.errors import NotAllowed
from terminal.payments.money import Money
from terminal.people.roles import (
    SCOPES,
    STEP_UP,
    STEP_UP_S,
    TABLE,
    Action,
    Principal,
    RefundPolicy,
    Role,
    SalePolicy,
    decide_refund,
    decide_sale,
    require,
)

NOW = 1_000 * 1_000_000_000
SEEN = {"see_self", "see_health"}
VISITS = SEEN | {"own_second_step"}
SELLING = SEEN | {"take_money", "cancel_sale", "reprint", "see_sales", "see_display", "test_devices"}
MATRIX = {
    Role.TILL: SELLING,
    Role.DISPLAY: {"see_self", "see_display"},
    Role.CASHIER: SELLING | {"ask_refund", "train"},
    Role.POS: SELLING | {"ask_refund", "see_reports", "import_bills"},
    Role.OWNER: {action.value for action in Action},
    Role.ONBOARDING: VISITS | {"test_devices", "fit_devices", "test_sale", "sign_visit", "train"},
    Role.INTEGRATOR: VISITS | {"test_devices", "manage_api_keys"},
    Role.SUPPORT: VISITS | {"see_bundle"},
}


def somebody(role: Role, *, pin_ns: int | None = NOW, scopes: frozenset[str] = frozenset(SCOPES)) -> Principal:
    return Principal("person", "P", role, scopes=scopes, pin_ns=pin_ns)


@pytest.mark.row(124)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_s30_i23_the_whole_matrix(role: Role, action: Action) -> None:
    assert somebody(role).may(action) == (action.value in MATRIX[role])


def test_s30_an_integrator_takes_money_only_where_it_is_simulated() -> None:
    live, lab = somebody(Role.INTEGRATOR), Principal("person", "P", Role.INTEGRATOR, simulated=True)
    assert not live.may(Action.TAKE_MONEY)
    assert lab.may(Action.TAKE_MONEY)
    assert not lab.may(Action.OVERRIDE)
    assert not Principal("person", "P", Role.SUPPORT, simulated=True).may(Action.SEE_SALES)


def test_every_role_has_a_row() -> None:
    assert set(TABLE) == set(Role)


def test_nobody_may_nothing() -> None:
    for action in Action:
        with pytest.raises(NotAllowed, match="not_signed_in"):
            require(None, action, now_ns=NOW)


def test_a_till_is_asked_to_sign_in_a_cashier_is_refused() -> None:
    with pytest.raises(NotAllowed, match="not_signed_in"):
        require(somebody(Role.TILL), Action.CLOSE_DAY, now_ns=NOW)
    with pytest.raises(NotAllowed, match="not_allowed"):
        require(somebody(Role.CASHIER), Action.CLOSE_DAY, now_ns=NOW)


@pytest.mark.parametrize("action", sorted(STEP_UP))
def test_s36_acts_that_move_or_hide_money_ask_for_a_fresh_pin(action: Action) -> None:
    late = NOW + STEP_UP_S * 1_000_000_000 + 1
    assert require(somebody(Role.OWNER), action, now_ns=late - 1)
    with pytest.raises(NotAllowed, match="pin_again"):
        require(somebody(Role.OWNER), action, now_ns=late)
    with pytest.raises(NotAllowed, match="pin_again"):
        require(somebody(Role.OWNER, pin_ns=None), action, now_ns=NOW)


def test_s37_scopes_narrow_an_api_key() -> None:
    reader = somebody(Role.POS, scopes=frozenset({"sales:read"}))
    assert reader.may(Action.SEE_SALES)
    assert not reader.may(Action.TAKE_MONEY)
    assert not somebody(Role.POS, scopes=frozenset()).may(Action.SEE_SALES)
    assert not somebody(Role.POS).may(Action.APPROVE_REFUND)


def test_i14_a_till_acts_on_its_own_counter_only() -> None:
    till = Principal("device", "D", Role.TILL, counters=frozenset({"1"}))
    assert till.may(Action.TAKE_MONEY, "1")
    assert not till.may(Action.TAKE_MONEY, "2")


@pytest.mark.row(72)
@pytest.mark.parametrize(
    ("role", "amount_minor", "today_minor", "verdict"),
    [
        (Role.CASHIER, 500, 0, "allowed"),
        (Role.CASHIER, 501, 0, "approval"),
        (Role.CASHIER, 500, 700, "allowed"),
        (Role.CASHIER, 500, 701, "approval"),
        (Role.POS, 1, 0, "approval"),
        (Role.OWNER, 10**9, 10**9, "allowed"),
    ],
)
def test_refunds_ask_by_policy(role: Role, amount_minor: int, today_minor: int, verdict: str) -> None:
    policy = RefundPolicy(cashier_alone_minor=500, cashier_day_minor=1200)
    found = decide_refund(policy, somebody(role), amount_minor=amount_minor, today_minor=today_minor, now_ns=NOW)
    assert found == verdict


def test_a_shop_without_a_policy_asks_always() -> None:
    cashier = somebody(Role.CASHIER)
    assert decide_refund(RefundPolicy(), cashier, amount_minor=1, today_minor=0, now_ns=NOW) == "approval"


def test_a_till_alone_cannot_ask_and_an_owner_s_pin_must_be_fresh() -> None:
    with pytest.raises(NotAllowed, match="not_signed_in"):
        decide_refund(RefundPolicy(), somebody(Role.TILL), amount_minor=1, today_minor=0, now_ns=NOW)
    with pytest.raises(NotAllowed, match="pin_again"):
        decide_refund(RefundPolicy(), somebody(Role.OWNER, pin_ns=None), amount_minor=1, today_minor=0, now_ns=NOW)


LIMITED = SalePolicy(cashier_minor=50_000_00, pos_minor=20_000_00)


@pytest.mark.parametrize(
    ("role", "amount", "limit"),
    [
        (Role.CASHIER, Money(50_000_00, "KHR"), ""),
        (Role.CASHIER, Money(50_000_01, "KHR"), "50000.00"),
        (Role.TILL, Money(1, "USD"), "50000.00"),
        (Role.POS, Money(20_000_00, "USD"), "20000.00"),
        (Role.OWNER, Money(90_000_00, "USD"), ""),
        (Role.ONBOARDING, Money(1, "USD"), ""),
        (Role.ONBOARDING, Money(2, "KHR"), "0.01"),
    ],
)
def test_s38_a_limit_is_of_the_shops_money_and_says_nothing_of_other_money(
    role: Role, amount: Money, limit: str
) -> None:
    told = ""
    try:
        decide_sale(LIMITED, somebody(role), amount, currency="KHR")
    except NotAllowed as refused:
        told = str(refused.facts["limit"])
    assert told == limit


def test_who_has_no_limit_takes_whatever_money_the_shop_takes() -> None:
    decide_sale(SalePolicy(), somebody(Role.CASHIER), Money(90_000_00, "USD"), currency="KHR")
