"""A display that rests is asked without a task: every answer but the usual one goes the way all questions go."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from drivers.display.cobs import ACK_WANTED, RESPONSE, Decoder, Frame
from drivers.display.driver import CounterDisplay, DisplayEvent, DisplayState, Screen
from drivers.display.messages import Type
from drivers.errors import DeviceGone, DeviceTimeout
from firmware_stubs.display import DisplayStub
from firmware_stubs.wire import Wire
from terminal.counter.ports import CodeScreen, HealthState, IdleScreen
from terminal.payments.money import Money
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.sweep import SELDOM_S, TICK_S, Sweep, Sweeper
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abcdefg00", Money(2850, "CNY"), 120, True, "老王")
IDLE = IdleScreen("老王", True)
ANSWER_S = 0.16  # what an answer may take: 150 ms beyond the bytes' time


def resting(cable: Wire, sweep: Sweep | None = None) -> CodeDisplay:
    return CodeDisplay("x", cable.open, VirtualClock(), sweep=sweep or Sweeper().counter("1"))


def frames(cable: Wire, who: str = "host") -> list[Frame]:
    """What passes from now on."""
    found, decoder = list[Frame](), Decoder()
    cable.tap = lambda source, data: found.extend(decoder.feed(data)) if source == who else None
    return found


def age_s(display: CodeDisplay) -> float:
    return now_s() - display.health().checked_mono_ns / 1e9


async def asked(display: CodeDisplay) -> None:
    """To the moment in which the next round has heard of it."""
    await until(lambda: age_s(display) > 1, 5)
    await until(lambda: age_s(display) < 1, 2 * SELDOM_S)


@pytest.mark.parametrize("paced", [False, True])
def test_l1_a_display_at_rest_is_asked_once_a_minute_and_no_task_is_made_for_it(paced: bool) -> None:
    async def story() -> None:
        cable = wire(DisplayStub(), paced=paced)
        display, made = resting(cable), list[str]()
        async with running(display.run):
            await well(display.health)
            await display.show(IDLE)
            await asked(display)
            questions = frames(cable)
            loop = asyncio.get_running_loop()

            def told(loop: asyncio.AbstractEventLoop, work: Any, **_: Any) -> "asyncio.Future[Any]":
                made.append(str(work))
                return asyncio.Task(work, loop=loop)

            loop.set_task_factory(told)
            await asyncio.sleep(3 * SELDOM_S)
            loop.set_task_factory(None)
            assert [frame.type for frame in questions] == [Type.STATE] * 3
            assert (display.health().state, age_s(display) <= SELDOM_S, made) == (HealthState.OK, True, [])

    play(story())


def test_l7_a_display_that_falls_silent_at_rest_is_marked_down_within_its_minute_and_comes_back() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = resting(wire(stub))
        async with running(display.run):
            await well(display.health)
            await display.show(IDLE)
            stub.mute = True
            await until(lambda: display.health().state is HealthState.FAULT, SELDOM_S + TICK_S + 1)
            assert display.health().reason == "display_no_answer"
            stub.mute = False
            await until(lambda: display.health().state is HealthState.OK, 10)

    play(story())


@pytest.mark.parametrize("spoilt", [lambda _: b"", lambda said: said[:-3] + b"\x55" + said[-2:]])
def test_l3_l7_an_answer_lost_or_damaged_at_rest_is_asked_for_again_and_nobody_hears_of_it(
    spoilt: Callable[[bytes], bytes],
) -> None:
    async def story() -> None:
        cable = wire(DisplayStub())
        display = resting(cable)
        async with running(display.run):
            await well(display.health)
            await display.show(IDLE)
            await asked(display)
            once, questions = [spoilt], frames(cable)
            cable.to_host = lambda said: once.pop()(said) if once else said
            await asked(display)
            assert not once
            assert [(frame.type, frame.flags) for frame in questions] == [(Type.STATE, ACK_WANTED)] * 2
            assert len({frame.seq for frame in questions}) == 2
            assert display.health().state is HealthState.OK

    play(story())


def test_i10_a_display_at_rest_that_lost_its_screen_is_painted_again() -> None:
    async def story() -> None:
        stub, back = DisplayStub(), list[float]()
        cable = wire(stub)
        display = resting(cable)
        async with running(display.run):
            await well(display.health)
            await display.show(IDLE)
            display.on_back(lambda: back.append(now_s()))
            await asked(display)
            stub.receive(Frame(Type.CLEAR, 200, b"", ACK_WANTED).to_bytes(), cable.now_ms())
            await until(lambda: bool(back), SELDOM_S + TICK_S)
            assert display.health().state is HealthState.OK

    play(story())


def test_l9_a_restart_nobody_heard_of_is_found_by_the_next_round() -> None:
    async def story() -> None:
        stub, back = DisplayStub(), list[float]()
        cable = wire(stub)
        display = resting(cable)
        async with running(display.run):
            await well(display.health)
            await display.show(IDLE)
            display.on_back(lambda: back.append(now_s()))
            cable.drop_answers = 1
            stub.restart()
            cable.poke()
            await until(lambda: len(back) >= 2, SELDOM_S + TICK_S + 5)
            await display.show(IDLE)
            assert stub.screen == Screen.IDLE

    play(story())


async def greeted(cable: Wire, on_event: Callable[[DisplayEvent], None] | None = None) -> CounterDisplay:
    display = CounterDisplay(cable, on_event=on_event)
    await display.hello()
    return display


@pytest.mark.parametrize("answers", [True, False])
def test_l5_a_code_waits_for_the_answer_to_a_glance_and_no_longer_than_that_may_take(answers: bool) -> None:
    """One frame is in flight: who has a code to show waits for the other answer, bounded as the answer is."""

    async def story() -> None:
        cable = wire(DisplayStub(), delay_s=0.1)
        display = await greeted(cable)
        watching, states = asyncio.ensure_future(display.watch()), list[DisplayState | None]()
        await asyncio.sleep(0)
        passed = frames(cable)
        cable.drop_answers = 0 if answers else 1
        assert display.glance(states.append)
        assert not display.glance(states.append), "one is out"
        began_s = now_s()
        showing = asyncio.ensure_future(display.show_idle(5))
        await until(lambda: len(passed) == 2, 1)
        assert states[0] is None or states[0].screen == Screen.BLANK
        assert (states[0] is not None, len(states)) == (answers, 1)
        assert now_s() - began_s < (0.12 if answers else ANSWER_S + 0.02)
        await showing
        assert [frame.type for frame in passed] == [Type.STATE, Type.SHOW_IDLE]
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    play(story())


def test_l5_l7_the_late_answer_to_a_glance_fits_no_later_question() -> None:
    async def story() -> None:
        cable = wire(DisplayStub(), delay_s=0.2)
        display = await greeted(cable)
        watching, states = asyncio.ensure_future(display.watch()), list[DisplayState | None]()
        await asyncio.sleep(0)
        assert display.glance(states.append)
        await asyncio.sleep(ANSWER_S)
        assert states == [None]
        cable.delay_s = 0.0
        assert display.glance(states.append)
        await asyncio.sleep(0.3)
        assert (len(states), states[1] is not None) == (2, True)
        await display.show_idle(5)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    play(story())


def test_l9_a_display_greeted_anew_while_a_glance_is_out_has_told_nothing_of_its_screen() -> None:
    async def story() -> None:
        cable, states = wire(DisplayStub(), delay_s=0.05), list[DisplayState | None]()
        display = await greeted(cable)
        watching = asyncio.ensure_future(display.watch())
        await asyncio.sleep(0)
        assert display.glance(states.append)
        await display.hello()
        assert states == [None]
        assert not watching.done()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    play(story())


def test_a_glance_is_refused_where_it_cannot_be_taken_at_once() -> None:
    async def story() -> None:
        cable, states = wire(DisplayStub(), delay_s=0.01), list[DisplayState | None]()
        display = await greeted(cable)
        assert not display.glance(states.append), "nobody hears for it"
        watching = asyncio.ensure_future(display.watch())
        await asyncio.sleep(0)
        asking = asyncio.ensure_future(display.state())
        await asyncio.sleep(0)
        assert not display.glance(states.append), "somebody asks"
        await asking
        cable.stalled = True
        assert not display.glance(states.append), "the line takes nothing"
        cable.unplug()
        assert not display.glance(states.append), "there is nobody"
        with pytest.raises(DeviceGone):
            await watching
        assert not states

    play(story())


def test_l1_a_cable_pulled_while_a_glance_is_out_ends_it_and_nobody_is_left_waiting() -> None:
    async def story() -> None:
        stub, states = DisplayStub(), list[DisplayState | None]()
        cable = wire(stub)
        display = await greeted(cable)
        watching = asyncio.ensure_future(display.watch())
        await asyncio.sleep(0)
        stub.mute = True
        assert display.glance(states.append)
        showing = asyncio.ensure_future(display.show_idle(5))
        await asyncio.sleep(0.01)
        cable.unplug()
        began_s = now_s()
        for waiting in (watching, showing):
            with pytest.raises((DeviceGone, DeviceTimeout)):
                await waiting
        assert now_s() - began_s < 0.01
        await asyncio.sleep(1)
        assert not states

    play(story())


def test_a_bug_in_what_hears_a_display_ends_its_watch() -> None:
    def broken(_event: DisplayEvent) -> None:
        raise ZeroDivisionError

    async def story() -> None:
        cable = wire(DisplayStub())
        display = await greeted(cable, on_event=broken)
        watching = asyncio.ensure_future(display.watch())
        await asyncio.sleep(0)
        cable._arrive(Frame(Type.EVENT, 9, b"\1\0\0", RESPONSE & 0).to_bytes())
        with pytest.raises(ZeroDivisionError):
            await watching

    play(story())
