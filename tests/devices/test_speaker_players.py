"""Players of clips in virtual time: every clip once and in order, nothing after a hole, every wait limited."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.speaker.audio_driver import AudioOutput
from drivers.speaker.dfplayer_driver import DfPlayer
from drivers.speaker.driver import SpeakerDriver, make_driver
from drivers.speaker.phrase import START_LIMIT_S, Clip, Phrase, Spoken
from drivers.speaker.profile import load_profile
from drivers.transport import Transport
from firmware_stubs.speaker import Syn6288
from firmware_stubs.speaker_audio import AudioStub
from firmware_stubs.speaker_dfplayer import DfPlayerStub
from firmware_stubs.speaker_jq8900 import Jq8900Stub
from firmware_stubs.speaker_xfs5152 import Xfs5152
from firmware_stubs.wire import Stub
from terminal.virtual_time import run
from tests.devices.conformance.speaker import BEEP
from tests.devices.wires import wire

CLIPS = {1: 600, 2: 300, 3: 250, 4: 450}
WORDS = Phrase(clips=tuple(Clip(number, ms, BEEP) for number, ms in CLIPS.items()))
ORDER = [1, 2, 3, 4]
NAMES = ["01", "02", "03", "04"]


def df(**faults: Any) -> DfPlayerStub:
    return DfPlayerStub(clips=dict(CLIPS), **faults)


def jq(**faults: Any) -> Jq8900Stub:
    return Jq8900Stub(clips=dict(zip(NAMES, CLIPS.values(), strict=True)), **faults)


def driver(name: str, transport: Transport) -> SpeakerDriver:
    return make_driver(transport, load_profile(name))


def say(name: str, stub: Stub, *phrases: Phrase, **faults: Any) -> tuple[list[Spoken], float]:
    """Say the phrases one after the other; the outcomes and the seconds they took."""

    async def story() -> tuple[list[Spoken], float]:
        speaker = driver(name, wire(stub, **faults))
        return [await speaker.say(phrase) for phrase in phrases or (WORDS,)], asyncio.get_running_loop().time()

    return run(story(), seed=1)


def told(story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return run(story(), seed=1)


# --- one by one: DFPlayer -------------------------------------------------------------------------------------


@pytest.mark.row(51)
@pytest.mark.parametrize("faults", [{}, {"chunk": 1}, {"noise": b"\x7e\xff"}, {"paced": True, "baud": 9600}])
def test_clips_are_played_in_order_each_to_its_end(faults: dict[str, Any]) -> None:
    stub = df()
    assert say("dfplayer", stub, **faults)[0] == [Spoken.DONE]
    assert stub.heard == ORDER
    assert stub.volume == 22


def test_each_end_is_believed_at_once_however_short_the_clip() -> None:
    outcomes, took_s = say("dfplayer", df())
    assert outcomes == [Spoken.DONE]
    assert took_s <= (sum(CLIPS.values()) + 4 * 100) / 1000 + 0.1


FAULTS: tuple[dict[str, Any], ...] = ({}, {"hang": True}, {"mute": True}, {"dead": True})


@pytest.mark.parametrize("fault", [*FAULTS, {"lose_ends": 4}, {"busy": 2}, {"lose_acks": 1}, {"gap_ms": 300}])
@pytest.mark.parametrize("count", [1, 4, 48])
def test_a_phrase_of_clips_ends_within_the_limit_it_tells(fault: dict[str, Any], count: int) -> None:
    phrase = Phrase(clips=(WORDS.clips * 12)[:count])

    async def story() -> None:
        stubs: dict[str, Stub] = {"dfplayer": df(**fault)}
        if fault in FAULTS:
            stubs["jq8900"] = jq(**fault)
        for name, stub in stubs.items():
            speaker = driver(name, wire(stub))
            async with asyncio.timeout(speaker.limit_s(phrase)):
                await speaker.say(phrase)

    told(story)


@pytest.mark.parametrize("twice", [1, 60, 190])
def test_an_end_told_twice_cuts_no_clip(twice: int) -> None:
    stub = df(twice=twice, gap_ms=0)
    assert say("dfplayer", stub)[0] == [Spoken.DONE]
    assert stub.heard == ORDER


def test_a_module_that_is_busy_twice_is_asked_again_and_plays_once() -> None:
    stub = df(busy=2)
    assert say("dfplayer", stub)[0] == [Spoken.DONE]
    assert stub.heard == ORDER
    stub = df(busy=3)
    assert say("dfplayer", stub)[0] == [Spoken.NOT_SPOKEN]
    assert stub.played == []


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [(1, Spoken.DONE), (2, Spoken.DONE), (3, Spoken.DONE), (4, Spoken.DONE), (5, Spoken.NOT_SPOKEN)]
    + [(each, Spoken.NOT_SPOKEN) for each in (6, 7, 8, 10)],
)
def test_what_may_pass_is_asked_again_and_what_stays_is_left_unsaid(trouble: int, outcome: Spoken) -> None:
    """Busy, asleep, a spoiled frame or check may pass; a number, a file or a card that is wrong stays so."""
    stub = df(busy=1, trouble=trouble)
    assert say("dfplayer", stub)[0] == [outcome]
    assert stub.heard == (ORDER if outcome is Spoken.DONE else [])


def test_ends_told_of_a_stick_count_as_those_of_a_card() -> None:
    assert say("dfplayer", df(usb=True)) == say("dfplayer", df())


def test_i11_a_lost_acknowledgement_is_unsure_and_the_clip_is_not_started_again() -> None:
    stub = df(lose_acks=1)
    assert say("dfplayer", stub)[0] == [Spoken.UNSURE]
    assert [clip.number for clip in stub.played] == [1]


def test_a_lost_end_is_asked_for_and_the_phrase_goes_on() -> None:
    stub = df(lose_ends=1)
    assert say("dfplayer", stub)[0] == [Spoken.DONE]
    assert stub.heard == ORDER


def test_i11_a_missing_clip_ends_the_phrase_because_half_an_amount_is_another_amount() -> None:
    stub = df()
    del stub.clips[2]
    assert say("dfplayer", stub)[0] == [Spoken.UNSURE]
    assert stub.heard == [1]
    stub = df()
    del stub.clips[1]
    assert say("dfplayer", stub)[0] == [Spoken.NOT_SPOKEN]
    assert stub.heard == []


def test_v1_a_module_that_hangs_is_unsure_once_and_then_not_spoken_within_two_seconds() -> None:
    stub = df(hang=True)
    (first, second), took_s = say("dfplayer", stub, WORDS, WORDS)
    assert (first, second) == (Spoken.UNSURE, Spoken.NOT_SPOKEN)
    assert len(stub.played) == 1
    assert took_s <= 0.6 + 0.3 + 0.7 + 1.5 + START_LIMIT_S + 0.1


@pytest.mark.parametrize("fault", ["mute", "dead"])
@pytest.mark.parametrize("name", ["dfplayer", "jq8900"])
def test_v1_a_silent_player_is_given_up_within_two_seconds(name: str, fault: str) -> None:
    stub = df(**{fault: True}) if name == "dfplayer" else jq(**{fault: True})
    outcomes, took_s = say(name, stub)
    assert outcomes == [Spoken.NOT_SPOKEN]
    assert took_s <= START_LIMIT_S
    assert stub.played == []


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("name", ["dfplayer", "syn6288", "xfs5152"])
def test_l5_our_own_bytes_coming_back_are_no_speaker_and_are_named(name: str, there: bool) -> None:
    """A DFPlayer's answer to a question looks like the question: an echo would be a module without a card."""
    stubs: dict[str, Stub] = {
        "dfplayer": df(dead=not there),
        "syn6288": Syn6288(dead=not there),
        "xfs5152": Xfs5152(dead=not there),
    }

    async def story() -> None:
        with pytest.raises(DeviceRefused, match="what we send comes back"):
            await driver(name, wire(stubs[name], echo=True)).hello()

    told(story)


