"""What is ahead is served first, a few in a row, and everything in its own order."""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import Context, copy_context
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from terminal.counter.tasks import Tasks
from terminal.journal.writer import _call
from terminal.precedence import AHEAD_MAX, Ready, ahead, first, in_line, install, line, stand_in_line
from terminal.system import SystemClock
from terminal.tls.local_authority import ensure
from terminal.web.edge import EdgeLimits
from terminal.web.listen import listen


class Handle:
    """As far as what keeps them looks at it."""

    def __init__(self, context: Context, number: int = 0) -> None:
        self._context, self.number = context, number


def on_a_loop(story: Callable[[asyncio.AbstractEventLoop], Any], *, precedence: bool = True) -> Any:
    with asyncio.Runner() as runner:
        if precedence:
            install(runner.get_loop())
        return runner.run(story(runner.get_loop()))


async def before_others(order: list[str], name: str) -> None:
    """One turn of the loop, with somebody else's callback scheduled before it."""
    asyncio.get_running_loop().call_soon(order.append, "another", context=Context())
    await asyncio.sleep(0)
    order.append(name)


@pytest.mark.parametrize("precedence", [True, False])
def test_every_step_of_what_is_ahead_comes_before_all_that_waits_in_line(precedence: bool) -> None:
    async def story(loop: asyncio.AbstractEventLoop) -> list[str]:
        order: list[str] = []
        steps = AHEAD_MAX - 1

        async def payment() -> None:
            for step in range(steps):
                await asyncio.sleep(0)
                order.append(f"step {step}")

        for number in range(3):
            loop.call_soon(order.append, f"other {number}")
        with ahead():
            task = loop.create_task(payment())
        for number in range(3, 6):
            loop.call_soon(order.append, f"other {number}")
        await task
        return order

    order = on_a_loop(story, precedence=precedence)
    others = [each for each in order if each.startswith("other")]
    assert others == [f"other {number}" for number in range(6)], "in their own order"
    assert order[: AHEAD_MAX - 1] == [f"step {step}" for step in range(AHEAD_MAX - 1)] or not precedence
    assert precedence or order[:3] == others[:3]


def test_i21_a_flood_ahead_lets_one_of_the_others_through_after_a_few() -> None:
    async def story(loop: asyncio.AbstractEventLoop) -> list[int]:
        flood, seen, over = 0, list[int](), asyncio.Event()

        def wave() -> None:
            nonlocal flood
            flood += 1
            if len(seen) < 20:
                loop.call_soon(wave)

        def other() -> None:
            seen.append(flood)
            if len(seen) < 20:
                loop.call_soon(other, context=Context())
            else:
                over.set()

        with ahead():
            loop.call_soon(wave)
            loop.call_soon(wave)
        loop.call_soon(other, context=Context())
        await over.wait()
        return seen

    seen = on_a_loop(story)
    assert max(after - before for before, after in pairwise(seen)) <= 2 * AHEAD_MAX


@pytest.mark.parametrize("seed", range(5))
def test_each_lane_keeps_its_order_and_nothing_is_lost(seed: int) -> None:
    chance, ready = random.Random(seed), Ready()
    lanes: tuple[deque[int], deque[int]] = deque(), deque()
    row = 0

    for number in range(2000):
        if chance.random() < 0.55 or not ready:
            goes_first = chance.random() < 0.6
            ready.append(Handle(first() if goes_first else Context(), number))
            lanes[0 if goes_first else 1].append(number)
        else:
            served = ready.popleft().number
            from_first = bool(lanes[0]) and lanes[0][0] == served
            assert served == lanes[0 if from_first else 1].popleft()
            assert from_first or not lanes[0] or row == AHEAD_MAX, "when nothing is ahead, or in turn"
            row = row + 1 if from_first and lanes[1] else 0
            assert row <= AHEAD_MAX
        assert len(ready) == sum(map(len, lanes))
    ready.clear()
    assert not ready


def test_what_was_ahead_while_nobody_waited_uses_up_no_turn() -> None:
    ready = Ready()
    for number in range(AHEAD_MAX):
        ready.append(Handle(first(), number))
        ready.popleft()
    ready.append(Handle(Context(), -1))
    ready.append(Handle(first(), AHEAD_MAX))
    assert [ready.popleft().number for _ in range(2)] == [AHEAD_MAX, -1]


def test_who_steps_back_is_served_in_line_and_so_is_what_it_starts() -> None:
    async def story(loop: asyncio.AbstractEventLoop) -> list[str]:
        order: list[str] = []

        async def steps_back() -> None:
            await stand_in_line()
            await before_others(order, "stepped back")
            await loop.create_task(before_others(order, "its own"))

        with ahead():
            await loop.create_task(before_others(order, "ahead"))
            await loop.create_task(before_others(order, "started in line"), context=line())
            await loop.create_task(steps_back())
            await loop.create_task(before_others(order, "still ahead"))
        await asyncio.sleep(0)
        return order

    assert on_a_loop(story) == [
        "ahead", "another", "another", "started in line", "another", "stepped back", "another", "its own",
        "still ahead", "another",
    ]  # fmt: skip


