"""How fast a provider is asked, and when no new sale should begin there. Plays on virtual time."""

import asyncio
from dataclasses import replace
from typing import Final

from terminal.conformance.kit import Group, Rig, expect
from terminal.counter.ports import HttpReply, NoAnswer
from terminal.payments.notice import Told

GROUP: Final = Group("paces", "Limits and pacing")
case = GROUP.case
_MANY: Final = 120


@case(
    "pace-obeys-the-bucket",
    "Many questions at once leave no faster than the profile allows.",
    faults="3.4",
    why="After an outage every open sale asks: a storm makes the provider lock us out.",
)
async def _bucket(rig: Rig) -> None:
    loop, rate = asyncio.get_running_loop(), rig.channel.profile.queries_per_s
    began = loop.time()
    rig.http.steps.extend(rig.success("query") for _ in range(_MANY))
    answers = [await each for each in [asyncio.create_task(_ask(rig)) for _ in range(_MANY)]]
    expect(all(isinstance(answer, Told) for answer in answers), "a question was dropped")
    least = (_MANY - 10) / rate  # a small burst is allowed
    expect(loop.time() - began >= least, f"{_MANY} questions in {loop.time() - began:.1f} s at {rate} a second")


async def _ask(rig: Rig) -> object:
    return await rig.channel.query(rig.order.order_no)


@case(
    "pace-slows-after-429",
    "After 429 with Retry-After the next question waits so long.",
    faults="B2 3.4",
    why="Asked on at the same pace, the provider locks the shop out.",
)
async def _slowed(rig: Rig) -> None:
    loop = asyncio.get_running_loop()
    limited = rig.genuine("rate_limited", "query")
    await rig.asked("query", replace(limited, headers={**limited.headers, "retry-after": "7"}))
    began = loop.time()
    answer = await rig.asked("query", rig.success("query"))
    expect(isinstance(answer, Told), f"the question was dropped: {answer}")
    expect(loop.time() - began >= 6.9, f"asked again after {loop.time() - began:.1f} s")


@case(
    "pace-never-slows-money",
    "After 429 a charge, a close, a reverse and a refund still leave at once.",
    faults="3.4 B13",
    why="What takes money back must not wait behind questions.",
)
async def _money(rig: Rig) -> None:
    loop = asyncio.get_running_loop()
    limited = rig.genuine("rate_limited", "query")
    await rig.asked("query", replace(limited, headers={**limited.headers, "retry-after": "60"}))
    began = loop.time()
    for act in rig.acts:
        if act not in {"query", "query_refund"}:
            await rig.asked(act, rig.success(act))
    expect(loop.time() - began < 1, f"waited {loop.time() - began:.1f} s")


@case(
    "down-refuses-new-sales-only",
    "A provider that fails again and again gets no new sale; old ones are asked on.",
    faults="B13 3.4",
    why="New customers are told at once; those who may have paid are never forgotten.",
)
async def _down(rig: Rig) -> None:
    expect(rig.channel.trouble() == "", f"in trouble before anything: {rig.channel.trouble()}")
    for _ in range(8):
        await rig.asked("query", NoAnswer("time-out"))
    expect(rig.channel.trouble() == "provider_down", f"trouble is {rig.channel.trouble()!r}")
    answer = await rig.asked("query", rig.success("query"))
    expect(isinstance(answer, Told), f"{answer}")


@case(
    "down-counts-server-errors",
    "Server errors one after the other shut the provider for new sales like silence.",
    faults="B2 B13",
    why="A gateway that answers 503 to everybody takes no money; the next customer must not wait for it.",
)
async def _errors(rig: Rig) -> None:
    for _ in range(8):
        await rig.asked("query", HttpReply(503, {}, b""))
    expect(rig.channel.trouble() == "provider_down", f"trouble is {rig.channel.trouble()!r}")


@case(
    "down-is-over-with-an-answer",
    "The first good answer opens the provider for new sales again.",
    faults="B13",
    why="Every minute closed is a queue at the counter.",
)
async def _up(rig: Rig) -> None:
    for _ in range(8):
        await rig.asked("query", NoAnswer("time-out"))
    await rig.asked("query", rig.success("query"))
    expect(rig.channel.trouble() == "", f"trouble is {rig.channel.trouble()!r}")


@case(
    "profile-makes-sense",
    "The profile's numbers fit each other.",
    faults="3.1 3.3 F1",
    why="A reverse that may not come before the engine has given up never comes.",
)
async def _profile(rig: Rig) -> None:
    profile = rig.channel.profile
    timings = profile.timings
    expect(1 <= profile.min_minor <= profile.max_minor, "no amount fits")
    expect(timings.reverse_not_before_s <= timings.pull_total_s, "reverse_not_before_s is after pull_total_s")
    expect(timings.pull_first_query_s < timings.pull_total_s, "no question before the wait is over")
    expect(timings.expiry_extra_s >= 0 and timings.code_life_s >= 30, "a code is gone before it can be scanned")
    for name in ("refund_queries_s", "sweep_after_close_s"):
        waits = getattr(timings, name)
        expect(waits and list(waits) == sorted(waits), f"{name} is empty or not in order")
    expect(len(profile.notification_yes) <= 64, "notification_yes is no short word")
