"""What a run says at its end beside passed and failed: figures handed over by name, what was not covered."""

import gc
import sys
from collections.abc import Generator

import pytest

from tests.flows.browser.chromium import MISSING, find_chromium


def browser_or_say(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser its tests are left out, and the run's last lines say so."""
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and not find_chromium():
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser_or_say(config, items)


def pytest_collection_finish() -> None:
    """Thousands of test items live to the end: no collection of garbage needs to look at them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """``no_cover`` also in worker processes: there a second collector wakes up when pytest-cov stops its own."""
    tracer = sys.gettrace() if item.get_closest_marker("no_cover") else None
    if tracer is None:
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """``record_property("summary", "…")`` in a test prints its line here, also from worker processes."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(value))
    if not find_chromium():
        terminalreporter.write_line(f"NOT COVERED: {MISSING}")
