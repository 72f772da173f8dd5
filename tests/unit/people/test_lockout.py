"""Lock-out as a pure fold (S34)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.people.lockout import DEVICES_MAX, Tally, accepted, dump, load, lock_s, locked_s, refused

S = 1_000_000_000


def wrong(times: int, tally: Tally | None = None, device: str = "till") -> Tally:
    """So many wrong tries, each as soon as it is allowed; ends right after the last."""
    tally = tally or {}
    now_ns = 0
    for _ in range(times):
        now_ns += locked_s(tally, device, now_ns) * S
        tally = refused(tally, device, now_ns)
    return tally


@pytest.mark.row(124)
def test_s34_the_sixth_try_waits_five_minutes_then_15_60_60() -> None:
    waits = [lock_s(count) for count in range(1, 18)]
    assert waits == [0, 0, 0, 0, 300, 0, 0, 900, 0, 0, 3600, 0, 0, 3600, 0, 0, 3600]


@pytest.mark.row(124)
def test_s34_a_tireless_guesser_gets_fewer_than_a_hundred_guesses_a_day() -> None:
    tally: Tally = {}
    now_s = guesses = 0
    while (now_s := now_s + locked_s(tally, "till", now_s * S)) < 86_400:
        tally = refused(tally, "till", now_s * S)
        guesses += 1
    assert 5 < guesses <= 100


def test_a_lock_ends_to_the_second() -> None:
    tally = {"till": wrong(5)["till"]}
    assert locked_s(tally, "till", 0) == 300
    assert locked_s(tally, "till", 300 * S - 1) == 1
    assert locked_s(tally, "till", 300 * S) == 0


def test_s34_one_device_s_errors_lock_no_other_device() -> None:
    assert locked_s(wrong(5), "another", 0) == 0


def test_a_right_pin_clears_this_device_only() -> None:
    tally = accepted(wrong(5, wrong(4, device="other")), "till")
    assert dump(tally) == {"other": 4}


@given(st.integers(0, 60), st.integers(0, 10**18), st.integers(0, 10**18))
def test_i17_a_restart_may_only_lengthen_a_lock(count: int, before_ns: int, after_ns: int) -> None:
    tally = refused(load({"till": count}, before_ns), "till", before_ns)
    again = load(dump(tally), after_ns)
    assert locked_s(again, "till", after_ns) == lock_s(count + 1) >= locked_s(tally, "till", before_ns + 1)


def test_i21_the_devices_remembered_are_bounded() -> None:
    tally: Tally = {}
    for at, name in enumerate(f"device-{number}" for number in range(3 * DEVICES_MAX)):
        tally = refused(tally, name, at)
    assert len(tally) == DEVICES_MAX
    assert f"device-{3 * DEVICES_MAX - 1}" in tally
