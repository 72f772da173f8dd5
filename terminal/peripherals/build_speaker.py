"""Which adapter drives a counter's speaker, by the protocol its settings name."""

from collections.abc import Callable
from functools import partial

from drivers.audio_port import audio_command, open_audio
from drivers.speaker import profile as speakers
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import OpenTransport
from terminal.counter.ports import Utterance
from terminal.errors import BadSettings
from terminal.peripherals.loudness import Loudness, VolumeTable
from terminal.peripherals.place import Place
from terminal.peripherals.speaker import TalkingSpeaker


def build_speaker(
    place: Place, phrase: Callable[[Utterance], str], volume: VolumeTable, zone: str = "UTC"
) -> TalkingSpeaker:
    """``zone`` is the shop's, for quiet hours. Raises BadSettings."""
    profile = place.profile(speakers.load_profile)
    if place.table.driver and profile.protocol != place.protocol.name:
        raise place.wrong("profile", f"{profile.name!r} is of the driver {profile.protocol!r}")
    try:
        loudness = Loudness.of(volume, zone)
    except ValueError as error:
        raise place.wrong("quiet", str(error)) from None
    open_ = _opener(place, profile)
    return TalkingSpeaker(
        place.table.port, open_, place.clock, profile=profile, phrase=phrase, sweep=place.sweep, loudness=loudness
    )


def _opener(place: Place, profile: SpeakerProfile) -> OpenTransport:
    port = place.table.port
    if profile.protocol != "audio":
        return place.opener(profile.baud)
    try:
        audio_command(port, profile.command)
    except ValueError:
        raise BadSettings("config_port_unknown", port=port) from None
    return partial(open_audio, port, profile.command)
