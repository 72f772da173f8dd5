"""The plugin inside a stranger's own pytest: beside other plugins, its reports, its exit codes."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.no_cover, pytest.mark.row(149)]
STORY = """
import pytest


@pytest.mark.counter(seed=7, faults=["rate-429"])
def test_it_fails(counter, phone):
    sale = counter.sell()
    phone.pay(sale)
    assert sale.word == "waiting"


def test_it_holds(counter, clock):
    clock.advance(1)
    assert (counter.till.word, counter.seed) == ("ready", SEED)
"""
PLAIN = str.maketrans("[]-.", "____")
Run = Callable[..., tuple[int, "Heard"]]


class Heard:
    """What the inner run reported; it prints nothing."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.append(report)

    @property
    def failed(self) -> list[pytest.TestReport]:
        return [each for each in self.reports if each.failed]


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Run:
    """Runs a test file in a project that is not ours."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    names = ("terminal", "faulthandler", "unraisableexception", "threadexception", "logging")
    quiet = [word for name in names for word in ("-p", f"no:{name}")]

    def run(text: str, *more: str, ini: str = "addopts = --strict-markers --strict-config") -> tuple[int, Heard]:
        name = f"test_stranger_{request.node.name.translate(PLAIN)}.py"  # a module's name is taken once
        (tmp_path / name).write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        heard = Heard()
        monkeypatch.chdir(tmp_path)
        code = pytest.main(["-p", "terminal.testing.plugin", *quiet, "-s", *more, name], plugins=[heard])
        return int(code), heard

    return run


def test_a_failed_test_tells_the_counters_story_its_seed_and_how_to_play_it_again(stranger: Run) -> None:
    code, heard = stranger(STORY.replace("SEED", "1"), "--junit-xml=report.xml")
    assert code == pytest.ExitCode.TESTS_FAILED
    [failed] = heard.failed
    [told] = [text for name, text in failed.sections if name == "countertop"]
    for words in ("rate-429 begins", "bank     ← 429", "SHOW_QR", "sale_moved to=paid", ":receipt"):
        assert words in told
    assert told.splitlines()[-1].endswith("::test_it_fails' --counter-seed 7")
    first, second = ET.parse("report.xml").getroot().iter("testcase")  # written a moment ago
    assert {each.attrib["name"]: each.attrib["value"] for each in first.iter("property")} == {
        "countertop_seed": "7",
        "countertop_faults": "rate-429",
    }
    assert second.find("failure") is None


def test_the_command_line_sets_every_seed(stranger: Run) -> None:
    code, heard = stranger(STORY.replace("SEED", "12"), "--counter-seed", "12", "-k", "holds")
    assert (code, heard.failed) == (pytest.ExitCode.OK, [])


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_it_lives_beside_pytest_asyncio(stranger: Run, mode: str) -> None:
    text = """
import pytest


def test_plain(counter):
    assert counter.run(awaits(counter)) == "waiting"


async def awaits(counter):
    return "waiting"


@pytest.mark.asyncio
async def test_awaiting():
    pass
"""
    ini = f"asyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function"
    code, heard = stranger(text, "-p", "pytest_asyncio.plugin", ini=ini)
    assert (code, [str(each.longrepr) for each in heard.failed]) == (pytest.ExitCode.OK, [])


def test_a_marker_nobody_can_follow_is_an_error_with_its_sentence(stranger: Run) -> None:
    text = """
import pytest


@pytest.mark.counter(chanel="pix")
def test_it(counter): ...


@pytest.mark.counter(faults=["paper-gone"])
def test_other(counter): ...


@pytest.mark.counter(devices=["display"])
def test_third(counter, printer): ...


@pytest.fixture
def sold(counter):
    counter.sell(-1)


def test_fourth(sold): ...
"""
    code, heard = stranger(text)
    assert code == pytest.ExitCode.TESTS_FAILED
    first, second, third, fourth = (str(each.longrepr) for each in heard.failed)
    assert "this counter has no printer: name it in devices" in third
    assert "/testing/counter.py" not in fourth, "the till's own line is shown, not the plugin's"
    assert "countertop" in dict(heard.failed[3].sections), "what a till's own fixture did is told as well"
    assert "counter has no chanel; it has seed, channel" in first
    assert "no fault or scenario is called 'paper-gone'; near: paper-out" in second


def test_a_fixture_of_the_till_s_own_that_has_its_name_is_told(stranger: Run) -> None:
    text = """
import pytest


@pytest.fixture
def counter():
    return 7


def test_it(counter, phone): ...
"""
    code, heard = stranger(text)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "Phone needs countertop's own `counter`" in str(heard.failed[0].longrepr)
