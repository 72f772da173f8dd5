"""Every shipped profile loads; a name that is none is refused."""

from importlib.resources import files

import pytest

from drivers.catalogue import of_role
from drivers.device_protocol import DeviceProtocol
from drivers.scanner.languages import speech_of
from drivers.scanner.profile import LANGUAGES, load_profile

SHIPPED = sorted(
    file.name.removesuffix(".toml") for file in files("drivers.scanner").joinpath("profiles").iterdir()
)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_load_with_sane_limits(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert 0.05 <= profile.idle_s <= 0.2
    assert all(0 <= address < 0x100 and 0 <= value < 0x100 for address, value in profile.setup.items())


def test_every_profile_belongs_to_one_protocol_and_every_protocol_is_spoken() -> None:
    protocols = of_role("scanner")
    assert sorted(name for protocol in protocols for name in protocol.profiles) == SHIPPED
    assert {protocol.name for protocol in protocols} == {*LANGUAGES}


@pytest.mark.parametrize("protocol", of_role("scanner"), ids=lambda protocol: protocol.name)
def test_a_protocols_profiles_are_its_own_and_within_its_line_speeds(protocol: DeviceProtocol) -> None:
    for name in protocol.profiles:
        profile = load_profile(name)
        assert profile.protocol == protocol.name
        assert not protocol.bauds or profile.baud in protocol.bauds
        speech = speech_of(profile)
        assert not speech.session().pending
        assert speech.triggered == name.endswith("-trigger")
        assert not protocol.probe or speech.asks


@pytest.mark.parametrize("name", ["nothing", "../driver", ""])
def test_a_name_that_is_no_profile_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        load_profile(name)
