"""Which channel a sale is moved to: pure, the order in which the others are offered."""

import pytest

from terminal.counter.moving import onward

CHANNELS = ("a", "b", "c", "d")


@pytest.mark.row(5, 35)
@pytest.mark.parametrize(
    ("here", "found", "offered"),
    [
        ("a", ["b", "c", "d"], ["b", "c", "d"]),
        ("b", ["a", "c", "d"], ["c", "d", "a"]),
        ("c", ["a", "b"], ["a", "b"]),
        ("d", ["a", "b", "c"], ["a", "b", "c"]),
        ("taken out of the settings", ["a", "d"], ["a", "d"]),
        ("a", [], []),
    ],
)
def test_whoever_cannot_choose_goes_round_the_channels(here: str, found: list[str], offered: list[str]) -> None:
    assert onward(found, here, CHANNELS) == offered
