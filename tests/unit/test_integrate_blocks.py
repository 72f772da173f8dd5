"""Every command and program on the pages for integrators is run by a test, or is named here with its reason."""

import shlex
from pathlib import Path
from typing import Final

import pytest

from terminal.help.languages import LANGUAGES
from tests.flows.cli_rig import command
from tests.flows.page_commands import BLOCK, DOCS, elsewhere

SCRIPTS: Final = ("for-integrators.md", "integrate/first-hour.md")  # tests/flows/test_lab_page.py plays them whole
OTHERS: Final = {f"first-hour.{each}" for each in LANGUAGES}  # tests/unit/test_first_hour.py: the same blocks
NAMED: Final = {  # page -> how its blocks begin -> the test that runs them, or why none does
    "integrate/door-hw-proxy.md": {"from ": "tests/flows/test_door_pages.py"},
    "integrate/events.md": {
        "curl -sN": "tests/flows/test_api_stream.py: the same call",
        "import ": "tests/flows/test_webhooks.py",
    },
    "integrate/lab.md": {
        "countertop lab serve --headless --seed": "tests/flows/test_lab_serve.py",
        "get()": "tests/flows/test_lab_page.py",
        "lab faults": "tests/flows/test_lab_page.py",
        "kill -TERM": "tests/flows/test_lab_serve.py",
        "countertop lab list": "tests/flows/test_lab_serve.py",
        "countertop lab serve --headless --virtual": "tests/flows/test_lab_virtual.py",
        "countertop lab lint FILE.toml": "tests/flows/test_lab_stories.py: with a file",
        "countertop sale record ID": "tests/flows/test_field_replay.py: with a sale",
    },
    "integrate/observe.md": {
        "countertop sale timeline SALE": "tests/flows/test_see_inside_commands.py: with a sale",
        "countertop doctor --config FILE": "tests/flows/test_see_inside_commands.py: with a shop",
    },
    "integrate/tax-device.md": {"python3 docs/integrate/example-tax/": "the page's own tests"},
    "integrate/testing.md": {"make dist": "tests/flows/test_release.py"},
}


def pages() -> list[str]:
    return [
        "for-integrators.md",
        *(
            f"integrate/{each.name}"
            for each in sorted((DOCS / "integrate").glob("*.md"))
            if each.stem not in OTHERS
        ),
    ]


@pytest.mark.row(149)
@pytest.mark.parametrize("page", pages())
def test_every_block_is_run_or_named(page: str) -> None:
    named = NAMED.get(page, {})
    blocks = [text for _, text in BLOCK.findall((DOCS / page).read_text("utf-8"))]
    left = [each for each in blocks if not elsewhere(each) and not any(each.startswith(x) for x in named)]
    assert left == [] or page in SCRIPTS
    assert [x for x in named if not any(each.startswith(x) for each in blocks)] == [], "named, and not there"


def test_every_test_that_is_named_exists() -> None:
    told = {where.partition(":")[0] for each in NAMED.values() for where in each.values()}
    assert [each for each in told if each.startswith("tests/") and not Path(DOCS.parent, each).exists()] == []


@pytest.mark.no_cover
@pytest.mark.row(144)
@pytest.mark.parametrize("page", SCRIPTS)
def test_the_stories_of_a_page_s_command_line_are_played(page: str) -> None:
    """In this process: each of them would else be a start of the program."""
    lines = [line for _, text in BLOCK.findall((DOCS / page).read_text("utf-8")) for line in text.splitlines()]
    shown = [line for line in lines if line.startswith(("countertop lab ", ".venv/bin/countertop lab "))]
    assert shown
    for line in shown:
        ended = command(*shlex.split(line)[1:])
        assert ended.code == 0, (line, ended.out, ended.err)
        assert ended.out
