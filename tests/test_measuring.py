"""Measuring less often loses no line: what is left out, and when a table's rows stop being counted."""

import drivers
import terminal
from tests.measuring import NO_NEWS, Cases, modules_of


def test_rows_are_measured_until_enough_of_them_bring_nothing_new() -> None:
    cases = Cases()
    for _ in range(NO_NEWS):
        assert cases.wanted("test_a")
        cases.ran("test_a", news=False)
    assert not cases.wanted("test_a")
    assert cases.wanted("test_b")


def test_a_row_with_news_begins_the_count_again() -> None:
    cases = Cases()
    for row in range(3 * NO_NEWS):
        assert cases.wanted("test_a")
        cases.ran("test_a", news=row % 2 == 0)


def test_everything_that_is_measured_is_imported_first() -> None:
    names = set(modules_of(drivers, terminal))
    assert {
        "terminal.payments.attempt",
        "terminal.web.app",
        "drivers.printer.escpos",
        "terminal.cli.demo",
    } <= names
    assert not any(name.endswith("__main__") for name in names)
    assert not any(name.startswith("terminal.sandbox") for name in names), "pyproject.toml leaves it out"