def test_a_board_that_hears_itself_is_asked_through_its_echo() -> None:
    stub = jq()
    assert say("jq8900", stub, echo=True)[0] == [Spoken.DONE]
    assert stub.heard == [NAMES]


def test_a_module_that_gets_its_power_with_the_port_is_waited_for() -> None:
    stub = df(boot_ms=1450)

    async def story() -> dict[str, str]:
        speaker = driver("dfplayer", wire(stub))
        hello = await speaker.hello()
        assert await speaker.say(WORDS) is Spoken.DONE
        return hello

    assert told(story) == {"files": "4"}
    assert stub.heard == ORDER


def test_a_card_without_clips_is_told_at_the_greeting() -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match="no clips"):
            await driver("dfplayer", wire(DfPlayerStub())).hello()

    told(story)


def test_i11_a_module_that_acknowledges_first_and_misses_the_file_behind_it_is_silent() -> None:
    stub = df(ack_first=True)
    del stub.clips[1]
    outcomes, took_s = say("dfplayer", stub)
    assert outcomes == [Spoken.NOT_SPOKEN]
    assert took_s < 0.2, "it was told, not waited for"


def test_i11_a_module_that_dies_in_the_middle_is_unsure_and_its_phrase_is_over() -> None:
    stub = df()

    async def story() -> tuple[Spoken, float]:
        saying = asyncio.create_task(driver("dfplayer", wire(stub)).say(WORDS))
        await asyncio.sleep(0.9)
        stub.dead = True
        return await saying, asyncio.get_running_loop().time()

    spoken, took_s = told(story)
    assert spoken is Spoken.UNSURE
    assert took_s <= 0.9 + 0.5 + 0.3 + 0.7 + 1.5
    assert len(stub.played) == 2


