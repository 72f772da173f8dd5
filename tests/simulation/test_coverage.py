"""What a mass run must have met, and what it need not."""

from collections import Counter

from terminal.payments.attempt import TABLES, State, step
from terminal.simulation.coverage import (
    UNREACHABLE,
    expected,
    lines,
    minimum,
    seldom_fired,
    seldom_taken,
    why_not,
)
from terminal.simulation.rows import counted, every_row, name_of
from terminal.simulation.swarm import COUNTED


def test_a_minimum_is_whole_from_forty_thousand_sales_on_and_its_share_below() -> None:
    assert [minimum(100, sales) for sales in (0, 400, 20_000, 40_000, 1_000_000)] == [0, 1, 50, 100, 100]


def test_what_was_met_too_seldom_is_named_with_its_count() -> None:
    counts = Counter(dict.fromkeys((*COUNTED, *expected()), 100))
    assert (seldom_fired(counts, 40_000), seldom_taken(counts, 40_000)) == ({}, {})
    counts["kill"] = 99
    counts["row pull sent success"] = 19
    assert seldom_fired(counts, 40_000) == {"kill": 99}
    assert seldom_taken(counts, 40_000) == {"row pull sent success": 19}
    assert any("pull sent success" in line for line in lines(counts, 40_000))


def test_every_reason_spares_some_row_and_no_row_of_everyday_life_is_spared() -> None:
    used = {why_not(way, state, signal) for way, state, signal, _ in every_row()}
    assert {why for why, *_ in UNREACHABLE} <= used
    for row in ("pull sent success", "pull unknown restart", "push closing success", "push shown give_up"):
        assert f"row {row}" in expected()


def test_counting_changes_nothing_and_ends_with_its_block() -> None:
    before = dict(TABLES)
    with counted() as rows:
        for way, state, signal, move in every_row():
            assert step(way, state, signal) is move
    assert set(rows) == {name_of(way, state, signal) for way, state, signal, _ in every_row()}
    assert before == TABLES
    assert all(TABLES[way] is before[way] for way in before)
    assert State.PAID in {state for _, state, _, _ in every_row()}
