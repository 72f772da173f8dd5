"""Measuring less often loses no line: what is left out, and when a table's rows stop being counted."""

import drivers
import terminal
from tests.measuring import MEASURED_WHOLE, NO_NEWS, NO_NEWS_OF_FILE, Cases, modules_of

CORE = f"{MEASURED_WHOLE}test_a.py"


def test_rows_are_measured_until_enough_of_them_bring_nothing_new() -> None:
    cases = Cases()
    for row in range(NO_NEWS):
        assert cases.wanted(f"{CORE}::test_a[{row}]")
        cases.ran(f"{CORE}::test_a[{row}]", news=False)
    assert not cases.wanted(f"{CORE}::test_a[last]")
    assert cases.wanted(f"{CORE}::test_b")


def test_a_row_with_news_begins_the_count_again() -> None:
    cases = Cases()
    for row in range(3 * NO_NEWS):
        assert cases.wanted("test_a.py::test_a")
        cases.ran("test_a.py::test_a", news=row % 2 == 0)


def test_a_file_is_measured_until_enough_of_its_tests_bring_nothing_new_but_the_core_s() -> None:
    cases = Cases()
    for number in range(NO_NEWS_OF_FILE):
        assert cases.wanted(f"test_a.py::test_{number}")
        cases.ran(f"test_a.py::test_{number}", news=False)
        cases.ran(f"{CORE}::test_{number}", news=False)
    assert not cases.wanted("test_a.py::test_last")
    assert cases.wanted("test_b.py::test_last")
    assert cases.wanted(f"{CORE}::test_last")


def test_everything_that_is_measured_is_imported_first() -> None:
    names = set(modules_of(drivers, terminal))
    assert {
        "terminal.payments.attempt",
        "terminal.web.app",
        "drivers.printer.escpos",
        "terminal.cli.demo.command",
    } <= names
    assert not any(name.endswith("__main__") for name in names)
    assert not any(name.startswith("terminal.sandbox") for name in names), "pyproject.toml leaves it out"