@pytest.mark.parametrize("name", ["dfplayer", "jq8900"])
def test_what_still_plays_after_our_restart_is_let_finish(name: str) -> None:
    df_stub, jq_stub = df(), jq()
    stub = df_stub if name == "dfplayer" else jq_stub
    first = "7E FF 06 12 00 00 01 FE E8 EF" if name == "dfplayer" else "AA 1B 04 30 31 30 32 8C"

    async def story() -> Spoken:
        cable = wire(stub)
        await cable.write(bytes.fromhex(first))
        await asyncio.sleep(0.1)
        return await driver(name, cable).say(WORDS)

    assert told(story) is Spoken.DONE
    assert stub.played[0].whole
    assert df_stub.heard == [1, *ORDER] or jq_stub.heard == [["01", "02"], NAMES]


@pytest.mark.row(52)
def test_i11_a_card_pulled_in_the_middle_is_unsure() -> None:
    stub = df()

    async def story() -> Spoken:
        cable = wire(stub)
        saying = asyncio.create_task(driver("dfplayer", cable).say(WORDS))
        await asyncio.sleep(1)
        stub.pull_card()
        cable.poke()
        return await saying

    assert told(story) is Spoken.UNSURE
    assert len(stub.heard) == 1


def test_i11_a_card_pulled_in_the_last_clip_is_unsure() -> None:
    stub = df()

    async def story() -> Spoken:
        cable = wire(stub)
        saying = asyncio.create_task(driver("dfplayer", cable).say(Phrase(clips=WORDS.clips[:1])))
        await asyncio.sleep(0.3)
        stub.pull_card()
        cable.poke()
        return await saying

    assert told(story) is Spoken.UNSURE
    assert stub.heard == []


