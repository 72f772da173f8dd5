import pytest

from terminal.banks.pacing import Breaker, QueryPace


def test_a_burst_is_free_then_queries_are_spaced() -> None:
    pace = QueryPace(2.0, burst=3)
    assert [pace.wait_s(100.0) for _ in range(6)] == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    assert pace.wait_s(200.0) == 0.0


def test_b2_a_429_slows_everybody_and_drops_nobody() -> None:
    pace = QueryPace(10.0, burst=1)
    pace.slowed(0.0, 7.0)
    assert pace.rate == 5.0
    assert [pace.wait_s(0.0) for _ in range(3)] == pytest.approx([7.0, 7.2, 7.4])
    for _ in range(100):
        pace.slowed(0.0, None)
    assert pace.rate == pytest.approx(0.2), "slowed, never stopped"
    pace.slowed(0.0, 1e9)
    assert pace.wait_s(0.0) <= 300.0
    for _ in range(200):
        pace.answered()
    assert pace.rate == 10.0


def test_a_slow_profile_is_not_sped_up_by_a_429() -> None:
    pace = QueryPace(0.1)
    pace.slowed(0.0, None)
    assert pace.rate == 0.1


def test_b13_new_sales_stop_after_five_failures_and_are_tried_again() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(0.0)
    assert breaker.closed(0.0)
    breaker.failed(0.0)
    assert not breaker.closed(9.9)
    assert breaker.closed(10.0), "one try"
    breaker.failed(10.0)
    assert not breaker.closed(29.9), "shut for longer"
    assert breaker.closed(30.0)
    for now in (30.0, 1000.0, 2000.0, 3000.0, 4000.0):
        breaker.failed(now)
    assert breaker.closed(4120.0), "never longer than two minutes"
    breaker.failed(5000.0)
    breaker.worked()
    assert breaker.closed(5000.0)


def test_failures_while_shut_do_not_lengthen_the_pause() -> None:
    breaker = Breaker()
    for _ in range(50):
        breaker.failed(0.0)
    assert breaker.closed(10.0)
