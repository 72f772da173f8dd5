"""Every shipped profile loads; a name that is none is refused."""

from importlib.resources import files

import pytest

from drivers.scanner.profile import load_profile

SHIPPED = sorted(
    file.name.removesuffix(".toml") for file in files("drivers.scanner").joinpath("profiles").iterdir()
)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_load_with_sane_limits(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert 0.05 <= profile.idle_s <= 0.2
    assert all(0 <= address < 0x100 and 0 <= value < 0x100 for address, value in profile.setup.items())


@pytest.mark.parametrize("name", ["nothing", "../driver", ""])
def test_a_name_that_is_no_profile_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        load_profile(name)
