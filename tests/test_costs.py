"""The budget on the developers' page is the one a run is compared with, and what is over it is said."""

import re

import pytest

from tests.architecture.source import ROOT
from tests.costs import BUDGET_S, DEAREST, Costs, Share, suite_of, table

PAGE = ROOT / "docs" / "for-developers.md"


def test_the_page_has_the_budget_of_every_suite() -> None:
    rows = re.findall(r"^\| `(tests[a-z/]*)` \| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {name: int(budget) for name, budget in rows} == BUDGET_S


@pytest.mark.parametrize(
    ("nodeid", "suite"),
    [
        ("tests/flows/test_pix.py::test_a", "tests/flows"),
        ("tests/flows/browser/test_till.py::test_a[1]", "tests/flows/browser"),
        ("tests/unit/web/shapes/test_form.py::test_a", "tests/unit"),
        ("tests/test_rows.py::test_a", "tests"),
    ],
)
def test_a_test_belongs_to_its_nearest_suite(nodeid: str, suite: str) -> None:
    assert suite_of(nodeid) == suite


def test_a_suite_in_several_parts_is_one_and_over_its_budget_by_their_sum() -> None:
    half = BUDGET_S["tests/flows"] / 2 + 1
    parts: list[dict[str, Share]] = [
        {"tests/flows": (3, half, 9.0)},
        {"tests/flows": (4, half, 1.0), "tests": (1, 1.0, 1.0)},
    ]
    _, tests, flows = table(parts)
    assert not tests.endswith("over its budget")
    assert flows.split()[:3] == ["tests/flows", "7", f"{2 * half:.1f}"]
    assert flows.endswith("10.0  over its budget")


def test_a_suite_over_its_budget_and_the_dearest_tests_are_named() -> None:
    costs = Costs()
    for number in range(DEAREST + 5):
        costs.add(f"tests/unit/test_a.py::test_{number}", 0.0, 0.25)  # its set-up and call
        costs.add(f"tests/unit/test_a.py::test_{number}", BUDGET_S["tests/unit"] / DEAREST + number, 0.25)
    costs.add("tests/test_rows.py::test_b", 0.5, 0.5)
    head, tests, unit, title, *dearest = costs.lines()
    assert head.startswith("suite")
    assert title.startswith(f"the {DEAREST} dearest")
    assert not tests.endswith("over its budget")
    assert unit.endswith("10.0  over its budget")  # seconds on the clock before it
    assert [line.rpartition("_")[2] for line in dearest] == [str(DEAREST + 4 - n) for n in range(DEAREST)]
