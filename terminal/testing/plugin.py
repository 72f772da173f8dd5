"""pytest's way in (entry point ``countertop``): fixtures, the marker, what a failed test tells.

Importing it costs next to nothing, because everybody with the wheel in their environment pays for it.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from terminal.testing.setup import BadSetup, Setup

if TYPE_CHECKING:
    from terminal.testing.counter import Counter
    from terminal.testing.live import LiveCounter

MARKER: Final = "counter"
USED: Final = pytest.StashKey["Counter | LiveCounter"]()
SECTION: Final = "countertop"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(SECTION, "simulated payment counters")
    group.addoption("--counter-seed", metavar="SEED", help="of every counter, before what tests ask for: a replay")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "counter(seed=1, channel='wechatpay', faults=[], devices=[...], signatures='simulated', captions=False): "
        "how the test's simulated payment counter is set up",
    )


def _setup(request: pytest.FixtureRequest) -> Setup:
    told: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(MARKER))):  # the nearest wins
        if marker.args:
            raise pytest.UsageError("@pytest.mark.counter takes names: seed=7, faults=[…]")
        told |= marker.kwargs
    try:
        return Setup.read(told, seed=_seed(request.config))
    except BadSetup as wrong:
        raise pytest.UsageError(f"@pytest.mark.counter: {wrong}") from None


def _seed(config: pytest.Config) -> int | str | None:
    given: str | None = config.getoption("counter_seed", None)
    return int(given) if given is not None and given.isdecimal() else given


@pytest.fixture
def counter(request: pytest.FixtureRequest) -> "Iterator[Counter]":
    """A whole payment counter on virtual time: service, simulated bank, simulated devices."""
    from terminal.testing.counter import Counter

    setup = _setup(request)
    made = Counter.open(setup)
    request.node.stash[USED] = made
    try:
        yield made
    finally:
        told = request.node.user_properties
        told += [("countertop_seed", str(made.seed)), ("countertop_faults", ", ".join(map(str, made.faults)))]
        made.close()


def _place(kind: str, tells: str) -> Any:
    """A fixture: one thing that stands at the counter, loaded when a test first asks for it."""

    def place(counter: "Counter") -> Any:
        from terminal.testing import places
        from terminal.testing.counter import Counter

        if not isinstance(counter, Counter):
            raise pytest.UsageError(f"{kind} needs countertop's own `counter`: a fixture of yours has its name")
        try:
            return getattr(places, kind)(counter)
        except BadSetup as wrong:
            raise pytest.UsageError(f"@pytest.mark.counter: {wrong}") from None

    place.__doc__ = tells
    return pytest.fixture(place)


phone = _place("Phone", "The customer's phone.")
bank = _place("Bank", "The simulated bank's books.")
printer = _place("Printer", "The receipt printer and its paper.")
display = _place("Display", "The customer's display.")
scanner = _place("Scanner", "The cashier's scanner.")
speaker = _place("Speaker", "What was said aloud.")
clock = _place("Clock", "Virtual time.")


@pytest.fixture(scope="session")
def _countertop_process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LiveCounter]":
    from terminal.testing.live import LiveCounter

    with LiveCounter.running(tmp_path_factory.mktemp("countertop")) as live:
        yield live


@pytest.fixture
def live_counter(request: pytest.FixtureRequest, _countertop_process: "LiveCounter") -> "Iterator[LiveCounter]":
    """A counter in real time behind HTTP on loopback, for a till in any language; one process for all tests."""
    request.node.stash[USED] = _countertop_process
    _countertop_process.begin()
    yield _countertop_process
    _countertop_process.tidy()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what happened on its counter, and how to play it again."""
    report = yield
    made = item.stash.get(USED, None)
    if made is not None and call.when != "teardown" and report.failed:
        report.sections.append((SECTION, "\n".join(made.told(item.nodeid))))
    return report
