"""The speaker through its adapter: said once, in bounded time, with an honest outcome."""

import asyncio

import pytest

from terminal.counter.ports import HealthState, Played, Utterance
from terminal.payments.money import Money
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.simulation.devices import SimulatedCounter
from tests.devices.peripheral_rig import now_s, play, running, until, well

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
