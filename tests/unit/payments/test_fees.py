"""Expected fees: half up to a whole unit, holidays, free amounts, and what a bill may differ by."""

from datetime import date

import pytest

from terminal.errors import InvalidRequest
from terminal.payments.fees import FeeRule, fee_differs, ppm_text, rate_text, whole_units

LIST = FeeRule("list", 6_000)


@pytest.mark.row(117)
@pytest.mark.parametrize(
    ("settle", "fee"),
    [(10_000, 60_000), (1, 0), (83, 0), (84, 1_000), (250, 2_000), (249, 1_000), (0, 0), (-250, -2_000)],
)
def test_a_fee_is_rounded_half_up_to_a_whole_unit_and_comes_back_with_a_refund(settle: int, fee: int) -> None:
    assert LIST.expected_fee(settle) == fee


@pytest.mark.row(117)
def test_a_fee_holiday_ends_after_its_last_day() -> None:
    rule = FeeRule("new-shop", 6_000, free_until=date(2026, 11, 30))
    assert rule.expected_fee(10_000, date(2026, 11, 30)) == 0
    assert rule.expected_fee(10_000, date(2026, 12, 1)) == 60_000
    assert rule.expected_fee(10_000) == 60_000


def test_small_amounts_may_be_free_and_a_fee_may_have_a_floor() -> None:
    qris = FeeRule("qris-umi", 3_000, free_up_to_minor=50_000_000)
    assert (qris.expected_fee(50_000_000), qris.expected_fee(50_000_100)) == (0, 150_000_000)
    floor = FeeRule("floor", 10_000, min_minor=30)
    assert (floor.expected_fee(100), floor.expected_fee(10_000), floor.expected_fee(0)) == (30_000, 100_000, 0)


def test_a_rule_survives_an_event_and_nonsense_is_refused() -> None:
    rule = FeeRule("x", 3_800, 1, 2, date(2026, 2, 28))
    assert FeeRule.from_fields(rule.fields()) == rule
    assert FeeRule.from_fields(LIST.fields()) == LIST
    for broken in ({}, {"id": "x"}, {"id": "x", "rate_ppm": "much"}, {"id": "x", "rate_ppm": -1}):
        with pytest.raises(InvalidRequest, match="fee_rule_unusable"):
            FeeRule.from_fields(broken)


def test_one_unit_either_side_is_rounding() -> None:
    assert not fee_differs(61_000, 60_000)
    assert not fee_differs(380, 0)  # WeChat Pay prints thousandths of a fen
    assert fee_differs(61_001, 60_000)
    assert fee_differs(0, 1_001)


def test_rates_in_words() -> None:
    assert (rate_text(38_000, 10_000), rate_text(-38_000, -10_000), rate_text(0, 0)) == ("0.38 %", "0.38 %", "")
    assert [ppm_text(x) for x in (3_000, 3_800, 6_000, 12_345, 0)] == [
        "0.30 %",
        "0.38 %",
        "0.60 %",
        "1.2345 %",
        "0.00 %",
    ]


@pytest.mark.parametrize(
    ("milli", "whole"), [(0, 0), (499, 0), (500, 1), (1499, 1), (1500, 2), (-499, 0), (-500, 0), (-501, -1)]
)
def test_i12_thousandths_are_told_in_whole_units_half_up_also_of_what_went_back(milli: int, whole: int) -> None:
    assert whole_units(milli) == whole
