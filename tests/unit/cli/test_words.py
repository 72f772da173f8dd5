"""How commands speak: an exit code for every family of failures, the terminal's language, facts as they are."""

import pytest
from rich.text import Text
from typer import Exit

from terminal.cli.words import Problem, exit_code, language, sentences, tell
from terminal.errors import (
    BadSettings,
    Conflict,
    InvalidRequest,
    JournalError,
    NotAllowed,
    NotEvidence,
    NotFound,
    OutcomeUnknown,
    PeripheralFailed,
    TerminalError,
    Unavailable,
)
from terminal.settings import Problems

LANGUAGES = ("LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("x"), 1),
        (Conflict("x"), 1),
        (NotFound("x"), 1),
        (NotAllowed("x"), 1),
        (BadSettings("x"), 3),
        (JournalError("x"), 4),
        (Unavailable("x"), 5),
        (OutcomeUnknown("x"), 5),
        (PeripheralFailed("x"), 5),
        (NotEvidence("x"), 5),
        (Problem(422, "x", {}), 1),
        (Problem(503, "x", {}), 5),
    ],
)
def test_every_family_of_failures_has_its_exit_code(error: TerminalError, code: int) -> None:
    assert exit_code(error) == code
    with pytest.raises(Exit) as ended, sentences():
        raise error
    assert ended.value.exit_code == code


def test_f1_all_problems_of_the_settings_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit) as ended, sentences():
        raise Problems([BadSettings("config_unknown_key", key="a"), BadSettings("config_key_missing", key="b")])
    assert ended.value.exit_code == 3
    said = capsys.readouterr().err
    assert said.index("C-03") < said.index("C-26")


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [("LANG", "zh_CN.UTF-8", "zh-CN"), ("LC_ALL", "pt_BR.utf8", "pt-BR"), ("LANG", "", "en"), ("LANG", "C", "C")],
)
def test_the_language_is_the_terminals(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, wanted: str
) -> None:
    for name in LANGUAGES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    assert language() == wanted


def test_a_failure_is_said_in_that_language_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    tell(JournalError("journal_in_use", pid=4711))
    said = Text.from_ansi(capsys.readouterr().err).plain
    assert said.startswith("J-01  ")
    assert "4711" in said
    assert "in use" not in said


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            BadSettings("config_unreadable", path="c.toml", why="Expected '=' (at line 3)"),
            "(Expected '=' (at line 3))",
        ),
        (JournalError("journal_damaged", number=17, reason="hash"), "(number 17, hash)"),
        (BadSettings("config_unreadable", path="c.toml", why="\x1b[2Jgone"), "( [2Jgone)"),
    ],
)
def test_facts_the_sentence_leaves_out_are_added_without_control_characters(
    capsys: pytest.CaptureFixture[str], error: TerminalError, told: str
) -> None:
    tell(error)
    assert capsys.readouterr().err.rstrip().endswith(told)


def test_what_the_sentence_says_already_is_not_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    tell(BadSettings("config_value_wrong", key="listen.port", why="no port"))
    assert capsys.readouterr().err.count("no port") == 1
