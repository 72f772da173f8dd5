"""What docs/integrate shows is run as it stands: every Python block as tests of a stranger's project."""

import re
import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from terminal.testing import Setup
from tests.unit.testing.test_plugin import Run, stranger

__all__ = ["stranger"]
pytestmark = [pytest.mark.no_cover, pytest.mark.row(149)]
FOLDER: Final = Path(__file__).parents[3] / "docs" / "integrate"
PYTHON: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LIVE: Final = "live_counter"


def page_of(page: str, *, live: bool) -> str:
    """The page's tests as one file; those of a real process apart."""
    blocks = PYTHON.findall((FOLDER / page).read_text("utf-8"))
    return "\n\n".join(dedent(each) for each in blocks if "def test_" in each and (LIVE in each) == live)


@pytest.mark.row(144, 146)
@pytest.mark.parametrize("page", ["testing.md", "first-hour.md"])
def test_every_test_that_a_page_shows_holds(stranger: Run, page: str) -> None:
    text = page_of(page, live=False)
    assert text.count("def test_") >= 3
    code, heard = stranger(text)
    assert (code, [f"{each.nodeid}: {each.longrepr}" for each in heard.failed]) == (pytest.ExitCode.OK, [])
    assert sum(each.when == "call" for each in heard.reports) == text.count("def test_")


@pytest.mark.slow
@pytest.mark.row(143, 145)
def test_the_test_of_a_till_in_another_language_holds(stranger: Run) -> None:
    code, heard = stranger(page_of("testing.md", live=True))
    assert (code, [f"{each.nodeid}: {each.longrepr}" for each in heard.failed]) == (pytest.ExitCode.OK, [])


def test_the_tables_name_what_there_is() -> None:
    text = (FOLDER / "testing.md").read_text("utf-8")
    shown = re.findall(r"^\| `(\w+)` \| `?(.+?)`? \| ", text.partition("## The marker")[2], re.MULTILINE)
    setup = Setup()
    assert [name for name, _ in shown] == list(Setup.__slots__)
    for name, default in shown:
        value = getattr(setup, name)
        assert default in {str(value), {"faults": "none", "devices": "all four"}.get(name, "")}


def test_the_wheel_is_called_as_make_dist_calls_it() -> None:
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    wheel = f"{project['name']}-{project['version']}-py3-none-any.whl"
    for name in ("testing.md", "example-pos/ci-template.yml"):
        shown = re.findall(r"countertop-[\w.]+-py3[\w-]+\.whl", (FOLDER / name).read_text("utf-8"))
        assert shown == [wheel], name
    assert project["optional-dependencies"]["testing"]
    assert project["entry-points"]["pytest11"] == {"countertop": "terminal.testing.plugin"}
