"""Health rounds: one timer for all counters, often where people work, seldom elsewhere."""

import asyncio
from collections.abc import Callable

from terminal.on_demand import Alarm
from terminal.peripherals.sweep import SELDOM_S, TICK_S, Sweeper, rest
from terminal.virtual_time import run


async def asked_over(sweeper: Sweeper, names: list[str], seconds: float) -> dict[str, list[float]]:
    """When each counter's one device was asked, in seconds from now."""
    loop, times = asyncio.get_running_loop(), {name: list[float]() for name in names}
    began_s = loop.time()

    async def device(name: str) -> None:
        while True:
            await sweeper.counter(name).due()
            times[name].append(loop.time() - began_s)

    tasks = [asyncio.ensure_future(device(name)) for name in names]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return times


def test_a_counter_in_use_is_asked_every_5_s_and_a_resting_one_every_60() -> None:
    async def story() -> None:
        sweeper = Sweeper()
        sweeper.counter("busy").used()
        times = await asked_over(sweeper, ["busy", "resting"], 180.5)
        assert times["busy"] == [TICK_S * turn for turn in range(1, 37)]
        gaps = [late - early for early, late in zip(times["resting"], times["resting"][1:], strict=False)]
        assert gaps == [SELDOM_S] * len(gaps)
        assert len(times["resting"]) == 3

    run(story(), seed=1)


def test_ten_minutes_after_the_last_sale_a_counter_rests() -> None:
    async def story() -> None:
        sweeper = Sweeper()
        sweeper.counter("1").used()
        times = (await asked_over(sweeper, ["1"], 1200.5))["1"]
        assert sum(time <= 600 for time in times) == 120
        assert sum(time > 600 for time in times) == 10

    run(story(), seed=1)


def test_resting_counters_do_not_all_go_in_the_same_second() -> None:
    async def story() -> None:
        times = await asked_over(Sweeper(), [str(number) for number in range(120)], 125.5)
        rounds: dict[float, int] = {}
        for asked in times.values():
            for time in asked:
                rounds[time] = rounds.get(time, 0) + 1
        assert all(len(asked) >= 2 for asked in times.values()), "each is asked once a minute"
        assert max(rounds.values()) == 10

    run(story(), seed=1)


def test_no_timer_runs_while_nobody_waits() -> None:
    async def story() -> None:
        sweeper = Sweeper()
        await asked_over(sweeper, ["1"], 10.5)
        before = asyncio.get_running_loop().time()
        await asyncio.sleep(TICK_S)  # the round that was planned finds nobody and plans none
        assert sweeper._timer is None
        assert asyncio.get_running_loop().time() - before == TICK_S

    run(story(), seed=1)


def test_a_counter_asks_all_that_wait_there_until_they_leave_and_sooner_once_it_is_used() -> None:
    async def story() -> None:
        sweeper, asked = Sweeper(), dict[str, list[float]]()
        loop = asyncio.get_running_loop()
        began_s = loop.time()

        def turn(name: str) -> Callable[[], None]:
            return lambda: asked.setdefault(name, []).append(loop.time() - began_s)

        one, other = sweeper.counter("1"), sweeper.counter("2")
        display, printer, elsewhere = turn("display"), turn("printer"), turn("elsewhere")
        one.enter(display)
        one.enter(printer)
        other.enter(elsewhere)
        await asyncio.sleep(TICK_S + SELDOM_S + 0.5)
        assert asked["display"] == asked["printer"] == [TICK_S, TICK_S + SELDOM_S]
        one.leave(printer)
        one.used()
        one.used()
        await asyncio.sleep(2 * TICK_S)
        assert asked["display"][2:] == [SELDOM_S + 2 * TICK_S, SELDOM_S + 3 * TICK_S]
        assert len(asked["printer"]) == 2
        assert asked["elsewhere"] == [2 * TICK_S, SELDOM_S + 2 * TICK_S], "its own minute, whoever else is used"
        await asyncio.sleep(SELDOM_S)
        assert len(asked["display"]) == len(set(asked["display"])), "once a round"
        one.leave(display)
        other.leave(elsewhere)
        await asyncio.sleep(TICK_S)
        assert sweeper._timer is None, "nobody waits"
        count = len(asked["display"])
        one.enter(display)
        await asyncio.sleep(2 * TICK_S + 0.5)
        assert len(asked["display"]) > count, "who comes back is asked again"

    run(story(), seed=1)


def test_d10_a_device_whose_turn_fails_keeps_no_other_from_being_asked_and_is_asked_again() -> None:
    async def story() -> None:
        sweeper, asked, bugs = Sweeper(), list[str](), list[object]()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: bugs.append(context["exception"]))

        def broken() -> None:
            asked.append("broken")
            raise ZeroDivisionError

        for name, turn in (("1", broken), ("2", lambda: asked.append("well"))):
            sweeper.counter(name).used()
            sweeper.counter(name).enter(turn)
        await asyncio.sleep(4 * TICK_S + 0.5)
        assert asked.count("broken") == len(bugs) == asked.count("well") + 1 >= 3

    run(story(), seed=1)


def test_a_rest_ends_with_the_round_or_with_the_alarm_whichever_is_first() -> None:
    async def story() -> None:
        loop, sweep, alarm = asyncio.get_running_loop(), Sweeper().counter("1"), Alarm()
        sweep.used()
        began_s = loop.time()
        await rest(sweep, alarm)
        assert loop.time() - began_s == TICK_S
        loop.call_later(1.0, alarm.set)
        await rest(sweep, alarm)
        assert loop.time() - began_s == TICK_S + 1.0
        assert not sweep.waiting, "nobody is asked who has left"
        await rest(None, alarm)
        assert loop.time() - began_s == TICK_S + 1.0, "it is set: no rest"
        alarm.clear()
        loop.call_later(2.0, alarm.set)
        await rest(None, alarm)
        assert loop.time() - began_s == TICK_S + 3.0

    run(story(), seed=1)


async def asked_on_entering(names: list[str]) -> list[tuple[str, float]]:
    """Who is asked when in the first minute, in seconds from now; one device each, all there at once."""
    sweeper, asked, loop = Sweeper(), list[tuple[str, float]](), asyncio.get_running_loop()
    began_s = loop.time()

    def turn(name: str) -> Callable[[], None]:
        return lambda: asked.append((name, loop.time() - began_s))

    for name in names:
        sweeper.counter(name).enter(turn(name))
    await asyncio.sleep(SELDOM_S + 0.5)
    return asked


def test_who_comes_together_at_rest_is_asked_together_and_no_round_gets_more_than_its_share() -> None:
    async def story() -> None:
        names = [str(number) for number in range(30)]
        asked = await asked_on_entering(names)
        assert [name for name, _ in asked] == names
        rounds = [time for _, time in asked]
        assert {rounds.count(TICK_S * turn) for turn in range(1, 13)} == {2, 3}

    run(story(), seed=1)


def test_devices_of_one_counter_that_come_together_have_one_place_in_its_minute() -> None:
    async def story() -> None:
        asked = await asked_on_entering(["1", "1", "2", "2"])
        assert asked == [("1", TICK_S)] * 2 + [("2", 2 * TICK_S)] * 2

    run(story(), seed=1)
