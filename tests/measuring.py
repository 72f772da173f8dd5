"""When branches are counted: while a test or what it stands on runs, and while its cases still bring news.

Python up to 3.11 counts with a hook that slows every instruction down, of pytest and libraries too. Finding and
reporting thousands of tests needs none, nor does the four-hundredth row of a table whose first rows ran its lines,
nor the thirtieth story of a file whose last ones went where others had been. What is measured so is a little less
than what runs.
"""

import importlib
import inspect
import pkgutil
import sys
import threading
import tomllib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import drivers
import terminal

NO_NEWS: Final = 10  # cases of one test in a row that ran no branch which this process had not seen yet
NO_NEWS_OF_FILE: Final = 4  # the same of one file's tests, whatever their names
MEASURED_WHOLE: Final = "tests/unit/payments/"  # the core: every branch, also by its property tests
SETTINGS: Final = Path(__file__).parent.parent / "pyproject.toml"


def modules_of(*roots: ModuleType) -> Iterator[str]:
    """Names of everything that is measured and can be imported without starting anything."""
    measured = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["tool"]["coverage"]["run"]
    left_out = tuple(each.removesuffix("*").replace("/", ".") for each in measured["omit"])
    for root in roots:
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if not f"{found.name}.".startswith(left_out) and not found.name.endswith("__main__"):
                yield found.name


class Cases:
    """Which case is measured: all, until ``NO_NEWS`` of its test in a row ran nothing new, or of its file."""

    def __init__(self) -> None:
        self._without: dict[str, int] = {}

    def wanted(self, nodeid: str) -> bool:
        return all(self._without.get(each, 0) < limit for each, limit in self._of(nodeid))

    def ran(self, nodeid: str, *, news: bool) -> None:
        for each, _ in self._of(nodeid):
            self._without[each] = 0 if news else self._without.get(each, 0) + 1

    def _of(self, nodeid: str) -> Iterator[tuple[str, int]]:
        yield nodeid.partition("[")[0], NO_NEWS
        if not nodeid.startswith(MEASURED_WHOLE):
            yield nodeid.partition("::")[0], NO_NEWS_OF_FILE


class Measuring:
    """A plugin beside pytest-cov: it starts and ends the counting, this one interrupts it."""

    def __init__(self) -> None:
        self._tracer: Any = None  # coverage's, of this process
        self._in_threads: Any = None
        self._cases = Cases()
        self._open: dict[object, str] = {}  # fixtures with an end of their own, and how long they live

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        if sys.gettrace() is None:
            return
        for name in modules_of(drivers, terminal):  # what runs at import runs here, or nobody would see it
            importlib.import_module(name)
        self._take()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        if not self._tracer or not fixturedef.baseid:  # a plugin's own
            return (yield)
        if inspect.isgeneratorfunction(fixturedef.func) or inspect.isasyncgenfunction(fixturedef.func):
            self._open[fixturedef] = fixturedef.scope
        if isinstance(request.node, pytest.Item) and request.node.get_closest_marker("no_cover"):
            return (yield)
        with self._counted():
            return (yield)

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        self._open.pop(fixturedef, None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """pytest-cov ends its counting for a ``no_cover`` test and begins anew behind it, with another tracer."""
        result = yield
        if sys.gettrace() is not None:
            self._take()
        return result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if not self._tracer:
            return (yield)
        if item.get_closest_marker("no_cover"):
            self._count(
                None, None
            )  # in a worker pytest-cov has a second counting, which woke up when the first ended
            return (yield)
        if not self._cases.wanted(item.nodeid):
            return (yield)
        before = self._seen()
        with self._counted():
            result = yield
        self._cases.ran(item.nodeid, news=self._seen() > before)
        return result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        last = nextitem is None or nextitem.parent is not item.parent
        ends = any(last or scope == "function" for scope in self._open.values())
        if not self._tracer or not ends or item.get_closest_marker("no_cover"):
            return (yield)
        with self._counted():
            return (yield)

    def _take(self) -> None:
        self._tracer, self._in_threads = sys.gettrace(), threading.gettrace()
        self._count(None, None)

    def _seen(self) -> int:
        return sum(map(len, self._tracer.data.values()))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._count(self._tracer, self._in_threads)
        try:
            yield
        finally:
            self._count(None, None)

    def _count(self, tracer: Any, in_threads: Any) -> None:
        threading.settrace(in_threads)
        sys.settrace(tracer)
