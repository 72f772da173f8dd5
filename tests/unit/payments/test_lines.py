"""What a sale is for: exact or refused, kept in its first event, and of no weight where money is judged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import InvalidRequest
from terminal.payments import decide
from terminal.payments.attempt import Signal
from terminal.payments.fact import Facts, fold
from terminal.payments.lines import LINES_MAX, NAME_MAX, ONE, SaleLine
from terminal.payments.money import MINOR_MAX, Money
from tests.unit.payments.journey import Journey, notice

TEA = SaleLine.made("Tea", 1425)


def opened(minor: int, *lines: SaleLine) -> Facts:
    request = decide.OpenSale("c1", Money(minor, "CNY"), lines=lines)
    return decide.open_sale(request, sale="S1", no=1, at_ms=1)


@pytest.mark.parametrize(
    ("asked", "amount", "quantity"),
    [
        ({"unit_minor": 600}, 600, "1"),
        ({"unit_minor": 600, "quantity_milli": 2000}, 1200, "2"),
        ({"unit_minor": 600, "quantity_milli": 2500}, 1500, "2.5"),
        ({"unit_minor": 600, "quantity_milli": 2000, "discount_minor": 50}, 1150, "2"),
        ({"unit_minor": -25, "quantity_milli": 4000}, -100, "4"),  # deposits given back
        ({"unit_minor": 0}, 0, "1"),  # on the house
        ({"unit_minor": 1299, "quantity_milli": 355, "amount_minor": 461}, 461, "0.355"),
        ({"unit_minor": 1299, "quantity_milli": 355, "amount_minor": 462}, 462, "0.355"),  # rounded the other way
        ({"unit_minor": 1, "quantity_milli": 10}, None, ""),
        ({"unit_minor": 1299, "quantity_milli": 355}, None, ""),  # nobody rounds for the till
        ({"unit_minor": 1299, "quantity_milli": 355, "amount_minor": 460}, None, ""),
        ({"unit_minor": 1299, "quantity_milli": 355, "amount_minor": 463}, None, ""),
        ({"unit_minor": 600, "amount_minor": 601}, None, ""),
        ({"unit_minor": MINOR_MAX, "quantity_milli": 10_000}, None, ""),
    ],
)
def test_i12_a_line_is_quantity_times_price_less_its_discount_and_never_rounded(
    asked: dict[str, Any], amount: int | None, quantity: str
) -> None:
    if amount is None:
        with pytest.raises(InvalidRequest):
            SaleLine.made("Tea", **asked)
        return
    line = SaleLine.made("Tea", **asked)
    assert (line.amount_minor, line.quantity) == (amount, quantity)
    assert line.gross_minor - line.discount_minor == amount


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * (NAME_MAX + 1)}, "name"),
        ({"name": "Tea\x1bp0"}, "name"),  # opens a drawer, for a printer that is told everything
        ({"name": "Tea\n"}, None),  # blanks around it are none of it
        ({"name": "Tea\nPaid 0.01"}, "name"),
        ({"name": "Tea\u202e00.1"}, "name"),
        ({"name": "Tea\x9b"}, "name"),
        ({"name": "क्\u200dष चाय 👩\u200d🍳"}, None),  # joined letters are letters
        ({"name": "茶\u3000大"}, None),
        ({"tax": "19 %"}, None),
        ({"tax": "nine signs"}, "tax"),
        ({"tax": "\x1b"}, "tax"),
        ({"quantity_milli": 0}, "quantity_milli"),
        ({"quantity_milli": -1000}, "quantity_milli"),
        ({"discount_minor": -1}, "discount_minor"),
        ({"discount_minor": 601}, "discount_minor"),
        ({"unit_minor": -600, "discount_minor": 1}, "discount_minor"),
        ({"unit_minor": MINOR_MAX + 1}, "unit_minor"),
    ],
)
def test_s61_what_no_paper_may_hold_is_refused_by_its_place(asked: dict[str, Any], field: str | None) -> None:
    asked = {"name": "Tea", "unit_minor": 600, **asked}
    if field is None:
        assert SaleLine.made(**asked).name == asked["name"].strip()
        return
    with pytest.raises(InvalidRequest) as refused:
        SaleLine.made(**asked, at=3)
    assert refused.value.facts == {"field": f"lines[3].{field}"}


@pytest.mark.row(2)
def test_lines_add_up_to_the_amount_or_both_sums_are_named() -> None:
    sale = fold(None, opened(2850, TEA, TEA))
    assert sale.lines == (TEA, TEA)
    with pytest.raises(InvalidRequest) as refused:
        opened(2851, TEA, TEA)
    assert (refused.value.slug, refused.value.facts) == (
        "lines_do_not_add_up",
        {"lines": "28.50", "amount": "28.51"},
    )
    rounding = SaleLine.made("Rounding", 1)
    assert fold(None, opened(2851, TEA, TEA, rounding)).amount.minor == 2851
    with pytest.raises(InvalidRequest, match="lines_do_not_add_up"):
        opened(1, SaleLine.made("Free", 0))


def test_two_hundred_lines_are_a_sale_and_one_more_is_none() -> None:
    line = SaleLine.made("Tea", 1)
    assert len(fold(None, opened(LINES_MAX, *[line] * LINES_MAX)).lines) == LINES_MAX
    with pytest.raises(InvalidRequest) as refused:
        opened(LINES_MAX + 1, *[line] * (LINES_MAX + 1))
    assert refused.value.facts == {"field": "lines"}


@pytest.mark.row(2)
def test_a_sale_without_lines_is_written_as_it_always_was() -> None:
    [opening] = opened(2850)
    assert "lines" not in opening.body
    assert fold(None, [opening]).lines == ()


@given(
    st.lists(
        st.builds(
            lambda name, unit, quantity, share: (name, unit, quantity * ONE, unit * quantity * share // 100),
            st.text("茶abé ", min_size=1, max_size=20).filter(str.strip),
            st.integers(0, 10**6),
            st.integers(1, 50),
            st.integers(0, 100),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_i2_lines_change_nothing_of_what_is_asked_judged_or_given_back(
    told: list[tuple[str, int, int, int]],
) -> None:
    lines = [SaleLine.made(name, unit, quantity_milli=n, discount_minor=off) for name, unit, n, off in told]
    minor = sum(each.amount_minor for each in lines) + 1
    lines.append(SaleLine.made("Rounding", 1))
    with_lines, without = Journey(minor=minor), Journey(minor=minor)
    with_lines.sale = fold(None, opened(minor, *lines))
    for each in (with_lines, without):
        each.shown()
        each.hear(Signal.SUCCESS, evidence=notice("A1", amount_minor=minor))
    assert with_lines.types == without.types
    assert with_lines.owed == without.owed
    assert with_lines.sale.lines == tuple(lines)
    one, other = with_lines.sale, without.sale
    assert (one.state, one.paid_minor, one.refundable_minor(one.attempts[0])) == (
        other.state,
        minor,
        other.refundable_minor(other.attempts[0]),
    )
