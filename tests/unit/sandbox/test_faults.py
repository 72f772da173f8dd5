"""Every named fault does what its row says, as often as asked, and can be seen from outside."""

import json

import pytest

from terminal.sandbox.engine import CustomerCannot
from terminal.sandbox.faults import ROWS, Faults, UnknownFault, Value
from tests.unit.sandbox.till import Till, refused


def broken(slug: str, **params: Value) -> Till:
    till = Till()
    till.bank.set_fault(slug, till.now_ms, params=params)
    return till


# --- the switchboard ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "arguments"),
    [
        ("no-such-fault", {}),
        ("rate-429", {"count": 0}),
        ("rate-429", {"duration_ms": 0}),
        ("rate-429", {"params": {"call": "pay"}}),
        ("rate-429", {"params": {"calls": "any"}}),
        ("wrong-amount", {"params": {"by": "1"}}),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(slug: str, arguments: dict[str, object]) -> None:
    with pytest.raises(UnknownFault):
        Faults().set(slug, 0, **arguments)  # type: ignore[arg-type]  # the wrong ones are the point


def test_a_fault_ends_by_count_by_time_or_by_hand() -> None:
    faults = Faults()
    faults.set("no-funds", 0, count=2)
    assert [bool(faults.take("no-funds", 1)) for _ in range(3)] == [True, True, False]
    faults.set("no-funds", 0, duration_ms=10)
    assert [bool(faults.take("no-funds", at)) for at in (1, 9, 10, 11)] == [True, True, False, False]
    faults.set("no-funds", 0)
    faults.set("pay-late", 0)
    faults.clear("no-funds")
    assert [active.row.slug for active in faults.active()] == ["pay-late"]
    faults.clear()
    assert faults.active() == ()


def test_a_fault_waits_for_its_call() -> None:
    till = broken("rate-429", call="query")
    assert till.native().status == 200
    refused(till.query(), 429, "FREQUENCY_LIMITED")
    assert till.state() == "NOTPAY"


def test_every_fault_of_the_list_is_shown_by_a_test_of_this_folder() -> None:
    from pathlib import Path

    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [slug for slug in ROWS if f'"{slug}"' not in text] == []


# --- the answer does not say what happened ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_b1_answer_lost_after_debit(how: str) -> None:
    till = broken("answer-lost-after-debit", how=how)
    reply = till.codepay(till.new_code())
    assert (reply.lost, reply.fault) == (how, "answer-lost-after-debit")
    assert till.bank.captures() == {"ORDER-0001": [2850]}
    assert till.state() == "SUCCESS"


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_b1_timeout_before_debit(how: str) -> None:
    till = broken("timeout-before-debit", how=how)
    code = till.new_code()
    assert till.codepay(code).lost == how
    assert till.bank.captures() == {}
    refused(till.query(), 404, "ORDER_NOT_EXIST")
    assert till.codepay(code).status == 200, "the code was not used up"


def test_b1_a_queued_charge_happens_after_everybody_gave_up() -> None:
    till = broken("pay-queued", delay_ms=20_000)
    assert till.codepay(till.new_code()).lost == "silent"
    till.wait(19.999)
    refused(till.query(), 404, "ORDER_NOT_EXIST")
    till.wait(0.001)
    assert till.state() == "SUCCESS"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_b2_error_500_worked_on_nothing(status: int) -> None:
    till = broken("error-500", status=status)
    refused(till.codepay(till.new_code()), status, "SYSTEM_ERROR")
    assert till.bank.captures() == {}


def test_b2_error_500_after_debit() -> None:
    till = broken("error-500-after-debit")
    refused(till.codepay(till.new_code()), 500, "SYSTEM_ERROR")
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_a_query_may_miss_an_order_that_exists() -> None:
    till = Till()
    till.code_url()
    till.bank.set_fault("not-found-lag", till.now_ms)
    refused(till.query(), 404, "ORDER_NOT_EXIST")
    assert till.state() == "NOTPAY"


def test_a_reverse_may_be_refused_while_the_customer_pays() -> None:
    till = Till()
    till.codepay(till.new_code("password"))
    till.bank.set_fault("reverse-refused-paying", till.now_ms)
    refused(till.reverse(), 400, "USERPAYING")
    assert till.reverse().status == 200


def test_a_slow_answer_is_right_but_late() -> None:
    till = broken("slow-answer", delay_ms=1_234)
    reply = till.codepay(till.new_code())
    assert (reply.delay_ms, till.said(reply)["trade_state"]) == (1_234, "SUCCESS")


@pytest.mark.parametrize("variant", ["html", "empty", "truncated", "duplicate-key", "list"])
def test_b4_a_malformed_answer_is_signed_and_unreadable(variant: str) -> None:
    till = broken("malformed-answer", variant=variant)
    reply = till.codepay(till.new_code())
    assert till.genuine(reply.headers, reply.body)
    if variant == "duplicate-key":
        assert reply.body.count(b'"trade_state"') == 3
    elif variant == "list":
        assert isinstance(json.loads(reply.body), list)
    else:
        with pytest.raises(ValueError):  # noqa: PT011  # any JSON error is the point
            json.loads(reply.body)
    assert till.bank.captures() == {"ORDER-0001": [2850]}


@pytest.mark.parametrize("variant", ["flipped", "missing", "unknown-serial", "stale", "signtest"])
def test_b5_bad_signature(variant: str) -> None:
    till = broken("bad-signature", variant=variant)
    reply = till.codepay(till.new_code())
    assert not till.genuine(reply.headers, reply.body)
    assert till.bank.captures() == {"ORDER-0001": [2850]}


@pytest.mark.parametrize(
    ("slug", "field", "value"),
    [
        ("wrong-amount", "amount", 2851),
        ("wrong-currency", "currency", "USD"),
        ("wrong-merchant", "mchid", "1999999999"),
        ("wrong-app", "appid", "wxother0000000000"),
        ("wrong-order", "out_trade_no", "SOMEBODY-ELSES-ORDER"),
    ],
)
def test_b6_b10_a_genuine_answer_with_a_wrong_field(slug: str, field: str, value: object) -> None:
    till = Till()
    till.code_url()
    till.bank.set_fault(slug, till.now_ms)
    assert till.state() == "NOTPAY", "an answer that states no payment does not use it up"
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    wrong = till.said(till.query())
    seen = {"amount": wrong["amount"]["total"], "currency": wrong["amount"]["currency"]} | wrong
    if field == "amount":
        seen["amount"] = wrong["amount"]["total"]
    assert seen[field] == value
    assert till.said(till.query())["amount"] == {
        "total": 2850,
        "payer_total": 2850,
        "currency": "CNY",
        "payer_currency": "CNY",
    }


def test_a_state_nobody_documented() -> None:
    till = Till()
    till.code_url()
    till.bank.set_fault("unknown-state", till.now_ms)
    assert till.state() == "PENDING_REVIEW"


# --- customers and a bank that misbehaves ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "status", "code"),
    [
        ("code-expired", 400, "AUTH_CODE_EXPIRE"),
        ("no-funds", 403, "NOT_ENOUGH"),
        ("password-needed", 400, "USERPAYING"),
    ],
)
def test_the_customers_side_of_a_code_payment(slug: str, status: int, code: str) -> None:
    till = broken(slug)
    refused(till.codepay(till.new_code()), status, code)
    assert till.bank.captures() == {}
    till.wait(8)
    assert till.state() == ("SUCCESS" if slug == "password-needed" else "PAYERROR")


