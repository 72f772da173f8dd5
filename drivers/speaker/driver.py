"""What every speaker does, whatever its protocol: say one phrase, stop, tell that it is there."""

from typing import Protocol

from drivers.speaker.phrase import Phrase, Spoken
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import Transport


class SpeakerDriver(Protocol):
    async def hello(self) -> dict[str, str]:
        """Prove that it is the speaker we expect, where it can answer; what it told of itself.

        Raises DeviceTimeout: nobody, or somebody else; DeviceRefused: it cannot play; DeviceGone.
        """
        ...

    async def alive(self) -> bool:
        """Ask an idle speaker; False: it cannot be asked. Raises DeviceTimeout, DeviceGone."""
        ...

    async def say(self, phrase: Phrase) -> Spoken:
        """Say it once and wait for its end, one phrase at a time, within ``limit_s`` after its turn has come.

        Raises:
            DeviceGone: the port closed. It may have spoken.
        """
        ...

    async def hush(self) -> None:
        """Stop what is being said, whoever started it. Raises DeviceTimeout, DeviceGone."""
        ...

    def limit_s(self, phrase: Phrase) -> float:
        """The longest that saying it may take, in seconds."""
        ...


def make_driver(transport: Transport, profile: SpeakerProfile) -> SpeakerDriver:
    """The driver that speaks the profile's protocol."""
    match profile.protocol:
        case "syn6288":
            from drivers.speaker import syn6288
            from drivers.speaker.chip import TalkingChip

            return TalkingChip(transport, profile, syn6288.CODEC)
        case "xfs5152":
            from drivers.speaker import xfs5152
            from drivers.speaker.chip import TalkingChip

            return TalkingChip(transport, profile, xfs5152.CODEC)
        case "dfplayer":
            from drivers.speaker.dfplayer_driver import DfPlayer

            return DfPlayer(transport, profile)
        case "jq8900":
            from drivers.speaker.jq8900_driver import Jq8900

            return Jq8900(transport, profile)
        case "audio":
            from drivers.speaker.audio_driver import AudioOutput

            return AudioOutput(transport, profile)
    raise ValueError(f"speaker profile {profile.name}: no driver speaks {profile.protocol!r}")
