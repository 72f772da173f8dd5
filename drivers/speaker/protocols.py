"""The speaker protocols, the usual one first.

None is probed: each question to a speaker is text or a command to some printer or pole display, and a speaker is
the one device that everybody hears when a person tries it.
"""

from typing import Final

from drivers.device_protocol import DeviceProtocol

PROTOCOLS: Final[tuple[DeviceProtocol, ...]] = (
    DeviceProtocol(
        role="speaker",
        name="syn6288",
        title="SYN6288 talking chip",
        profiles=("syn6288",),
        links=("serial", "tcp"),
        bauds=(9600, 19200, 38400),
        sources=("YuTone, SYN6288 data sheet, as quoted in public drivers",),
        unverified=("text tags for volume and speed: of the chip family, their range is kept small",),
    ),
    DeviceProtocol(
        role="speaker",
        name="xfs5152",
        title="XFS5152CE talking chip",
        profiles=("xfs5152",),
        links=("serial", "tcp"),
        bauds=(115200, 9600),
        sources=("iFlytek, XFS5152CE development guide, as quoted in public drivers",),
        unverified=(
            "answers to frames of a wrong length; we never send one",
            "the tag for speed: it is not sent",
        ),
    ),
    DeviceProtocol(
        role="speaker",
        name="dfplayer",
        title="DFPlayer mini (YX5200, YX5300, FN-M16P, YX6100)",
        profiles=("dfplayer",),
        links=("serial", "tcp"),
        bauds=(9600,),
        sources=(
            "FN-M16P Embedded MP3 Audio Module data sheet",
            "DFRobot, DFRobotDFPlayerMini library",
        ),
        unverified=(
            "an end told twice: told apart by 200 ms, and no clip is shorter",
            "pauses of 100 to 300 ms between clips: only the limit of a phrase depends on them",
        ),
    ),
    DeviceProtocol(
        role="speaker",
        name="jq8900",
        title="JQ8900, JQ8400, DY-SV, DFR0534 boards",
        profiles=("jq8900",),
        links=("serial", "tcp"),
        bauds=(9600,),
        sources=("DFRobot, DFR0534 Voice Module wiki", "SnijderC/dyplayer"),
        unverified=(
            "the longest list of a combination: at most 48 clips are sent, an amount needs 20",
            "the folder is DY on some boards: copy ZH there",
        ),
    ),
    DeviceProtocol(
        role="speaker",
        name="audio",
        title="This computer's own sound output",
        profiles=("audio", "audio-pulse", "audio-pipewire"),
        links=("audio",),
        bauds=(),
        sources=("alsa-utils, aplay(1)", "PulseAudio, paplay(1)", "PipeWire, pw-cat(1)"),
        not_run="no sound card in the tests: a player program of the tests' own stands for it",
    ),
)
