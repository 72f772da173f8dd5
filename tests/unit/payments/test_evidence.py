"""Authentic is not valid: every single field of evidence is compared before it counts (I2, B6, B10)."""

from dataclasses import replace
from typing import Any

import pytest

from terminal.payments.attempt import Signal, State
from terminal.payments.evidence import Account, Field, Mismatch, evidence_fields, judge, judge_refund
from terminal.payments.money import Money
from terminal.payments.notice import RefundNotice, RefundTrade, Trade
from terminal.payments.refund import RefundSignal, RefundState
from terminal.payments.sale import Attempt, Refund
from tests.unit.payments.journey import notice

OURS = Account("wallet", "m1", "app1")
ATTEMPT = Attempt(
    id="A1",
    share=0,
    provider="wallet",
    direction="push",
    amount=Money(2850, "CNY"),
    state=State.SHOWN,
    started_ms=1,
    expires_ms=2,
)
GENUINE = notice("A1")
REFUND = Refund("R1", "A1", Money(850, "CNY"), RefundState.SENT, "wrong size", "person:k")
REFUNDED = RefundNotice("wallet", "query", "e2", "m1", "A1", "R1", RefundTrade.REFUNDED, 850, "CNY")


@pytest.mark.row(28)
def test_a_genuine_notice_is_success() -> None:
    assert judge(GENUINE, ATTEMPT, OURS) is Signal.SUCCESS


@pytest.mark.row(28)
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"provider": "other"}, "provider"),
        ({"merchant_id": "m2"}, "merchant_id"),
        ({"merchant_id": ""}, "merchant_id"),
        ({"app_id": "app2"}, "app_id"),
        ({"app_id": ""}, "app_id"),
        ({"order_no": "A2"}, "order_no"),
        ({"order_no": "a1"}, "order_no"),
        ({"amount_minor": 2849}, "amount"),
        ({"amount_minor": 2851}, "amount"),
        ({"amount_minor": 0}, "amount"),
        ({"amount_minor": -2850}, "amount"),
        ({"amount_minor": None}, "amount"),
        ({"currency": "HKD"}, "currency"),
        ({"currency": None}, "currency"),
    ],
)
def test_i2_one_changed_field_is_never_paid(changed: dict[str, Any], field: Field) -> None:
    assert judge(replace(GENUINE, **changed), ATTEMPT, OURS) == Mismatch(field)


@pytest.mark.row(28, 32)
@pytest.mark.parametrize(
    ("trade", "signal"),
    [
        (Trade.UNPAID, Signal.UNPAID),
        (Trade.PAYING, Signal.PAYING),
        (Trade.CLOSED, Signal.CLOSED_THERE),
        (Trade.REVERSED, Signal.CLOSED_THERE),
        (Trade.FAILED, Signal.CLOSED_THERE),
        (Trade.RETURNED, Signal.RETURNED),
    ],
)
def test_i2_another_status_is_never_success(trade: Trade, signal: Signal) -> None:
    assert judge(replace(GENUINE, trade=trade), ATTEMPT, OURS) is signal


def test_b10_the_order_number_is_compared_before_anything_else() -> None:
    stranger = notice("A2", provider="other", merchant_id="m2", app_id="x", amount_minor=1, currency="HKD")
    assert judge(stranger, ATTEMPT, OURS) == Mismatch("order_no")


def test_what_the_provider_does_not_say_of_an_unpaid_order_is_no_mismatch() -> None:
    silent = replace(GENUINE, trade=Trade.UNPAID, amount_minor=None, currency=None)
    assert judge(silent, ATTEMPT, OURS) is Signal.UNPAID
    assert judge(replace(silent, amount_minor=1), ATTEMPT, OURS) == Mismatch("amount")
    assert judge(replace(silent, currency="HKD"), ATTEMPT, OURS) == Mismatch("currency")


def test_a_provider_without_app_ids_has_none_compared() -> None:
    assert judge(replace(GENUINE, app_id="any"), ATTEMPT, Account("wallet", "m1", "")) is Signal.SUCCESS


def test_returned_after_our_own_refund_only_repeats_that_it_was_paid() -> None:
    back = replace(GENUINE, trade=Trade.RETURNED)
    assert judge(back, ATTEMPT, OURS, refunded=True) is Signal.SUCCESS
    assert judge(replace(back, amount_minor=1), ATTEMPT, OURS, refunded=True) == Mismatch("amount")


@pytest.mark.parametrize(
    ("trade", "signal"),
    [
        (RefundTrade.PROCESSING, RefundSignal.PROCESSING),
        (RefundTrade.REFUNDED, RefundSignal.REFUNDED),
        (RefundTrade.FAILED, RefundSignal.FAILED),
        (RefundTrade.ABNORMAL, RefundSignal.ABNORMAL),
    ],
)
@pytest.mark.row(73)
def test_a_genuine_refund_notice_says_its_status(trade: RefundTrade, signal: RefundSignal) -> None:
    assert judge_refund(replace(REFUNDED, trade=trade), REFUND, OURS) is signal


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"refund_no": "R2"}, "refund_no"),
        ({"provider": "other"}, "provider"),
        ({"merchant_id": "m2"}, "merchant_id"),
        ({"order_no": "A2"}, "order_no"),
        ({"amount_minor": 849}, "amount"),
        ({"amount_minor": None}, "amount"),
        ({"currency": "HKD"}, "currency"),
    ],
)
def test_i2_one_changed_field_of_a_refund_is_never_refunded(changed: dict[str, Any], field: Field) -> None:
    assert judge_refund(replace(REFUNDED, **changed), REFUND, OURS) == Mismatch(field)


def test_a_refund_notice_without_currency_is_of_the_sales_currency() -> None:
    assert judge_refund(replace(REFUNDED, currency=None), REFUND, OURS) is RefundSignal.REFUNDED


def test_the_journal_keeps_what_proves_and_nothing_of_the_payer() -> None:
    assert evidence_fields(replace(GENUINE, bank="ICBC")) == {
        "id": "e1",
        "source": "query",
        "trade": "paid",
        "txn": "T1",
        "amount_minor": 2850,
        "payer_minor": 2850,
        "paid_at": "2026-01-02T03:04:05+08:00",
        "wallet": "wallet",
    }