def test_pay_late_pays_only_what_can_still_be_paid() -> None:
    till = Till()
    for number in ("ORDER-0001", "ORDER-0002"):
        till.code_url(number)
        till.bank.set_fault("pay-late", till.now_ms, params={"delay_ms": 5_000})
        assert till.bank.customer_pays(number, till.now_ms) == "later"
    assert till.close("ORDER-0002").status == 204
    till.wait(5)
    assert (till.state("ORDER-0001"), till.state("ORDER-0002")) == ("SUCCESS", "CLOSED")
    assert till.bank.captures() == {"ORDER-0001": [2850]}


def test_pay_during_close_wins_over_the_close() -> None:
    till = Till()
    till.code_url()
    till.bank.set_fault("pay-during-close", till.now_ms)
    refused(till.close(), 400, "ORDER_PAID")
    assert till.state() == "SUCCESS"


def test_b11_capture_after_close() -> None:
    till = Till()
    till.code_url()
    assert till.close().status == 204
    till.bank.set_fault("capture-after-close", till.now_ms)
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    [delivery] = till.deliveries()
    assert till.opened(delivery)["trade_state"] == "SUCCESS"
    assert till.bank.captures() == {"ORDER-0001": [2850]}
    with pytest.raises(CustomerCannot, match="paid"):
        till.bank.customer_pays("ORDER-0001", till.now_ms)


def test_b11_double_capture_is_seen_by_whoever_counts() -> None:
    till = Till()
    till.code_url()
    till.bank.set_fault("double-capture", till.now_ms)
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    assert till.bank.captures() == {"ORDER-0001": [2850, 2850]}
    told = [till.opened(delivery) for delivery in till.deliveries()]
    assert len({form["transaction_id"] for form in told}) == 2


def test_refund_faults_of_the_bank() -> None:
    till = Till()
    till.codepay(till.new_code())
    till.bank.set_fault("refund-no-balance", till.now_ms)
    refused(till.refund("R-1", 100), 403, "NOT_ENOUGH")
    till.bank.set_fault("refund-slow", till.now_ms, params={"delay_ms": 60_000})
    till.refund("R-1", 100)
    till.wait(59)
    assert till.refund_status("R-1") == "PROCESSING"
    till.wait(1)
    assert till.refund_status("R-1") == "SUCCESS"
