"""Who has kept up gets an event's bytes with no task woken for it; everybody else is left to the own task."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import cast

import pytest
from aiohttp import web

from terminal.payments.event import Event, Ledger
from terminal.virtual_time import run
from terminal.web.edge import Edge
from terminal.web.live.hub import Hub, Listener
from terminal.web.live.line import AT_ONCE, ROOM, LiveLine
from tests.unit.web.live.test_hub import OWNER, Rig, job


class Wire:
    """A connection whose reader is as slow as ``unread`` bytes say."""

    def __init__(self) -> None:
        self.sent, self.unread, self.closing = b"", 0, False

    def write(self, data: bytes) -> None:
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.closing


@dataclass
class Ends:
    """What a line knows of its connection, as a request and as a socket."""

    transport: Wire | None
    closed: bool = False


def lined(rig: Rig, ends: Ends | None = None) -> tuple[Listener, LiveLine, Wire]:
    """A listener that has heard everything and waits for news."""
    listener, wire = rig.listen(), Wire()
    ends = ends or Ends(wire)
    ends.transport = wire
    line = LiveLine(rig.hub, cast("web.Request", ends), cast("web.WebSocketResponse", ends), listener)
    listener.push, listener.live, line.idle = line.push, True, True
    return listener, line, wire


def event(number: int, size: int = 0) -> Event:
    body = {"text": "x" * size}
    return Event(
        number, "counter:1", number, "thing_done", 1, Ledger.TEST, "m", "s", "1", "s", "a:x", 0, 0, body, b""
    )


def told(story: Callable[[], Coroutine[None, None, None]]) -> None:
    run(story(), seed=1)


def test_whoever_has_kept_up_is_told_in_place_and_its_task_sleeps_on() -> None:
    async def story() -> None:
        rig = Rig()
        async with job(rig.hub.follow()):
            (quick, _, wire), slow = lined(rig), rig.listen()
            for number in (1, 2):
                await rig.happen()
                assert wire.sent == b"".join(rig.hub.frame(each) for each in rig.paper.events)
                assert (quick.sent, quick.news.is_set()) == (number, False)
            assert slow.news.is_set(), "nothing tells it in place"
            wire.unread = ROOM
            await rig.happen()
            assert (quick.sent, quick.news.is_set()) == (2, True), "now its own task waits for the line"

    told(story)


@pytest.mark.parametrize("why", ["at work", "closed", "news", "ended", "behind", "too many", "going", "gone"])
def test_what_is_not_plain_and_quick_is_left_to_the_task(why: str) -> None:
    async def story() -> None:
        ends = Ends(Wire())
        listener, line, wire = lined(Rig(), ends)
        batch = [event(1)]
        match why:
            case "at work":
                line.idle = False
            case "closed":
                ends.closed = True
            case "news":
                listener.news.set()
            case "ended":
                listener.ended.set()
            case "behind":
                batch = [event(2)]
            case "too many":
                batch = [event(number) for number in range(1, AT_ONCE + 2)]
            case "going":
                wire.closing = True
            case "gone":
                ends.transport = None
        assert not line.push(batch)
        assert (wire.sent, listener.sent) == (b"", 0)

    told(story)


class Counting(Hub):
    """How many frames were asked for."""

    def __init__(self, edge: Edge) -> None:
        super().__init__(edge)
        self.frames = 0

    def frame(self, event: Event) -> bytes:
        self.frames += 1
        return super().frame(event)


def test_i21_no_more_is_put_together_than_the_line_has_room_for() -> None:
    async def story() -> None:
        rig = Rig()
        rig.hub = hub = Counting(rig.hub.edge)
        listener, line, wire = lined(rig)
        assert not line.push([event(number, 1000) for number in range(1, AT_ONCE + 1)])
        assert (wire.sent, listener.sent) == (b"", 0)
        assert hub.frames <= ROOM // 1000 + 1, "a batch of large events is never joined first"
        assert line.push([event(number, 1000) for number in range(1, 7)])
        assert (listener.sent, wire.sent.count(b"thing_done")) == (6, 6)

    told(story)


def test_a_batch_of_which_nothing_is_for_this_listener_moves_its_place_on() -> None:
    async def story() -> None:
        rig = Rig()
        listener, line, wire = lined(rig)
        elsewhere = replace(OWNER, counters=frozenset({"2"}))
        listener.caller = replace(listener.caller, principal=elsewhere)
        assert line.push([event(1)])
        assert (wire.sent, listener.sent) == (b"", 1)

    told(story)
