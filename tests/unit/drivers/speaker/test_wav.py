"""WAV files by hand-made bytes; sounds put together and made quieter."""

import pytest

from drivers.speaker import wav
from drivers.speaker.wav import GAP_MS, SILENCE, Sound
from tests.unit.drivers.golden import vectors

VECTORS = vectors("wav")
FOUR = Sound(11025, bytes((0x80, 0xFF, 0x00, 0x80)))


def test_files_are_the_published_layout_and_read_back() -> None:
    assert wav.write(FOUR) == VECTORS["four samples, 8 bits, 11025"]
    assert wav.write(FOUR, bits=16) == VECTORS["the same, 16 bits"]
    assert wav.read(wav.write(FOUR)) == FOUR


def test_chunks_of_other_programs_are_skipped_also_of_odd_length() -> None:
    file = wav.write(FOUR)
    strange = file[:12] + b"LIST" + (3).to_bytes(4, "little") + b"abc\0" + file[12:]
    assert wav.read(strange) == FOUR


@pytest.mark.parametrize("cut", [0, 11, 20, 30, 43, 47])
def test_bad_input_a_file_that_is_cut_or_is_none(cut: int) -> None:
    with pytest.raises(ValueError, match="WAV file"):
        wav.read(wav.write(FOUR)[:cut])


def test_bad_input_a_file_of_another_kind() -> None:
    with pytest.raises(ValueError, match="eight bits"):
        wav.read(wav.write(FOUR, bits=16))
    with pytest.raises(ValueError, match="not a WAV"):
        wav.read(b"ID3" + bytes(40))


@pytest.mark.row(50)
@pytest.mark.parametrize(
    ("percent", "samples"),
    [(100, b"\x80\xff\x00\x80"), (50, b"\x80\xbf\x40\x80"), (0, b"\x80\x80\x80\x80")],
)
def test_volume_moves_samples_towards_silence(percent: int, samples: bytes) -> None:
    assert wav.together([FOUR], percent).samples == samples


def test_sounds_stand_one_behind_the_other_with_a_short_silence() -> None:
    both = wav.together([FOUR, FOUR], 100).samples
    gap = 11025 * GAP_MS // 1000
    assert both == FOUR.samples + bytes((SILENCE,)) * gap + FOUR.samples


def test_bad_input_nothing_or_two_rates_are_no_sound() -> None:
    for sounds in ([], [FOUR, Sound(8000, b"\x80")]):
        with pytest.raises(ValueError, match="samples a second"):
            wav.together(sounds, 100)
