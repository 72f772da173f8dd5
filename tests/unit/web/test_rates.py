"""So many at once, so many a second, nobody hinders another, and the memory of it is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from terminal.web.rates import NAMES_MAX, Buckets
from tests.unit.web.clocks import StillClock

SECOND = 1_000_000_000


def test_a_burst_passes_then_one_a_gap() -> None:
    clock = StillClock()
    buckets = Buckets(clock, per_s=10, burst=3)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == 0.1
    assert buckets.take("b") == 0.0
    clock.now_ns += SECOND // 10
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_who_was_refused_is_not_set_back_by_asking() -> None:
    clock = StillClock()
    buckets = Buckets(clock, per_s=1, burst=1)
    assert buckets.take("a") == 0.0
    for _ in range(10):
        assert buckets.take("a") == 1.0
    clock.now_ns += SECOND
    assert buckets.take("a") == 0.0


@given(st.lists(st.integers(0, 300_000_000), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_the_rate(gaps: list[int]) -> None:
    clock = StillClock()
    buckets = Buckets(clock, per_s=10, burst=5)
    passed = 0
    for gap in gaps:
        clock.now_ns += gap
        passed += buckets.take("a") == 0.0
    assert passed <= 5 + sum(gaps) * 10 // SECOND + 1


def test_names_are_forgotten_not_piled_up() -> None:
    buckets = Buckets(StillClock(), per_s=1, burst=1)
    for number in range(NAMES_MAX + 10):
        assert buckets.take(f"address-{number}") == 0.0
    assert buckets.take("address-0") == 0.0, "the quietest was forgotten"
    assert buckets.take(f"address-{NAMES_MAX + 9}") > 0