@pytest.mark.row(50)
def test_volume_is_set_when_it_changes_and_again_after_a_power_cut() -> None:
    stub, heard = df(), []

    async def story() -> None:
        cable = wire(stub)
        speaker = DfPlayer(cable, load_profile("dfplayer"))
        for percent in (100, 10, None):
            await speaker.say(Phrase(clips=WORDS.clips[:1], volume=percent))
            heard.append(stub.volume)
        stub.power_cycle(cable.now_ms())
        cable.poke()
        await asyncio.sleep(1.5)
        await speaker.say(WORDS)
        heard.append(stub.volume)

    told(story)
    assert heard == [30, 3, 22, 22]


# --- as a list: JQ8900 ----------------------------------------------------------------------------------------


@pytest.mark.row(51)
@pytest.mark.parametrize("faults", [{}, {"chunk": 1}, {"noise": b"\xaa\x01\x01"}, {"paced": True, "baud": 9600}])
def test_a_list_is_played_whole_and_its_end_waited_for(faults: dict[str, Any]) -> None:
    stub = jq()
    outcomes, took_s = say("jq8900", stub, **faults)
    assert outcomes == [Spoken.DONE]
    assert stub.heard == [NAMES]
    assert took_s >= sum(CLIPS.values()) / 1000


def test_i11_a_board_that_never_says_that_it_plays_is_unsure_and_gets_the_list_once() -> None:
    stub = jq(stuck=True)
    assert say("jq8900", stub)[0] == [Spoken.UNSURE]
    assert len(stub.played) == 1


def test_a_board_that_somebody_paused_is_well_and_plays_the_next_list() -> None:
    stub = jq(paused=True)
    assert say("jq8900", stub)[0] == [Spoken.DONE]
    assert stub.heard == [NAMES]


def test_a_board_is_asked_every_100_to_200_ms_while_it_plays() -> None:
    asked_ms: list[int] = []

    async def story() -> Spoken:
        cable = wire(jq())

        def note(data: bytes) -> bytes:
            asked_ms.extend([cable.now_ms()] * (data == bytes.fromhex("AA 01 00 AB")))
            return data

        cable.to_device = note
        return await driver("jq8900", cable).say(WORDS)

    assert told(story) is Spoken.DONE
    assert len(asked_ms) > 8
    assert all(100 <= after - before <= 200 for before, after in pairwise(asked_ms[1:]))


@pytest.mark.parametrize("after_s", [0, 100])
def test_i11_a_list_that_ended_too_early_is_unsure(after_s: int) -> None:
    stub = jq()
    del stub.clips["02"]

    async def story() -> Spoken:
        speaker = driver("jq8900", wire(stub))
        await asyncio.sleep(after_s)
        return await speaker.say(WORDS)

    assert told(story) is Spoken.UNSURE
    assert stub.heard == []


def test_v1_a_board_that_never_stops_is_unsure_once_and_then_not_spoken() -> None:
    stub = jq(hang=True)
    (first, second), took_s = say("jq8900", stub, WORDS, WORDS)
    assert (first, second) == (Spoken.UNSURE, Spoken.NOT_SPOKEN)
    assert len(stub.played) == 1
    assert took_s <= 1.6 + 0.3 + 2 + START_LIMIT_S


def test_l7_lost_answers_are_asked_for_again() -> None:
    stub = jq(lose_answers=2)
    assert say("jq8900", stub)[0] == [Spoken.DONE]
    assert stub.heard == [NAMES]


@pytest.mark.parametrize("name", ["dfplayer", "jq8900", "audio"])
def test_a_phrase_longer_than_a_player_takes_is_not_cut_but_left_unsaid(name: str) -> None:
    stubs: dict[str, Stub] = {"dfplayer": df(), "jq8900": jq(), "audio": AudioStub()}
    assert say(name, stubs[name], Phrase(clips=WORDS.clips * 20))[0] == [Spoken.NOT_SPOKEN]


# --- this computer's own output -------------------------------------------------------------------------------


@pytest.mark.row(51)
def test_the_clips_become_one_sound() -> None:
    stub = AudioStub()
    assert say("audio", stub)[0] == [Spoken.DONE]
    assert len(stub.played) == 1


