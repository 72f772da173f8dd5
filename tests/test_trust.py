"""The page of trust says what was tried and nothing else."""

from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from tests.trust import (
    HEAD,
    PROMISES,
    ROOT,
    RUNS,
    TIMES,
    Proving,
    Result,
    numbers,
    page,
    promises,
    read_results,
    shown,
    unshown,
)

pytestmark = pytest.mark.xdist_group("architecture")  # the tests are read once

KNOWN = promises(PROMISES.read_text("utf-8"))
ASKED = {"I": 25, "D": 12, "L": 12, "P": 6, "V": 3, "C": 6, "B": 13, "A": 3, "W": 4, "F": 5, "PR": 15}
SECURITY = [*range(1, 7), *range(10, 20), *range(20, 30), *range(30, 39), *range(40, 45), *range(50, 55)]
SECURITY += [*range(60, 67), *range(70, 75)]


@cache
def by_promise() -> dict[str, list[str]]:
    return shown(ROOT / "tests")


def test_every_number_is_promised() -> None:
    asked = {f"{letters}{n}" for letters, last in ASKED.items() for n in range(1, last + 1)}
    assert set(KNOWN) == asked | {f"S{n}" for n in SECURITY}


def test_every_promise_has_a_test_or_says_what_is_missing() -> None:
    assert unshown(KNOWN, by_promise()) == []


def test_the_page_names_every_promise_once() -> None:
    """Its results are those of the last ``make trust``; a promise that came since is seen here."""
    told = (ROOT / "docs" / "trust.md").read_text("utf-8")
    assert told.startswith(HEAD)
    for promise in KNOWN.values():
        assert told.count(f"\n| {promise.number} | {promise.injected} | {promise.holds} |") == 1, "run: make trust"


@pytest.mark.parametrize(
    ("path", "name", "carried"),
    [
        ("tests/flows/test_a.py", "test_i1_d2_no_image_loses[7-x_b9]", {"I1", "D2"}),
        ("tests/flows/test_a.py", "test_once_and_in_time_b7", {"B7"}),
        ("tests/flows/test_a.py", "test_pr9_s41_erased", {"PR9", "S41"}),
        ("tests/flows/test_a.py", "test_the_i_and_12_are_no_number", set()),
        ("tests/flows/test_a.py", "test_f4_a_link", {"F4"}),
        ("tests/flows/browser/test_till.py", "test_f4_is_a_key_i2", {"I2"}),
    ],
)
def test_a_name_carries_its_promises(path: str, name: str, carried: set[str]) -> None:
    assert numbers(path, name) == carried


def reported(
    test: str, outcome: Literal["passed", "failed"], *, when: Literal["setup", "call"], times: int = 0
) -> pytest.TestReport:
    said: list[tuple[str, object]] = [(TIMES, times)] if times else []
    return pytest.TestReport(
        f"tests/test_a.py::{test}", ("", 0, ""), {}, outcome, None, when, user_properties=said
    )


def test_passed_failed_and_times_are_counted(tmp_path: Path) -> None:
    proving = Proving(tmp_path / "out.json")
    proving.pytest_runtest_logreport(reported("test_i3_twice[1]", "passed", when="setup", times=50))
    proving.pytest_runtest_logreport(reported("test_i3_twice[1]", "passed", when="call", times=50))
    proving.pytest_runtest_logreport(reported("TestA::test_i3_twice[2]", "passed", when="call", times=50))
    proving.pytest_runtest_logreport(reported("test_i3_b1_wrong", "failed", when="call"))
    proving.pytest_runtest_logreport(reported("test_b2_never_began", "failed", when="setup"))
    proving.pytest_sessionfinish()
    assert read_results(tmp_path / "out.json") == {
        "I3": Result(passed=2, failed=1, times=100),
        "B1": Result(failed=1),
        "B2": Result(failed=1),
    }
    parts = read_results(tmp_path / "out.json", tmp_path / "out.json")
    assert parts["I3"] == Result(passed=4, failed=2, times=200), "make test is two parts at once"


def test_a_failure_an_empty_promise_and_a_gap_are_said() -> None:
    known = promises(
        '[I]\ntitle = "T"\nI1 = ["a", "b"]\nI2 = ["c", "d"]\nI3 = ["e", "f"]\n[missing]\nI3 = "half"\n'
    )
    told = page(
        known,
        {"I1": Result(1, 2), "I3": Result(4, times=5000)},
        '[[runs]]\ncommand="x"\nwhen="w"\ncommit="c"\ncame="fine"',
    )
    assert "| I1 | a | b | 3 |  | **2 failed** |" in told
    assert "| I2 | c | d | 0 |  | **not shown** |" in told
    assert "| I3 | e | f | 4 | 5,000 | held; missing: half |" in told
    assert "| `x` | w, c | fine |" in told


def test_the_longer_runs_are_read() -> None:
    assert page(KNOWN, {}, RUNS.read_text("utf-8")).count("**not shown**") == len(KNOWN)
