"""The words a shop's machine starts its service with are read without the library that reads everybody's."""

from pathlib import Path

import pytest

from terminal.cli.serve.alone import Asked, asked
from tests.flows.cli_rig import command

FILE = Path("a/countertop.toml")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--config", "a/countertop.toml"], Asked(FILE, check=False, as_json=False, verbose=False)),
        (["--config=a/countertop.toml", "-v"], Asked(FILE, check=False, as_json=False, verbose=True)),
        (
            ["--json", "--check", "--config", "a/countertop.toml"],
            Asked(FILE, check=True, as_json=True, verbose=False),
        ),
        (
            ["--verbose", "--config=b", "--config", str(FILE)],
            Asked(FILE, check=False, as_json=False, verbose=True),
        ),
    ],
)
def test_plain_words_are_read(words: list[str], wanted: Asked) -> None:
    assert asked(words) == wanted


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["--config"],
        ["--config="],
        ["--config", "a", "--chekc"],
        ["a"],
        ["--config", "a", "--no-json"],
    ],
)
def test_words_that_need_an_answer_are_left_to_whoever_explains_them(words: list[str]) -> None:
    assert asked(words) is None


def test_what_serve_takes_is_explained_with_the_other_commands() -> None:
    told = command("serve", "--help")
    assert told.code == 0
    assert all(word in told.out for word in ("--config", "--check", "--json", "--verbose"))
    assert command("serve").code == 2