def test_who_waits_in_line_is_called_back_in_line_and_then_ahead_again() -> None:
    """A payment is in the journal's hands: what begins with it goes before the bank's yes."""

    async def story(loop: asyncio.AbstractEventLoop) -> list[str]:
        order: list[str] = []

        async def bank(name: str, waits: Callable[[Awaitable[None]], Awaitable[None]]) -> None:
            durable = loop.create_future()

            def told() -> None:
                loop.call_soon(order.append, f"slip of {name}", context=line())
                durable.set_result(None)

            loop.call_soon(told)
            await waits(durable)
            order.append(name)
            await before_others(order, f"{name}, next")

        with ahead():
            await loop.create_task(bank("kept", lambda durable: durable))
            await loop.create_task(bank("in line", in_line))
        return order

    assert [each for each in on_a_loop(story) if each != "another"] == [
        "kept", "kept, next", "slip of kept", "slip of in line", "in line", "in line, next",
    ]  # fmt: skip


def test_who_is_in_line_already_keeps_nothing_more() -> None:
    """Each of a thousand counters has a few tasks that never end."""
    assert dict(line()) == dict(copy_context())


async def test_who_was_in_line_waits_as_always_and_hears_what_it_waited_for() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    before = dict(copy_context())
    assert await in_line(asyncio.sleep(0, "told")) == "told"
    with pytest.raises(ZeroDivisionError):
        await in_line(fails())
    with ahead(), pytest.raises(ZeroDivisionError):
        await in_line(fails())
    assert dict(copy_context()) == before


def test_a_loop_of_another_make_goes_on_as_it_does() -> None:
    class Foreign:
        _ready = ("not", "a", "deque")

    loop: Any = Foreign()
    install(loop)
    assert loop._ready == ("not", "a", "deque")


def test_threads_timers_and_the_end_work_as_before() -> None:
    async def story(loop: asyncio.AbstractEventLoop) -> list[int]:
        async def work(number: int) -> int:
            await asyncio.sleep(number % 3 / 1000)
            return await asyncio.to_thread(lambda: number)

        with ahead():
            some = [loop.create_task(work(number)) for number in range(20)]
        others = [loop.create_task(work(number)) for number in range(20, 40)]
        loop.create_task(asyncio.sleep(60))  # the end of the loop cancels it
        return await asyncio.gather(*some, *others)

    assert on_a_loop(story) == list(range(40))


def test_not_even_the_first_step_of_what_a_payment_starts_comes_before_the_next_payments_word() -> None:
    """A slip is composed in it."""

    async def story(loop: asyncio.AbstractEventLoop) -> list[str]:
        order, tasks = list[str](), Tasks()

        async def slip() -> None:
            order.append("slip")

        async with asyncio.TaskGroup() as group:
            tasks.within(group)
            with ahead():
                tasks.start("slip", slip)
                loop.call_soon(order.append, "next payment")
        return order

    assert on_a_loop(story) == ["next payment", "slip"]


@pytest.mark.parametrize("goes_first", [True, False])
def test_the_banks_listener_goes_first_and_what_a_payment_starts_in_line(tmp_path: Path, goes_first: bool) -> None:
    async def story(_loop: asyncio.AbstractEventLoop) -> list[str]:
        order, tasks, app = list[str](), Tasks(), web.Application()
        printed = asyncio.Event()

        async def slip() -> None:
            await before_others(order, "slip")
            printed.set()

        async def take(_request: web.Request) -> web.Response:
            await before_others(order, "taken")
            tasks.start("slip", slip)
            await asyncio.sleep(0)
            return web.Response(text="yes")

        app.router.add_post("/", take)
        authority, server = ensure(tmp_path, SystemClock())
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(server)
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            tasks.within(group)
            url = await listen(stack, app, "127.0.0.1", 0, tls, EdgeLimits(), first=goes_first)
            trust = ssl.create_default_context(cafile=str(authority))
            async with aiohttp.ClientSession() as session:
                for _ in range(2):  # with its handshake, and on the open connection
                    async with session.post(url, ssl=trust) as answer:
                        assert await answer.text() == "yes"
                    await printed.wait()
                    printed.clear()
        return order

    order = on_a_loop(story)
    one = ["taken", "another"] if goes_first else ["another", "taken"]
    assert order == [*one, "another", "slip"] * 2


def test_i6_the_journals_word_goes_first() -> None:
    """What became durable is told before sales that only begin."""

    class Loop:
        def call_soon_threadsafe(self, _call: object, *_values: object, context: Context) -> None:
            self.context = context

    class Waits:
        loop = Loop()

        def get_loop(self) -> Loop:
            return self.loop

    waits: Any = Waits()
    _call(waits, lambda: None)
    ready = Ready()
    for context in (Context(), waits.loop.context, Context()):
        ready.append(Handle(context))
    assert ready.popleft()._context is waits.loop.context
