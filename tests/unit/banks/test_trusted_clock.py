import pytest

from terminal.banks.trusted_clock import TrustedClock
from tests.unit.banks.rigs import FakeClock

TOLD = "Wed, 01 Jul 2026 12:00:00 GMT"
TOLD_S = 1_782_907_200


def stood(now_s: float) -> tuple[FakeClock, TrustedClock]:
    clock = FakeClock(now_s=now_s)
    return clock, TrustedClock(clock)


def test_before_the_first_reply_the_wall_clock_stands_in() -> None:
    clock, trusted = stood(1000.0)
    assert (trusted.now_s(), trusted.offset_s) == (1000.0, 0.0)
    clock.now_s = 5000.0
    assert trusted.now_s() == 5000.0


@pytest.mark.parametrize("wall_s", [0.0, TOLD_S - 3600.0, TOLD_S + 86_400.0 * 3650])
def test_d8_a_wrong_wall_clock_is_corrected_and_shown(wall_s: float) -> None:
    _, trusted = stood(wall_s)
    trusted.learn(TOLD)
    assert trusted.now_s() == TOLD_S
    assert trusted.offset_s == TOLD_S - wall_s


def test_i17_a_wall_clock_that_jumps_later_changes_nothing() -> None:
    clock, trusted = stood(TOLD_S)
    trusted.learn(TOLD)
    clock.now_s += 86_400
    clock.mono_s += 10
    assert trusted.now_s() == TOLD_S + 10
    assert trusted.offset_s == pytest.approx(10 - 86_400)


def test_a_cached_reply_does_not_turn_time_back_but_a_second_voice_does() -> None:
    clock, trusted = stood(TOLD_S + 7200)
    clock.mono_s = 0
    trusted.learn("Wed, 01 Jul 2026 14:00:00 GMT")
    trusted.learn(TOLD)
    assert trusted.now_s() == TOLD_S + 7200
    clock.mono_s += 5
    trusted.learn("Wed, 01 Jul 2026 12:00:05 GMT")
    assert trusted.now_s() == TOLD_S + 5


def test_d9_after_sleep_the_wall_clock_vouches_for_the_provider() -> None:
    clock, trusted = stood(TOLD_S - 8 * 3600)
    trusted.learn("Wed, 01 Jul 2026 04:00:00 GMT")
    clock.now_s = TOLD_S
    trusted.learn(TOLD)
    assert (trusted.now_s(), trusted.offset_s) == (TOLD_S, 0.0)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 41 Jul 2026 12:00:00 GMT", "9" * 5000, "\x00"])
def test_an_unreadable_date_changes_nothing(date: str) -> None:
    _, trusted = stood(1000.0)
    trusted.learn(date)
    assert trusted.now_s() == 1000.0
