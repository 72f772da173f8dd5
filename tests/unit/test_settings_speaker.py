"""A speaker's volume and quiet hours in the settings file: checked at once, with the key that is wrong."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.settings import SpeakerTable

EXAMPLE = Path(__file__).parents[2] / "docs" / "countertop.example.toml"


def table(**keys: Any) -> SpeakerTable:
    return msgspec.convert({"port": "audio:default", **keys}, SpeakerTable)


@pytest.mark.row(50)
def test_volume_and_quiet_hours_are_read() -> None:
    speaker = table(volume=0, quiet=["22:00", "07:00"], quiet_volume=100)
    assert (speaker.volume, speaker.quiet, speaker.quiet_volume) == (0, ("22:00", "07:00"), 100)
    assert (table().volume, table().quiet, table().quiet_volume) == (None, None, 0)


@pytest.mark.parametrize(
    "keys",
    [
        {"volume": 101},
        {"volume": -1},
        {"volume": 50.5},
        {"quiet_volume": 200},
        {"quiet": ["22:00"]},
        {"quiet": ["22:00", "7:00"]},
        {"quiet": ["24:00", "07:00"]},
        {"quiet": ["22:60", "07:00"]},
        {"quiet": "22:00-07:00"},
        {"loud": 3},
    ],
)
def test_bad_input_volumes_and_hours_that_do_not_exist(keys: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        table(**keys)


def test_the_example_shows_them_all() -> None:
    example = tomllib.loads(EXAMPLE.read_text("utf-8"))
    speaker = next(counter["speaker"] for counter in example["counters"] if "speaker" in counter)
    assert {"driver", "volume", "quiet", "quiet_volume"} <= set(msgspec.to_builtins(speaker))
    assert msgspec.convert(speaker, SpeakerTable).quiet == ("22:00", "07:00")
