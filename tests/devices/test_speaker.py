"""The speaker driver on a simulated chip, in virtual time: each phrase at most once, every wait limited."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from drivers.errors import DeviceGone, DeviceTimeout
from drivers.speaker import syn6288
from drivers.speaker.chip import TalkingChip
from drivers.speaker.phrase import Phrase, Spoken
from drivers.speaker.profile import load_profile
from drivers.transport import Transport
from firmware_stubs.speaker import Syn6288
from terminal.virtual_time import run
from tests.devices.wires import wire

TEXT = "支付宝到账，二十八元五角"
OTHER = "微信支付到账，两元"


def chip(transport: Transport) -> TalkingChip:
    return TalkingChip(transport, load_profile("syn6288"), syn6288.CODEC)


def say(stub: Syn6288, *texts: str, **faults: Any) -> tuple[list[Spoken], float]:
    """Say the texts one after the other; the outcomes and the seconds they took."""

    async def story() -> tuple[list[Spoken], float]:
        speaker = chip(wire(stub, **faults))
        outcomes = [await speaker.say(Phrase(text)) for text in texts]
        return outcomes, asyncio.get_running_loop().time()

    return run(story(), seed=1)


@pytest.mark.row(51)
@pytest.mark.parametrize("faults", [{}, {"chunk": 1}, {"noise": b"\x00\xff"}, {"paced": True, "baud": 9600}])
def test_a_phrase_is_spoken_to_its_end(faults: dict[str, Any]) -> None:
    stub = Syn6288()
    assert say(stub, TEXT, **faults)[0] == [Spoken.DONE]
    assert stub.heard == [TEXT]
    assert stub.transcript[0].raw.startswith(b"[v10][t4]")


def test_v2_a_second_phrase_waits_for_the_end_of_the_first() -> None:
    stub = Syn6288()

    async def story() -> list[Spoken]:
        speaker = chip(wire(stub))
        return list(await asyncio.gather(speaker.say(Phrase(TEXT)), speaker.say(Phrase(OTHER))))

    assert run(story(), seed=3) == [Spoken.DONE, Spoken.DONE]
    assert sorted(stub.heard) == sorted([TEXT, OTHER])
    first, second = stub.transcript
    assert first.ended_ms is not None
    assert second.started_ms >= first.ended_ms


def test_what_the_chip_still_speaks_after_our_restart_is_let_finish() -> None:
    stub = Syn6288(ms_per_character=100)

    async def story() -> Spoken:
        cable = wire(stub)
        await cable.write(bytes.fromhex("FD 00 0A 01 01 CA D5 BF EE 31 D4 AA F6"))
        await asyncio.sleep(0.1)
        return await chip(cable).say(Phrase(TEXT))

    assert run(story(), seed=1) is Spoken.DONE
    assert stub.heard == ["收款1元", TEXT]


@pytest.mark.parametrize(
    ("stub", "spoken", "heard"),
    [
        (Syn6288(dead=True), Spoken.NOT_SPOKEN, 0),
        (Syn6288(mute=True), Spoken.NOT_SPOKEN, 0),
        (Syn6288(refuse=3), Spoken.NOT_SPOKEN, 0),
        (Syn6288(refuse=2), Spoken.DONE, 1),
    ],
)
def test_v1_a_silent_or_refusing_chip_is_given_up_within_two_seconds(
    stub: Syn6288, spoken: Spoken, heard: int
) -> None:
    outcomes, took_s = say(stub, TEXT)
    assert outcomes == [spoken]
    assert len(stub.transcript) == heard
    assert heard or took_s <= 2.0


def test_v1_a_player_that_hangs_is_unsure_once_and_then_not_spoken_within_two_seconds() -> None:
    stub, ends_s = Syn6288(hang=True), [0.0]

    async def story() -> list[Spoken]:
        speaker, outcomes = chip(wire(stub)), []
        for text in (TEXT, OTHER):
            outcomes.append(await speaker.say(Phrase(text)))
            ends_s.append(asyncio.get_running_loop().time())
        return outcomes

    assert run(story(), seed=1) == [Spoken.UNSURE, Spoken.NOT_SPOKEN]
    assert [said.text for said in stub.transcript] == [TEXT]
    began_s, first_s, second_s = ends_s
    assert first_s - began_s <= 24 * 0.4 + 2.1
    assert second_s - first_s <= 2.0


@pytest.mark.parametrize("faults", [{"ms_per_character": 790}, {"hang": True}, {"refuse": 2}, {"mute": True}])
@pytest.mark.parametrize("text", ["元", TEXT, TEXT * 25])
def test_a_phrase_ends_within_the_limit_it_tells(faults: dict[str, Any], text: str) -> None:
    async def story() -> None:
        speaker, phrase = chip(wire(Syn6288(**faults))), Phrase(text)
        async with asyncio.timeout(speaker.limit_s(phrase)):
            await speaker.say(phrase)

    run(story(), seed=1)


def test_two_frames_are_more_than_eight_milliseconds_apart() -> None:
    """The data sheet: a gap of 8 ms ends a frame, so the next one may begin behind it only."""
    stub, sent_ms = Syn6288(refuse=2), list[int]()

    async def story() -> Spoken:
        cable = wire(stub)

        def note(data: bytes) -> bytes:
            sent_ms.append(cable.now_ms())
            return data

        cable.to_device = note
        return await chip(cable).say(Phrase(TEXT))

    assert run(story(), seed=1) is Spoken.DONE
    assert len(sent_ms) == 4, "the question and the phrase three times"
    assert min(after - before for before, after in pairwise(sent_ms)) > 8


def test_i11_a_lost_end_is_unsure_and_the_phrase_is_not_said_again() -> None:
    stub = Syn6288(lose_ends=1)
    assert say(stub, TEXT)[0] == [Spoken.UNSURE]
    assert stub.heard == [TEXT]


def test_i11_a_chip_that_goes_mute_behind_the_question_is_unsure_and_asked_nothing_twice() -> None:
    stub = Syn6288()

    async def story() -> Spoken:
        cable = wire(stub)

        def lose_taken(data: bytes) -> bytes:
            return data.replace(b"\x41", b"")

        cable.to_host = lose_taken
        return await chip(cable).say(Phrase(TEXT))

    assert run(story(), seed=1) is Spoken.UNSURE
    assert len(stub.transcript) == 1


def test_i11_a_reboot_inside_a_phrase_is_unsure() -> None:
    stub = Syn6288()

    async def story() -> Spoken:
        cable = wire(stub)
        speaking = asyncio.create_task(chip(cable).say(Phrase(TEXT)))
        await asyncio.sleep(1)
        stub.reboot()
        cable.poke()
        return await speaking

    assert run(story(), seed=1) is Spoken.UNSURE
    assert stub.heard == []


def test_l7_answers_later_than_the_limit_belong_to_nobody() -> None:
    stub = Syn6288()
    outcomes, took_s = say(stub, TEXT, delay_s=1.6)
    assert outcomes == [Spoken.NOT_SPOKEN]
    assert stub.transcript == []
    assert took_s <= 2.0


@pytest.mark.parametrize("delay_s", [0.3, 0.5, 1.0])
def test_l7_a_slow_line_may_speak_once_and_is_never_called_silent(delay_s: float) -> None:
    stub = Syn6288()
    assert say(stub, TEXT, delay_s=delay_s)[0] == [Spoken.UNSURE]
    assert len(stub.transcript) == 1


def test_l8_a_line_that_stalls_before_the_phrase_is_silence_and_inside_it_is_unsure() -> None:
    assert say(Syn6288(), TEXT, stall_after=0)[0] == [Spoken.NOT_SPOKEN]
    assert say(Syn6288(), TEXT, stall_after=12)[0] == [Spoken.UNSURE]


def test_l1_an_unplugged_speaker_is_gone() -> None:
    with pytest.raises(DeviceGone):
        say(Syn6288(), TEXT, cut_after=9)


def test_busy_and_hush() -> None:
    stub = Syn6288(hang=True)

    async def story() -> tuple[bool, bool]:
        cable = wire(stub)
        speaker = chip(cable)
        await speaker.say(Phrase("一"))
        before = await speaker.busy()
        await speaker.hush()
        await asyncio.sleep(0.05)
        after = await speaker.busy()
        stub.dead = True
        with pytest.raises(DeviceTimeout, match=r"^speaker:"):
            await speaker.busy()
        return before, after

    assert run(story(), seed=1) == (True, False)


def test_a_text_longer_than_a_frame_is_spoken_in_order() -> None:
    stub = Syn6288(ms_per_character=10)
    text = "".join(f"第{number}笔，" for number in range(60))
    assert say(stub, text)[0] == [Spoken.DONE]
    assert len(stub.heard) > 2
    assert "".join(stub.heard) == text


def test_v1_a_text_that_would_take_more_frames_than_the_limit_is_not_begun() -> None:
    stub = Syn6288()
    assert say(stub, "元" * 500)[0] == [Spoken.NOT_SPOKEN]
    assert stub.transcript == []


def test_nothing_to_say_is_not_spoken() -> None:
    assert say(Syn6288(), " \n")[0] == [Spoken.NOT_SPOKEN]
