"""The PINs that a simulated shop drew for itself are told at each start; a file that lost them stops no start."""

from pathlib import Path

import pytest

from terminal.cli.serve.first_start import PIN_FILE, kept_pins
from terminal.errors import BadSettings


def kept(folder: Path, text: str) -> Path:
    file = folder / PIN_FILE
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_s32_kept_pins_are_told(tmp_path: Path) -> None:
    assert kept_pins(tmp_path / PIN_FILE) == {}
    assert kept_pins(kept(tmp_path, '{"owner":"481516"}')) == {"owner": "481516"}


@pytest.mark.parametrize("damaged", ["", '{"owner":"48', "\x00\x00\x00", '{"owner":481516}', "[" * 190])
def test_bad_input_damaged_pins_are_told_with_the_way_to_new_ones(
    damaged: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kept_pins(kept(tmp_path, damaged)) == {}
    told = capsys.readouterr().err
    assert str(tmp_path / PIN_FILE) in told.replace("\n", "")
    assert "countertop security owner-pin" in told


def test_bad_input_pins_in_no_plain_file_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / PIN_FILE).mkdir()
    with pytest.raises(BadSettings, match="key_file_not_ours"):
        kept_pins(tmp_path / PIN_FILE)