def test_a_player_that_ends_in_error_is_told_and_not_repeated() -> None:
    stub = AudioStub(fail=1)
    with pytest.raises(DeviceRefused, match="status 1"):
        say("audio", stub)
    assert stub.played == []


def test_v1_a_player_that_hangs_ends_within_its_spare_time() -> None:
    async def story() -> tuple[Spoken, float]:
        speaker = AudioOutput(wire(AudioStub(hang=True)), load_profile("audio"))
        return await speaker.say(WORDS), asyncio.get_running_loop().time()

    spoken, took_s = told(story)
    assert spoken is Spoken.UNSURE
    assert took_s <= 2.2


def test_i11_a_recording_that_is_missing_here_leaves_all_unsaid() -> None:
    stub = AudioStub()
    assert say("audio", stub, Phrase(clips=(*WORDS.clips, Clip(9, 300, "/nowhere/9.wav"))))[0] == [
        Spoken.NOT_SPOKEN
    ]
    assert stub.played == []


# --- all of them ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dfplayer", "jq8900", "audio"])
def test_v2_a_second_phrase_waits_for_the_end_of_the_first(name: str) -> None:
    stubs: dict[str, Stub] = {"dfplayer": df(), "jq8900": jq(), "audio": AudioStub()}

    async def story() -> list[Spoken]:
        speaker = driver(name, wire(stubs[name]))
        return list(await asyncio.gather(speaker.say(WORDS), speaker.say(WORDS)))

    assert told(story) == [Spoken.DONE, Spoken.DONE]
    assert {"dfplayer": 8, "jq8900": 2, "audio": 2}[name] == len(stubs[name].played)  # type: ignore[attr-defined]  # all have it
    if name == "dfplayer":
        assert df_heard(stubs[name]) == ORDER * 2


def df_heard(stub: Stub) -> list[int]:
    assert isinstance(stub, DfPlayerStub)
    return stub.heard


@pytest.mark.parametrize("name", ["dfplayer", "jq8900", "audio"])
def test_nothing_to_say_is_not_spoken(name: str) -> None:
    stubs: dict[str, Stub] = {"dfplayer": df(), "jq8900": jq(), "audio": AudioStub()}
    assert say(name, stubs[name], Phrase(text="words without recordings"))[0] == [Spoken.NOT_SPOKEN]


@pytest.mark.parametrize("name", ["dfplayer", "jq8900"])
def test_l8_a_line_that_stalls_before_the_phrase_is_silence_and_inside_it_is_unsure(name: str) -> None:
    asked = 20 if name == "dfplayer" else 9
    for stub, stall, spoken in ((df(), 0, Spoken.NOT_SPOKEN), (df(), asked + 4, Spoken.UNSURE)):
        each: Stub = stub if name == "dfplayer" else jq()
        assert say(name, each, stall_after=stall)[0] == [spoken]


@pytest.mark.parametrize("name", ["dfplayer", "jq8900"])
def test_l1_an_unplugged_player_is_gone(name: str) -> None:
    with pytest.raises(DeviceGone):
        say(name, df() if name == "dfplayer" else jq(), cut_after=15)


@pytest.mark.parametrize("name", ["dfplayer", "jq8900"])
def test_hush_stops_what_is_played_and_a_silent_player_is_missed(name: str) -> None:
    df_stub, jq_stub = df(), jq()
    stub = df_stub if name == "dfplayer" else jq_stub

    async def story() -> Spoken:
        cable = wire(stub)
        speaker = driver(name, cable)
        saying = asyncio.create_task(speaker.say(WORDS))
        await asyncio.sleep(0.5)
        await speaker.hush()
        spoken = await saying
        assert await speaker.alive()
        stub.dead = True
        with pytest.raises(DeviceTimeout, match=r"^speaker:"):
            await speaker.alive()
        return spoken

    assert told(story) is Spoken.UNSURE
    assert len(stub.played) == 1
    assert not stub.played[0].whole
