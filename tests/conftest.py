"""What a run says at its end beside passed and failed: figures handed over by name, what was not covered."""

import gc
import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.costs import PROPERTY, Costs, used_s
from tests.flows.browser.chromium import MISSING, find_chromium
from tests.measuring import MEASURED_WHOLE, Measuring
from tests.trust import Proving

COSTS = pytest.StashKey[Costs]()
BEGAN_S = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", action="store_true", help="processor seconds by suite and test, at the end")
    parser.addoption("--costs-into", type=Path, help="with --costs: leave what the suites used in this file")
    parser.addoption("--trust", type=Path, help="leave the results by promise in this file, for make trust")


def browser_or_say(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser its tests are left out, and the run's last lines say so."""
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and not find_chromium():
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    browser_or_say(config, items)
    for item in items:  # a property is tried with hundreds of examples, in lines that single stories measure
        tried = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if tried and not item.nodeid.startswith(MEASURED_WHOLE):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Thousands of test items live to the end: no collection of garbage needs to look at them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[BEGAN_S] = used_s()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "teardown":
        report.user_properties.append((PROPERTY, used_s() - item.stash[BEGAN_S]))
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Measuring())
    if config.getoption("costs"):
        config.pluginmanager.register(_Counting(config.stash.setdefault(COSTS, Costs())))
    if (file := config.getoption("trust")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proving(file))


class _Counting:
    def __init__(self, costs: Costs) -> None:
        self._costs = costs

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        cpu_s = sum(float(str(value)) for name, value in report.user_properties if name == PROPERTY)
        self._costs.add(report.nodeid, cpu_s if report.when == "teardown" else 0.0, report.duration)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """``record_property("summary", "…")`` in a test prints its line here, also from worker processes."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(value))
    if costs := terminalreporter.config.stash.get(COSTS, None):
        for line in costs.lines():
            terminalreporter.write_line(line)
        if file := terminalreporter.config.getoption("costs_into"):
            file.write_text(json.dumps(costs.suites()), "utf-8")
    if not find_chromium():
        terminalreporter.write_line(f"NOT COVERED: {MISSING}")
