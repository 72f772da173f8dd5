"""Void or refund: each part of a channel's rule decides, and the first that does not hold is told."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from terminal.payments.attempt import Signal, State
from terminal.payments.money import Money
from terminal.payments.profile import Profile, VoidRule
from terminal.payments.refund import RefundSignal
from terminal.payments.sale import Attempt
from terminal.payments.way_back import Way, paid_at_ms, way_back
from tests.unit.payments.journey import Journey

PAID_MS = 1_767_294_245_000  # 2026-01-02T03:04:05+08:00, as the journey's evidence says
DAY_MS = 86_400_000
RULE = Profile(
    name="wallet",
    connector="wallet",
    titles={"en": "Wallet"},
    currencies=("CNY",),
    push=True,
    pull=True,
    settlement_offset_min=480,
    void_by_reverse=True,
)


def changed(**rule: Any) -> Profile:
    return msgspec.structs.replace(RULE, void=VoidRule(**rule))


def scanned() -> Journey:
    sale = Journey()
    sale.at("pull", State.PAID)
    return sale


def way(sale: Journey, minor: int = 2850, *, profile: Profile = RULE, at_ms: int = PAID_MS + 60_000) -> Way:
    return way_back(sale.sale, sale.attempt, Money(minor, "CNY"), profile, at_ms)


@pytest.mark.row(70)
def test_all_of_a_scanned_payment_of_the_same_day_is_undone() -> None:
    assert way(scanned()) == Way("void", "rule")


@pytest.mark.row(70)
@pytest.mark.parametrize(
    ("profile", "at_ms", "minor", "why"),
    [
        (msgspec.structs.replace(RULE, void_by_reverse=False), PAID_MS, 2850, "not_by_channel"),
        (changed(directions=("push",)), PAID_MS, 2850, "not_this_way"),
        (RULE, PAID_MS, 2849, "part"),
        (RULE, PAID_MS + 21 * 3_600_000, 2850, "other_day"),
        (RULE, PAID_MS - 4 * 3_600_000, 2850, "other_day"),
        (changed(same_day=False, within_s=3600.0), PAID_MS + 3_600_001, 2850, "too_late"),
        (changed(same_day=False), PAID_MS + 7 * DAY_MS + 1, 2850, "too_late"),
    ],
)
def test_what_the_rule_does_not_allow_is_a_refund_and_says_why(
    profile: Profile, at_ms: int, minor: int, why: str
) -> None:
    assert way(scanned(), minor, profile=profile, at_ms=at_ms) == Way("refund", why)  # type: ignore[arg-type]  # of the table


@pytest.mark.parametrize(
    ("profile", "at_ms"),
    [
        (RULE, PAID_MS + 20 * 3_600_000),  # 23:04 of the same day in Beijing, another day in UTC
        (changed(same_day=False, within_s=3600.0), PAID_MS + 3_600_000),
        (changed(same_day=False), PAID_MS + 7 * DAY_MS),
    ],
)
def test_the_edges_of_the_rule_are_inside(profile: Profile, at_ms: int) -> None:
    assert way(scanned(), profile=profile, at_ms=at_ms).kind == "void"


def test_only_what_is_paid_once_and_was_never_given_back_is_undone() -> None:
    sale = scanned()
    sale.hear(Signal.SUCCESS, txn="T2")
    assert way(sale).why == "not_paid", "taken twice under one order"
    late = Journey()
    late.at("pull", State.REVERSED)
    late.hear(Signal.SUCCESS)
    assert way(late).why == "not_paid", "reversed once already"
    again = scanned()
    again.refund(2850, RefundSignal.REFUSED)
    assert way(again).why == "not_the_first"


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2026-01-02T03:04:05+08:00", PAID_MS),
        ("2026-01-01T19:04:05Z", PAID_MS),
        ("", 7),
        ("yesterday", 7),
        ("2026-01-02T03:04:05", 7),
    ],
)
def test_the_time_of_payment_is_the_providers_own_where_it_says_one(text: str, at_ms: int) -> None:
    attempt = Attempt("A1", 0, "wallet", "pull", Money(1, "CNY"), State.PAID, 7, 0, paid_at=text)
    assert paid_at_ms(attempt) == at_ms
    assert paid_at_ms(replace(attempt, started_ms=8)) in {at_ms, 8}
