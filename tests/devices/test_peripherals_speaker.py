"""The speaker through its adapter: said once, in bounded time, with an honest outcome."""

import asyncio
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from drivers.speaker.profile import load_profile
from firmware_stubs.speaker_dfplayer import DfPlayerStub
from firmware_stubs.speaker_jq8900 import Jq8900Stub, name_of
from firmware_stubs.speaker_xfs5152 import Xfs5152
from terminal.counter.ports import HealthState, Played, Utterance
from terminal.payments.money import Money
from terminal.peripherals.clips import entries, phrase_clips
from terminal.peripherals.loudness import Loudness
from terminal.peripherals.phrases import phrase
from terminal.peripherals.speaker import START_S, TalkingSpeaker
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

PAID = Utterance("paid", Money(2850, "CNY"), "wechatpay", "zh-CN", test=True)


def speaker_of(counter: SimulatedCounter) -> TalkingSpeaker:
    speaker = counter.devices().speaker
    assert isinstance(speaker, TalkingSpeaker)
    return speaker


@pytest.mark.row(41)
def test_i11_a_result_is_said_once_with_its_amount() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        speaker = speaker_of(counter)
        async with running(speaker.run):
            await well(speaker.health)
            assert await speaker.say(PAID) is Played.DONE
        assert len(counter.transcript) == 1
        assert "二十八元五角" in counter.transcript[0]
        assert counter.transcript[0].startswith("测试")

    play(story())


@pytest.mark.row(58)
@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ("unplug-speaker", {Played.NOT_PLAYED, Played.CANNOT_TELL}),
        ("dead-speaker", {Played.NOT_PLAYED}),
        ("mute-speaker", {Played.NOT_PLAYED}),
        ("hang-speaker", {Played.CANNOT_TELL}),
    ],
)
def test_v1_no_speaker_takes_longer_than_2_s_and_its_phrase(fault: str, outcomes: set[Played]) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        speaker = speaker_of(counter)
        async with running(speaker.run):
            await well(speaker.health)
            counter.fault(fault)
            began_s = now_s()
            assert await speaker.say(PAID) in outcomes
            phrase_s = 22 * 0.4 * 2
            assert now_s() - began_s <= 2 + phrase_s + 4
            assert speaker.health().state is HealthState.FAULT
            assert len(counter.transcript) <= 1

    play(story())


def test_v1_a_speaker_that_is_missing_from_the_start_is_skipped_at_once() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        counter.unplug("speaker")
        speaker = speaker_of(counter)
        async with running(speaker.run):
            await asyncio.sleep(1)
            began_s = now_s()
            assert await speaker.say(PAID) is Played.NOT_PLAYED
            assert now_s() == began_s
            counter.replug("speaker")
            await until(lambda: speaker.health().state is HealthState.OK, 3)
            assert await speaker.say(PAID) is Played.DONE

    play(story())


def test_v3_a_payment_proven_while_the_speaker_is_still_greeted_after_a_start_is_heard_once() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        speaker = speaker_of(counter)
        async with running(speaker.run):
            assert await speaker.say(PAID) is Played.DONE
        assert len(counter.transcript) == 1

    play(story())


def test_v1_a_speaker_that_answers_nothing_at_the_start_holds_a_phrase_5_s_at_most() -> None:
    async def story() -> None:
        speaker = speaker_of(SimulatedCounter())  # nobody runs it: its first try never ends
        began_s = now_s()
        assert await speaker.say(PAID) is Played.NOT_PLAYED
        assert now_s() - began_s == START_S

    play(story())


def test_l1_a_speaker_unplugged_while_it_speaks_is_not_asked_to_say_it_again() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        speaker = speaker_of(counter)
        async with running(speaker.run):
            await well(speaker.health)
            saying = asyncio.ensure_future(speaker.say(PAID))
            await asyncio.sleep(1)
            counter.unplug("speaker")
            assert await saying is Played.CANNOT_TELL
            counter.replug("speaker")
            await until(lambda: speaker.health().state is HealthState.OK, 3)
            await asyncio.sleep(60)
            assert len(counter.transcript) == 1

    play(story())


# --- every protocol through the same adapter ------------------------------------------------------------------


@pytest.mark.row(50, 51, 52)
@pytest.mark.parametrize("language", ["zh-CN", "en", "pt-BR"])
@pytest.mark.parametrize("name", ["syn6288", "xfs5152", "dfplayer", "jq8900"])
def test_i11_a_payment_is_heard_once_with_wallet_and_amount_from_any_speaker(name: str, language: str) -> None:
    chip = Xfs5152() if name == "xfs5152" else None
    df = DfPlayerStub(clips={entry.number: entry.ms for entry in entries()})
    jq = Jq8900Stub(clips={name_of(entry.number): entry.ms for entry in entries()})
    counter = SimulatedCounter()
    stub = {"syn6288": counter.speaker, "xfs5152": chip, "dfplayer": df, "jq8900": jq}[name]
    paid = replace(PAID, language=language)
    assert stub is not None

    async def story() -> None:
        profile = load_profile(name)
        cable = wire(stub, baud=profile.baud)
        speaker = TalkingSpeaker(cable.name, cable.open, VirtualClock(), profile=profile, phrase=phrase)
        async with running(speaker.run):
            await well(speaker.health)
            assert await speaker.say(paid) is Played.DONE
            assert speaker.health().state is HealthState.OK
            await asyncio.sleep(30)

    play(story())
    numbers = [clip.number for clip in phrase_clips(paid)]
    if name == "dfplayer":
        assert df.heard == numbers
    elif name == "jq8900":
        assert jq.heard == [[name_of(number) for number in numbers]]
    else:
        assert len((chip or counter.speaker).heard) == 1


@pytest.mark.row(50, 52)
@pytest.mark.parametrize(("quiet_volume", "played", "heard"), [(0, Played.QUIET, 0), (30, Played.DONE, 1)])
def test_i11_in_quiet_hours_it_is_silent_or_low_and_health_says_so(
    quiet_volume: int, played: Played, heard: int
) -> None:
    counter = SimulatedCounter()

    async def story() -> None:
        cable, clock = counter.wires["speaker"], VirtualClock()
        night = (time(0), time(23, 59))
        loudness = Loudness(90, night, quiet_volume, ZoneInfo("UTC"))
        profile = load_profile("syn6288")
        speaker = TalkingSpeaker(cable.name, cable.open, clock, profile=profile, phrase=phrase, loudness=loudness)
        async with running(speaker.run):
            await well(speaker.health)
            assert speaker.health().detail["quiet"] == "00:00-23:59"
            assert await speaker.say(PAID) is played
            assert speaker.health().state is HealthState.OK

    play(story())
    assert len(counter.transcript) == heard
    if heard:
        assert counter.speaker.transcript[0].raw.startswith(b"[v5]"), "30 % of 16 steps, rounded up"
