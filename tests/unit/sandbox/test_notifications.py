"""The documented schedule, and what a fault does to it."""

import json
from itertools import pairwise

import pytest

from terminal.sandbox.notifications import RETRY_AFTER_S
from tests.unit.sandbox.till import NOTIFY, START_MS, Till


def paid(*faults: str, **params: int | str) -> Till:
    till = Till()
    till.code_url()
    for slug in faults:
        till.bank.set_fault(slug, till.now_ms, params=params)
    till.bank.customer_pays("ORDER-0001", till.now_ms)
    return till


def test_an_unanswered_notification_returns_on_the_documented_schedule() -> None:
    assert RETRY_AFTER_S[:6] == (15, 15, 30, 180, 600, 1200)
    till = paid()
    at_s, bodies = [], set()
    while (due_ms := till.bank.next_due_ms()) is not None:
        till.now_ms = due_ms
        [delivery] = till.deliveries()
        assert till.deliveries() == [], "an attempt is handed out once"
        assert till.genuine(delivery.headers, delivery.body), "each attempt is signed afresh"
        at_s.append((till.now_ms - START_MS) // 1000)
        bodies.add(delivery.body)
        till.bank.delivered(delivery.id, False, till.now_ms)
    waits = [later - earlier for earlier, later in pairwise(at_s)]
    assert (at_s[0], tuple(waits)) == (0, RETRY_AFTER_S)
    assert len(bodies) == 1, "a repeated notification has the same id and content"
    assert till.bank.post.history[-1].end == "given up"


def test_a_taken_notification_does_not_return() -> None:
    till = paid()
    [delivery] = till.deliveries()
    till.bank.delivered(delivery.id, True, till.now_ms)
    till.bank.delivered(delivery.id, False, till.now_ms)
    assert till.bank.next_due_ms() is None


def test_b7_the_same_notification_three_times() -> None:
    till = paid("notify-3-times", gap_ms=100)
    first = till.deliveries()
    till.wait(1)
    rest = till.deliveries()
    assert (len(first), len(rest)) == (1, 2)
    assert {delivery.notification_id for delivery in first + rest} == {first[0].notification_id}
    for delivery in rest:
        till.bank.delivered(delivery.id, False, till.now_ms)
    till.bank.delivered(first[0].id, True, till.now_ms)
    assert till.bank.next_due_ms() is None, "only the first would be repeated"


def test_b7_a_notification_lost_for_ever() -> None:
    till = paid("notify-lost")
    while (due_ms := till.bank.next_due_ms()) is not None:
        till.now_ms = due_ms
        assert till.deliveries() == []
    assert till.state() == "SUCCESS"


def test_b7_a_notification_lost_once_comes_with_the_first_repetition() -> None:
    till = paid("notify-lost", attempts=1)
    assert till.deliveries() == []
    till.wait(15)
    [delivery] = till.deliveries()
    assert delivery.attempt == 2


def test_b7_a_late_notification() -> None:
    till = paid("notify-delayed", delay_ms=60_000)
    till.wait(59.999)
    assert till.deliveries() == []
    till.wait(0.001)
    assert len(till.deliveries()) == 1


@pytest.mark.parametrize(
    ("slug", "field", "value"),
    [
        ("notify-wrong-amount", "amount", 2851),
        ("notify-wrong-merchant", "mchid", "1999999999"),
        ("notify-wrong-order", "out_trade_no", "SOMEBODY-ELSES-ORDER"),
    ],
)
def test_b6_a_genuine_signature_over_a_wrong_field(slug: str, field: str, value: object) -> None:
    till = paid(slug)
    [delivery] = till.deliveries()
    assert till.genuine(delivery.headers, delivery.body)
    told = till.opened(delivery)
    assert (told["amount"]["total"] if field == "amount" else told[field]) == value
    assert till.said(till.query())["amount"]["total"] == 2850


@pytest.mark.parametrize("variant", ["flipped", "missing", "unknown-serial", "stale", "signtest"])
def test_b5_a_notification_nobody_should_believe_comes_back_right(variant: str) -> None:
    till = paid("notify-bad-signature", variant=variant)
    [delivery] = till.deliveries()
    assert not till.genuine(delivery.headers, delivery.body)
    if variant == "signtest":
        assert delivery.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")


@pytest.mark.parametrize("variant", ["leaked-apiv3", "stranger"])
@pytest.mark.parametrize("before", [True, False])
def test_i2_a_forged_notification_claims_an_unpaid_order(variant: str, before: bool) -> None:
    till = Till()
    if not before:
        till.code_url()
    till.bank.set_fault("forged-notification", till.now_ms, params={"variant": variant})
    if before:
        assert till.deliveries() == []
        till.code_url()
    [delivery] = till.deliveries()
    assert delivery.url == NOTIFY
    assert delivery.headers["Wechatpay-Serial"] == till.me.platform_serial
    assert not till.genuine(delivery.headers, delivery.body)
    assert json.loads(delivery.body)["event_type"] == "TRANSACTION.SUCCESS"
    if variant == "leaked-apiv3":
        assert till.opened(delivery)["amount"]["total"] == 2850
    till.bank.delivered(delivery.id, False, till.now_ms)
    assert till.bank.next_due_ms() is None
    assert till.state() == "NOTPAY"
    assert till.bank.captures() == {}


def test_b7_a_refunds_notification_overtakes_its_answer() -> None:
    till = paid()
    [payment] = till.deliveries()
    till.bank.delivered(payment.id, True, till.now_ms)
    till.bank.set_fault("notify-before-answer", till.now_ms)
    reply = till.refund("R-1", 100)
    assert reply.delay_ms == 2_000
    assert till.said(reply)["status"] == "PROCESSING"
    [delivery] = till.deliveries()
    assert till.opened(delivery)["refund_status"] == "SUCCESS"
