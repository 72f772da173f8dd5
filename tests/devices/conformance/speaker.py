"""Speakers: greeted, then one phrase said once, to its end."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, cast

from drivers.speaker.driver import make_driver
from drivers.speaker.phrase import Clip, Phrase, Spoken
from drivers.speaker.profile import load_profile
from drivers.transport import Transport
from firmware_stubs.speaker import Syn6288
from firmware_stubs.speaker_audio import AudioStub
from firmware_stubs.speaker_dfplayer import DfPlayerStub
from firmware_stubs.speaker_jq8900 import Jq8900Stub
from firmware_stubs.speaker_xfs5152 import Xfs5152
from firmware_stubs.wire import Stub
from tests.devices.conformance.case import DeviceCase

BEEP: Final = str(Path(__file__).parent / "beep.wav")
"""Four samples."""
PHRASE: Final = Phrase("两元", (Clip(1, 60, BEEP), Clip(2, 80, BEEP)))


class NotSaid(Exception):
    pass


def greeting(profile: str) -> Callable[[Transport], Awaitable[object]]:
    return lambda transport: make_driver(transport, load_profile(profile)).hello()


def saying(profile: str) -> Callable[[Transport], Awaitable[object]]:
    async def act(transport: Transport) -> None:
        speaker = make_driver(transport, load_profile(profile))
        await speaker.hello()
        spoken = await speaker.say(PHRASE)
        if spoken is not Spoken.DONE:
            raise NotSaid(spoken)

    return act


def case(
    name: str, stub: Callable[[], Stub], did: Callable[[Stub], bool], vectors: str, *, answers: bool = True
) -> DeviceCase:
    return DeviceCase(
        key=f"speaker/{name}",
        stub=stub,
        greet=greeting(name),
        act=saying(name),
        did=did,
        answers=answers,
        vectors=vectors,
        failures=(NotSaid,),
        baud=load_profile(name).baud,
    )


def chip_said(stub: Stub) -> bool:
    return cast(Syn6288, stub).heard == ["两元"]


CASES: Final = (
    case("syn6288", lambda: Syn6288(ms_per_character=50), chip_said, "syn6288.hex"),
    case("xfs5152", lambda: Xfs5152(ms_per_character=50), chip_said, "xfs5152.hex"),
    case(
        "dfplayer",
        lambda: DfPlayerStub(clips={1: 210, 2: 220}, gap_ms=10),
        lambda stub: cast(DfPlayerStub, stub).heard == [1, 2],
        "dfplayer.hex",
    ),
    case(
        "jq8900",
        lambda: Jq8900Stub(clips={"01": 110, "02": 120}),
        lambda stub: cast(Jq8900Stub, stub).heard == [["01", "02"]],
        "jq8900.hex",
    ),
    case(
        "audio",
        AudioStub,
        lambda stub: len(cast(AudioStub, stub).played) == 1,
        "wav.hex",
        answers=False,
    ),
)
