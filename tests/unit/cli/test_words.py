"""How commands speak: an exit code for every family of failures, the terminal's language, facts as they are."""

from pathlib import Path

import pytest
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
    PeripheralFailed,
    TerminalError,
    Unavailable,
)
from terminal.settings import Problems
from tests.flows.cli_rig import command


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
    ("environment", "wanted"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "pt_BR.utf8"}, "pt-BR"),
        ({"LANG": "", "LC_MESSAGES": "C"}, "C"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_terminals(environment: dict[str, str], wanted: str) -> None:
    assert language(environment) == wanted


def test_a_failure_is_said_in_that_language_with_the_fix(tmp_path: Path) -> None:
    said = {each: command("serve", "--config", tmp_path / "none", language=each) for each in ("zh_CN.UTF-8", "C")}
    assert said["zh_CN.UTF-8"].codes == said["C"].codes == ["C-01"]
    assert "设置文件" in said["zh_CN.UTF-8"].err
    assert "The settings file is missing" in said["C"].err


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
