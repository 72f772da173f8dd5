"""Pauses grow, move a little, and end after a day (S19)."""

import pytest

from terminal.hooks.delivery import outcome_of
from terminal.hooks.limits import hook_limits
from terminal.hooks.schedule import given_up, pause_s

LIMITS = hook_limits()
DAY_MS = 86_400_000


def test_s19_pauses_grow_to_the_longest_and_move_by_a_fifth_at_most() -> None:
    middle = [pause_s(LIMITS, tries, 127) for tries in range(1, 12)]
    assert middle == sorted(middle)
    for tries in (1, 7, 50):
        step = LIMITS.pauses_s[min(tries, len(LIMITS.pauses_s)) - 1]
        low, high = (pause_s(LIMITS, tries, draw) for draw in (0, 255))
        assert step * 0.8 <= low < high <= step * 1.2 + 1e-9


def test_s19_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    assert pause_s(LIMITS, 1, 127, 600) == 600
    assert pause_s(LIMITS, 1, 127, 10**9) == LIMITS.pauses_s[-1]
    assert outcome_of(503, "120").retry_after_s == 120
    assert outcome_of(503, "Wed, 21 Oct 2026 07:28:00 GMT").retry_after_s == 0


def test_s19_the_schedule_covers_a_day() -> None:
    assert LIMITS.give_up_h == 24
    assert sum(LIMITS.pauses_s) < DAY_MS / 1000, "tried again long before it is given up"


@pytest.mark.parametrize(
    ("failing_h", "event_h", "tries", "dead"),
    [(25, 25, 30, True), (25, 1, 30, False), (1, 25, 30, False), (9000, 9000, 2, False)],
)
def test_s19_given_up_is_what_is_older_than_a_day_at_an_endpoint_that_fails_as_long(
    failing_h: int, event_h: int, tries: int, dead: bool
) -> None:
    now = 10**13
    failing_ms, event_ms = now - failing_h * 3_600_000, now - event_h * 3_600_000
    assert given_up(LIMITS, failing_ms=failing_ms, tries=tries, event_ms=event_ms, now_ms=now) is dead


@pytest.mark.parametrize(
    ("status", "taken", "gone", "why"),
    [
        (200, True, False, ""),
        (204, True, False, ""),
        (301, False, False, "redirect"),
        (404, False, False, "answer"),
        (410, False, True, "answer"),
        (500, False, False, "answer"),
    ],
)
def test_s19_what_an_answer_means(status: int, taken: bool, gone: bool, why: str) -> None:
    outcome = outcome_of(status)
    assert (outcome.taken, outcome.gone, outcome.why, outcome.status) == (taken, gone, why, status)
