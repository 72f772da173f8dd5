"""Limits of answers on one timer, in virtual time."""

import asyncio

from drivers.limits import Limits, shared
from terminal.virtual_time import run


def test_l7_what_is_not_ended_in_time_is_told_once_at_its_time_and_nothing_else_is() -> None:
    async def story() -> None:
        loop, limits, told = asyncio.get_running_loop(), Limits(), dict[str, list[float]]()

        def late(name: str) -> None:
            told.setdefault(name, []).append(round(loop.time() - began_s, 3))

        began_s = loop.time()
        calls = {name: lambda name=name: late(name) for name in ("long", "answered", "short", "with it")}
        for name, limit_s in (("long", 0.3), ("answered", 0.2), ("short", 0.1), ("with it", 0.1)):
            limits.begin(calls[name], limit_s)
        limits.end(calls["answered"])
        await asyncio.sleep(1)
        assert told == {"short": [0.1], "with it": [0.1], "long": [0.3]}
        limits.end(calls["short"])
        limits.begin(calls["short"], 0.1)
        await asyncio.sleep(1)
        assert told["short"] == [0.1, 1.1]

    run(story(), seed=1)


def test_one_timer_does_for_all_and_none_is_left_when_all_are_answered() -> None:
    async def story() -> None:
        limits, calls = Limits(), [lambda: None for _ in range(3)]
        for late in calls:
            limits.begin(late, 0.1)
        timer = limits._timer
        assert timer is not None
        for late in calls:
            assert not timer.cancelled()
            limits.end(late)
        assert timer.cancelled()

    run(story(), seed=1)


def test_one_that_is_late_may_end_another_and_begin_again() -> None:
    async def story() -> None:
        limits, told = Limits(), list[str]()

        def first() -> None:
            told.append("first")
            limits.end(second)
            if len(told) == 1:
                limits.begin(first, 0.1)

        def second() -> None:
            told.append("second")

        limits.begin(first, 0.1)
        limits.begin(second, 0.1)
        await asyncio.sleep(1)
        assert told == ["first", "first"]

    run(story(), seed=1)


def test_d10_one_that_fails_is_told_to_the_loop_and_the_others_are_called_all_the_same() -> None:
    async def story() -> None:
        loop, limits, told, bugs = asyncio.get_running_loop(), Limits(), list[str](), list[object]()
        loop.set_exception_handler(lambda _loop, context: bugs.append(context["exception"]))

        def broken() -> None:
            raise ZeroDivisionError

        for late in (broken, lambda: told.append("with it")):
            limits.begin(late, 0.1)
        limits.begin(lambda: told.append("later"), 0.2)
        await asyncio.sleep(1)
        assert told == ["with it", "later"]
        assert [type(bug) for bug in bugs] == [ZeroDivisionError]

    run(story(), seed=1)


def test_all_of_one_loop_share_theirs() -> None:
    async def story() -> Limits:
        assert shared() is shared()
        return shared()

    assert run(story(), seed=1) is not run(story(), seed=1)
