"""From a speaker's table to its adapter: every protocol, volume and quiet hours, and what is wrong is named."""

from typing import Any

import pytest

from drivers.catalogue import of_role
from drivers.speaker.driver import make_driver
from drivers.speaker.profile import load_profile
from firmware_stubs.speaker import Syn6288
from terminal.errors import BadSettings
from terminal.peripherals.build_speaker import build_speaker
from terminal.peripherals.phrases import phrase
from terminal.peripherals.place import Place
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.settings import SpeakerTable
from terminal.virtual_time import VirtualClock, run
from tests.devices.wires import wire

PROTOCOLS = of_role("speaker")


def build(zone: str = "UTC", **table: Any) -> TalkingSpeaker:
    async def on_the_loop() -> TalkingSpeaker:
        settings = SpeakerTable(**{"port": "link:/dev/x", **table})
        return build_speaker(Place("1", "speaker", settings, VirtualClock()), phrase, settings, zone)

    return run(on_the_loop(), seed=1)


def wrong(**table: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(BadSettings) as caught:
        build(**table)
    return caught.value.slug, dict(caught.value.facts)


@pytest.mark.row(50, 51)
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.name)
def test_every_protocol_has_profiles_a_driver_and_an_adapter(protocol: Any) -> None:
    port = "audio:default" if protocol.links == ("audio",) else "tcp:127.0.0.1:9"

    async def drivers() -> None:
        for name in protocol.profiles:
            profile = load_profile(name)
            assert profile.protocol == protocol.name
            assert not protocol.bauds or profile.baud in protocol.bauds
            make_driver(wire(Syn6288()), profile)

    run(drivers(), seed=1)
    for name in ("", *protocol.profiles):
        health = build(port=port, driver=protocol.name, profile=name, volume=50).health()
        assert health.detail == {"port": port}


def test_the_profile_alone_is_enough() -> None:
    assert build(profile="jq8900").health().state.value == "cannot_tell"
    assert build(port="audio:hw:0,0", profile="audio-pipewire").health().detail["port"] == "audio:hw:0,0"


@pytest.mark.parametrize(("driver", "profile"), [("dfplayer", "syn6288"), ("audio", "jq8900")])
def test_bad_input_a_profile_of_another_driver_is_told(driver: str, profile: str) -> None:
    slug, facts = wrong(driver=driver, profile=profile)
    assert (slug, facts["key"]) == ("config_value_wrong", "counters.1.speaker.profile")
    assert profile in facts["why"]


@pytest.mark.parametrize("port", ["link:/dev/x", "audio:", "audio:-D", "default"])
def test_bad_input_a_port_that_is_no_sound_output(port: str) -> None:
    assert wrong(driver="audio", port=port) == ("config_port_unknown", {"port": port})


def test_bad_input_a_serial_driver_on_a_sound_output() -> None:
    assert wrong(driver="dfplayer", port="audio:default") == ("config_port_unknown", {"port": "audio:default"})


@pytest.mark.row(50)
def test_quiet_hours_are_of_the_shops_zone_and_said_in_health() -> None:
    all_day = build("Asia/Shanghai", quiet=("00:00", "23:59"))
    assert all_day.health().detail["quiet"] == "00:00-23:59"
    slug, facts = wrong(zone="Mars/North", quiet=("22:00", "07:00"))
    assert (slug, facts["key"]) == ("config_value_wrong", "counters.1.speaker.quiet")
