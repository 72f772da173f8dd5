"""When it was said: fresh by the provider's time, whatever our wall clock shows."""

from dataclasses import replace
from typing import Final

from terminal.conformance.kit import NOW_S, Group, Rig, capabilities, expect
from terminal.counter.ports import HttpReply
from terminal.payments.notice import Told, Unclear

GROUP: Final = Group("times", "Freshness and time")
case = GROUP.case


async def _aged(rig: Rig, seconds: int) -> object:
    reply = rig.peer.aged(rig.success("query"), seconds)
    expect(reply is not None, "the peer says no time: declare times_answers = false")
    assert reply is not None
    return await rig.asked("query", reply)


@case(
    "answer-old-proves-nothing",
    "An answer signed more than 300 s ago is Unclear.",
    faults="S11",
    needs="timed_answers",
    why="A recorded yes must not pay for a second sale.",
)
async def _old(rig: Rig) -> None:
    for seconds in (301, 90_000):
        expect(isinstance(await _aged(rig, seconds), Unclear), f"{seconds} s old")


@case(
    "answer-of-the-future-proves-nothing",
    "An answer signed more than 300 s from now is Unclear.",
    faults="S11",
    needs="timed_answers",
    why="It would stay fresh for as long as its forger likes.",
)
async def _future(rig: Rig) -> None:
    expect(isinstance(await _aged(rig, -301), Unclear), "301 s ahead")


@case(
    "answer-slow-is-believed",
    "An answer of 290 s ago is believed.",
    faults="S11",
    needs="timed_answers",
    why="A slow line is no fraud.",
)
async def _slow(rig: Rig) -> None:
    answer = await _aged(rig, 290)
    expect(isinstance(answer, Told), f"{answer}")


async def _stale(rig: Rig, seconds: int) -> None:
    message: HttpReply | None = rig.peer.aged(rig.notified(), seconds)
    expect(message is not None, "a notification says when it was signed")
    refused = await rig.refuses(message, "message_stale")
    assert refused is not None
    expect(refused.facts.get("order_no") == rig.order.order_no, "it does not name the order to be asked for")


@case(
    "notification-old-names-its-order",
    "An old notification is not evidence, but names its order for a query.",
    faults="S11 B7",
    needs="timed_notifications",
    why="Providers repeat for a day: the money is real, the message may be a replay. Only a query can tell.",
)
async def _notification_old(rig: Rig) -> None:
    for seconds in (301, 90_000):
        await _stale(rig, seconds)


@case(
    "notification-of-the-future",
    "A notification of the future is not evidence, but names its order.",
    faults="S11",
    needs="timed_notifications",
    why="It would stay fresh for as long as its forger likes.",
)
async def _notification_future(rig: Rig) -> None:
    await _stale(rig, -301)


@case(
    "notification-slow-is-believed",
    "A notification of 299 s ago is believed.",
    faults="S11",
    needs="timed_notifications",
    why="A slow line is no fraud.",
)
async def _notification_slow(rig: Rig) -> None:
    message = rig.peer.aged(rig.notified(), 299)
    expect(message is not None, "a notification says when it was signed")
    assert message is not None
    await rig.took(message)


@case(
    "clock-wrong-is-learnt",
    "A wall clock an hour off is corrected by the provider's authenticated date.",
    faults="I17 D8",
    needs="stamped_requests",
    why="Else every request is refused until somebody sets the clock.",
)
async def _learnt(rig: Rig) -> None:
    rig.clock.now_s = NOW_S - 3600
    await rig.asked("query", rig.success("query"))
    answer = await rig.asked("query", rig.success("query"))
    expect(isinstance(answer, Told), f"{answer}")
    expect(rig.peer.accepts(rig.http.requests[-1]), "the second request is still stamped an hour ago")
    expect(rig.channel.trouble() == "clock_off", "a wrong clock is not told")


@case(
    "clock-forged-date-teaches-nothing",
    "The date of a forged answer changes no clock.",
    faults="I17 B5",
    needs="signed_answers",
    why="A stranger could make every genuine answer look old.",
)
async def _untaught(rig: Rig) -> None:
    forged = rig.peer.forged(rig.success("query"))
    await rig.asked("query", replace(forged, headers={**forged.headers, "date": "Fri, 01 Jan 2038 00:00:00 GMT"}))
    expect(abs(rig.channel.clock_offset_s) < 60, "it was believed")


@case(
    "clock-jump-decides-nothing",
    "After the first answer a jump of the wall clock changes no result.",
    faults="I17 D8",
    why="Somebody sets the clock during a sale: paid stays paid.",
)
async def _jump(rig: Rig) -> None:
    await rig.asked("query", rig.success("query"))
    rig.clock.now_s = NOW_S + 3650 * 86_400
    answer = await rig.asked("query", rig.success("query"))
    expect(isinstance(answer, Told), f"{answer}")
    if "signed_notifications" in capabilities(rig.channel.profile):
        await rig.took(rig.notified())
