"""The card of a clip player: every clip under the name by which the driver asks for it, and nothing else."""

import io
import wave
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from drivers.speaker.jq8900 import combine
from terminal.cli.devices.speaker_card import LAYOUTS, LIST, card, write_card
from terminal.counter.ports import Utterance
from terminal.errors import BadSettings
from terminal.payments.money import Money
from terminal.peripherals.clips import entries, phrase_clips

PAID = Utterance("paid", Money(999_999_999, "CNY"), "alipay", "zh-CN", test=True)


@pytest.mark.row(51)
def test_a_dfplayers_card_has_each_clip_by_its_number(tmp_path: Path) -> None:
    written = write_card(tmp_path, "dfplayer")
    assert written.folder == tmp_path / "MP3"
    assert written.files == len(entries()) == len(list(written.folder.iterdir()))
    for clip in phrase_clips(PAID):
        with wave.open(io.BytesIO((written.folder / f"{clip.number:04}.wav").read_bytes())) as sound:
            assert (sound.getsampwidth(), sound.getnchannels()) == (2, 1)
            assert abs(sound.getnframes() * 1000 // sound.getframerate() - clip.ms) <= 1
    assert "0101.wav\tzh-CN\t到账" in (tmp_path / LIST).read_text("utf-8").splitlines()


@pytest.mark.row(51)
def test_a_jq8900s_storage_has_each_clip_by_the_two_characters_of_the_frame(tmp_path: Path) -> None:
    folder = write_card(tmp_path, "jq8900", "zh-CN").folder
    clips = phrase_clips(PAID)
    names = combine([clip.number for clip in clips]).data.decode("ascii")
    assert folder == tmp_path / "ZH"
    assert all((folder / f"{names[at : at + 2]}.wav").is_file() for at in range(0, len(names), 2))


def test_one_language_is_its_words_and_the_chimes(tmp_path: Path) -> None:
    write_card(tmp_path, "dfplayer", "pt-BR")
    languages = {line.split("\t")[1] for line in (tmp_path / LIST).read_text("utf-8").splitlines()[1:]}
    assert languages == {"pt-BR", "chime"}


def test_it_is_written_again_over_its_own_files_and_never_beside_others(tmp_path: Path) -> None:
    first = write_card(tmp_path, "jq8900")
    assert write_card(tmp_path, "jq8900") == first
    (first.folder / "01 holiday.mp3").write_bytes(b"song")
    with pytest.raises(BadSettings, match="option_wrong") as caught:
        write_card(tmp_path, "jq8900")
    assert "01 holiday.mp3" in str(caught.value.facts["why"])


@pytest.mark.parametrize(
    ("protocol", "language", "option"),
    [("syn6288", "", "--speaker"), ("audio", "en", "--speaker"), ("dfplayer", "xx", "--language")],
)
def test_bad_input_an_unknown_player_or_language_is_told(
    protocol: str, language: str, option: str, tmp_path: Path
) -> None:
    with pytest.raises(BadSettings) as caught:
        write_card(tmp_path, protocol, language)
    assert caught.value.facts["option"] == option
    assert not list(tmp_path.iterdir())


def test_bad_input_a_card_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "card").write_text("a file, not a folder")
    with pytest.raises(BadSettings) as caught:
        write_card(tmp_path / "card", "dfplayer")
    assert caught.value.facts["option"] == "FOLDER"


def test_every_layout_belongs_to_a_player_of_clips() -> None:
    assert set(LAYOUTS) == {"dfplayer", "jq8900"}


def test_the_command_says_what_it_wrote_and_refuses_in_a_sentence(tmp_path: Path) -> None:
    command = typer.Typer()
    command.command()(card)
    good = CliRunner().invoke(command, [str(tmp_path), "--speaker", "jq8900", "--language", "en"])
    assert good.exit_code == 0
    assert str(tmp_path / LIST) in good.output
    assert (tmp_path / "ZH" / "01.wav").is_file()
    bad = CliRunner().invoke(command, [str(tmp_path), "--speaker", "gramophone"])
    assert bad.exit_code != 0
    assert "gramophone" in bad.output + bad.stderr
