"""Speaker profiles: every one shipped loads, and a file that is wrong is refused."""

from importlib.resources import files

import pytest

from drivers.speaker.phrase import Phrase, volume_step
from drivers.speaker.profile import load_profile, read_profile

NAMES = sorted(file.name.removesuffix(".toml") for file in files("drivers.speaker").joinpath("profiles").iterdir())
GOOD = 'title = "x"\nprotocol = "dfplayer"\nvolume = 10\nvolume_max = 30\n'


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_profile_loads_and_plays_clips_or_reads_text(name: str) -> None:
    profile = load_profile(name)
    assert profile.plays_clips != bool(profile.seconds_per_character)
    assert 0 < profile.volume <= profile.volume_max


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "loud = 1",
        GOOD.replace("dfplayer", "gramophone"),
        GOOD.replace("dfplayer", "audio"),
        GOOD + 'command = ["aplay"]',
        GOOD.replace("10", "31"),
        GOOD + "speed = 11",
        "title = ",
    ],
)
def test_bad_input_a_profile_that_is_wrong(text: str) -> None:
    assert read_profile("good", GOOD).volume == 10
    with pytest.raises(ValueError, match=r"speaker profile|Invalid"):
        read_profile("wrong", text)


@pytest.mark.row(50)
@pytest.mark.parametrize(("percent", "steps"), [(None, 10), (0, 0), (1, 1), (50, 15), (100, 30)])
def test_percent_become_the_devices_steps_and_are_never_silent_by_rounding(
    percent: int | None, steps: int
) -> None:
    assert volume_step(Phrase(volume=percent), read_profile("good", GOOD)) == steps
