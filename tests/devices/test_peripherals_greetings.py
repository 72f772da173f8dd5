"""A chain's devices are opened a few at a time, and nobody with a customer waits for that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.errors import DeviceGone
from drivers.speaker.profile import load_profile
from drivers.transport import Transport
from firmware_stubs.display import DisplayStub
from firmware_stubs.speaker_xfs5152 import Xfs5152
from firmware_stubs.wire import Wire
from terminal.counter.ports import CodeScreen, HealthState, IdleScreen, Played, Screen, Utterance
from terminal.errors import PeripheralFailed
from terminal.payments.money import Money
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.greetings import AT_ONCE, SLOW_S
from terminal.peripherals.keeper import LOOK_S
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

MANY = 3 * AT_ONCE + 5
CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abcdefg00", Money(2850, "CNY"), 120, True, "老王")
IDLE = IdleScreen("老王", True)
PAID = Utterance("paid", Money(2850, "CNY"), "wechatpay", "zh-CN", test=True)


class Door:
    """Ports that take their time to open; who is between opening and greeting, and when each was opened."""

    def __init__(self, cables: list[Wire], open_s: float) -> None:
        self._cables, self._open_s = cables, open_s
        self.opened_s: dict[int, float] = {}
        self.displays = [
            CodeDisplay(str(place), self._opener(place), VirtualClock()) for place in range(len(cables))
        ]

    def _opener(self, place: int):  # type: ignore[no-untyped-def]  # an OpenTransport
        async def open_() -> Transport:
            self.opened_s.setdefault(place, now_s())
            await asyncio.sleep(self._open_s)
            return await self._cables[place].open()

        return open_

    def between(self) -> int:
        return len(self.opened_s) - sum(each.health().state is HealthState.OK for each in self.displays)


def test_a_thousand_displays_are_greeted_a_few_at_a_time_and_all_of_them() -> None:
    async def story() -> None:
        door, most = Door([wire(DisplayStub(), delay_s=0.01) for _ in range(MANY)], 0.02), 0
        async with running(*(display.run for display in door.displays)):
            while len(door.opened_s) < MANY or door.between():
                most = max(most, door.between())
                assert now_s() < 2
                await asyncio.sleep(0.001)
        assert most == AT_ONCE

    play(story())


@asynccontextmanager
async def running_later(display: CodeDisplay) -> AsyncIterator[None]:
    """Behind those that run already."""
    await asyncio.sleep(0.05)
    async with running(display.run):
        await asyncio.sleep(0.01)
        yield


@pytest.mark.parametrize("screen", [CODE, IDLE])
@pytest.mark.parametrize("early", [True, False])
def test_a_display_that_owes_a_customer_a_code_is_opened_at_once_and_an_idle_one_in_its_turn(
    early: bool, screen: Screen
) -> None:
    async def story() -> None:
        stubs = [DisplayStub() for _ in range(MANY)]
        for stub in stubs[:-1]:
            stub.mute = True
        door = Door([wire(stub) for stub in stubs], 0.0)
        last = door.displays[-1]

        async def wanted() -> None:
            with pytest.raises(PeripheralFailed):
                await last.show(screen)

        if early:
            await wanted()
        async with running(*(display.run for display in door.displays[:-1])), running_later(last):
            asked_s = now_s()
            if not early:
                assert MANY - 1 not in door.opened_s
                await wanted()
            await until(lambda: MANY - 1 in door.opened_s, MANY / AT_ONCE * SLOW_S)
            assert (door.opened_s[MANY - 1] <= asked_s) is (screen is CODE)
            await well(last.health, 0.1)
            await last.show(screen)

    play(story())


@pytest.mark.row(58)
def test_v1_a_speaker_with_a_payment_to_say_is_opened_at_once_whatever_is_opened_before_it() -> None:
    async def story() -> None:
        door, opened_s = Door([wire(DisplayStub()) for _ in range(MANY)], 5.0), list[float]()

        async def open_() -> Transport:
            opened_s.append(now_s())
            return await wire(Xfs5152()).open()

        profile = load_profile("xfs5152")
        speaker = TalkingSpeaker("x", open_, VirtualClock(), profile=profile, phrase=lambda _: "28.50")
        async with running(*(display.run for display in door.displays)):
            await asyncio.sleep(0.01)
            async with running(speaker.run):
                await asyncio.sleep(0.01)
                assert not opened_s
                asked_s = now_s()
                assert await speaker.say(PAID) is Played.DONE
                assert opened_s == [asked_s]

    play(story())


def test_i21_dead_ports_hold_up_the_last_of_a_thousand_for_a_quarter_of_a_second_a_handful() -> None:
    async def story() -> None:
        door = Door([wire(DisplayStub()) for _ in range(MANY)], 5.0)
        async with running(*(display.run for display in door.displays)):
            await asyncio.sleep(SLOW_S * (MANY // AT_ONCE) + 0.01)
            assert len(door.opened_s) == MANY
            assert sorted(door.opened_s.values())[AT_ONCE - 1] == 0
            assert door.opened_s[AT_ONCE] == SLOW_S

    play(story())


def test_l1_ports_that_are_not_there_are_looked_for_every_second_however_many() -> None:
    async def story() -> None:
        looks: dict[int, int] = {}

        def nobody(place: int):  # type: ignore[no-untyped-def]  # an OpenTransport
            async def open_() -> Transport:
                looks[place] = looks.get(place, 0) + 1
                raise DeviceGone("nothing is plugged in")

            return open_

        displays = [CodeDisplay(str(place), nobody(place), VirtualClock()) for place in range(MANY)]
        async with running(*(display.run for display in displays)):
            await asyncio.sleep(10 * LOOK_S + 0.5)
        assert set(looks.values()) == {11}

    play(story())


def test_d10_who_stops_waiting_takes_nobodys_place() -> None:
    async def story() -> None:
        door, last = Door([wire(DisplayStub()) for _ in range(MANY)], 0.1), MANY - 1
        tasks = [asyncio.ensure_future(display.run()) for display in door.displays[:-1]]
        await asyncio.sleep(0.01)
        given_up = [task for place, task in enumerate(tasks) if place not in door.opened_s]
        tasks.append(asyncio.ensure_future(door.displays[last].run()))
        await asyncio.sleep(0.01)
        for task in given_up:
            task.cancel()
        await asyncio.wait(given_up)
        await until(lambda: last in door.opened_s, 0.15)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    play(story())
