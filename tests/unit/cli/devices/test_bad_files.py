"""Captures and ports that are none: each ends in a sentence that says what to do, none without an end."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from terminal.cli.devices.capture import MS_MAX
from tests.flows.cli_rig import command

pytestmark = pytest.mark.row(97)
HEAD: Final = '{"capture":1,"protocol":"scanner/line","baud":9600,"masked":false}\n'
SCAN: Final = '{"ms":5,"way":"in","hex":"343030363338310d"}\n'


def saying(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text)


def gigabyte(file: Path) -> None:
    with file.open("wb") as there:
        there.truncate(1 << 30)


NO_CAPTURES: Final[dict[str, Callable[[Path], object]]] = {
    "nothing there": lambda _file: None,
    "a folder": Path.mkdir,
    "a pipe without an end": os.mkfifo,
    "zeros without an end": lambda file: file.symlink_to("/dev/zero"),
    "nothing at all": lambda file: file.symlink_to("/dev/null"),
    "what cannot be read": lambda file: file.symlink_to("/proc/self/mem"),
    "empty": Path.touch,
    "a gigabyte": gigabyte,
    "no text": lambda file: file.write_bytes(b'{"capture"\xff\xfe'),
    "half a line": saying(HEAD[:30]),
    "no line speed": saying(HEAD.replace("9600", "0") + SCAN),
    "a line speed below zero": saying(HEAD.replace("9600", "-5") + SCAN),
    "a time before the start": saying(HEAD + SCAN.replace("5", "-5", 1)),
    "a time without an end": saying(HEAD + SCAN.replace("5", "99999999999999", 1)),
}


@pytest.mark.parametrize("what", NO_CAPTURES)
def test_bad_input_what_is_no_capture_is_told_with_what_to_do(what: str, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    NO_CAPTURES[what](file)
    said = command("devices", "replay", file)
    assert (said.code, said.codes) == (3, ["C-158"])
    assert "x.jsonl" in said.err
    assert "countertop devices record" in said.err


def test_bad_input_bytes_that_cannot_be_read_are_not_blamed_on_the_answer() -> None:
    said = command("devices", "decode", "/proc/self/mem", "--protocol", "printer/escpos")
    assert (said.code, said.codes) == (3, ["C-158"])


def test_bytes_may_be_typed_also_where_they_are_longer_than_a_name() -> None:
    said = command("devices", "decode", "41" * 300 + "0a", "--protocol", "printer/escpos", "--way", "out")
    assert (said.code, "A" * 300 in said.out) == (0, True)


@pytest.mark.parametrize(
    "options",
    [
        ("decode", "00", "--protocol", "nobody"),
        ("decode", "00", "--protocol", "star", "--way", "up"),
        ("decode", "00"),
        ("card", ".", "--speaker", "gramophone"),
    ],
)
def test_bad_input_an_option_is_corrected_in_the_command_not_in_the_settings(options: tuple[str, ...]) -> None:
    said = command("devices", *options)
    assert (said.code, said.codes) == (3, ["C-159"])
    assert "settings" not in said.err


def test_a_capture_of_a_year_plays_without_waiting(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(HEAD + SCAN.replace("5", str(MS_MAX), 1))
    said = command("devices", "replay", file, "--json")
    assert next(each["ms"] for each in msgspec.json.decode(said.out)) == MS_MAX


@pytest.mark.parametrize(
    ("port", "why"), [("COM3", "names no device"), ("/dev/null", "serial port"), ("/dev/none", "plugged in")]
)
def test_bad_input_a_recording_that_never_began_leaves_nothing_behind(port: str, why: str, tmp_path: Path) -> None:
    """The same command again, with the right port, must not be told that the file is there already."""
    said = command("devices", "record", port, tmp_path / "new")
    assert said.code == 1
    assert why in said.err
    assert "Write port" not in said.out
    assert list(tmp_path.iterdir()) == []


def test_bad_input_a_recording_takes_the_place_of_no_file(tmp_path: Path) -> None:
    (tmp_path / "new.port").write_text("mine")
    said = command("devices", "record", "/dev/none", tmp_path / "new")
    assert (said.code, "new.port" in said.err) == (2, True)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("new.port", "mine")]
