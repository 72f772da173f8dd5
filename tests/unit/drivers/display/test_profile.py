"""Display profiles are data with the driver's own limits as defaults."""

from pathlib import Path

import pytest

import drivers.display.profile as here
from drivers.display.profile import DisplayProfile, load


def test_every_profile_can_be_read() -> None:
    names = [path.stem for path in (Path(here.__file__).parent / "profiles").glob("*.toml")]
    assert [load(name).name for name in names] == names


def test_our_own_display_has_the_defaults() -> None:
    assert load("countertop") == DisplayProfile()


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        load("nobody")
