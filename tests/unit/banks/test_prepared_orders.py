"""An order's request is made ready beside the commit that must come before it, and sent only by ``order``."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from terminal.banks.prepared import HELD_MAX, PREPARED_MAX, PREPARED_S
from terminal.conformance.kit import ScriptedHttp
from terminal.counter.ports import HttpReply, HttpRequest, NothingSent
from terminal.payments.money import Money
from terminal.payments.notice import CodeReady
from tests.unit.banks.rigs import Bench, order


async def test_a_prepared_order_leaves_once_with_the_signature_made_before() -> None:
    bench = Bench()
    channel = bench.channel()
    channel.prepare(order())
    assert bench.http.requests == []
    bench.clock.now_s += 1
    bench.http.steps += [bench.peer.says("made", order(), act="order")] * 2
    assert isinstance(await channel.order(order()), CodeReady)
    bench.clock.now_s += 1
    assert isinstance(await channel.order(order()), CodeReady), "again: a stamp and nonce of its own"
    first, again = bench.http.requests
    assert all(bench.peer.accepts(each) for each in (first, again))
    assert first.body == again.body
    assert first.headers != again.headers


async def test_another_order_under_the_same_number_is_signed_anew() -> None:
    bench = Bench()
    channel = bench.channel()
    channel.prepare(order())
    other = replace(order(), amount=Money(order().amount.minor + 1, "CNY"))
    bench.http.steps.append(bench.peer.says("made", other, act="order"))
    assert isinstance(await channel.order(other), CodeReady)
    (sent,) = bench.http.requests
    assert bench.peer.accepts(sent)
    assert str(other.amount.minor).encode() in sent.body


@pytest.mark.parametrize("moved_s", [PREPARED_S + 1, -3600])
async def test_d8_a_stamp_that_waited_too_long_or_is_of_a_wrong_clock_is_made_anew(moved_s: float) -> None:
    bench = Bench()
    channel = bench.channel()
    channel.prepare(order())
    bench.clock.now_s += moved_s  # backwards: the provider has told what time it is
    bench.peer.now_s = int(bench.clock.now_s)
    bench.http.steps.append(bench.peer.says("made", order(), act="order"))
    await channel.order(order())
    stamp = dict(bench.http.requests[0].headers)["Authorization"].partition('timestamp="')[2].partition('"')[0]
    assert int(stamp) == bench.clock.now_s


async def test_orders_that_are_never_sent_are_forgotten() -> None:
    bench = Bench()
    channel = bench.channel()
    for number in range(PREPARED_MAX * 2):
        channel.prepare(replace(order(), order_no=f"{number:026}"))
    assert len(channel._prepared) == PREPARED_MAX  # memory is the point
    assert bench.http.requests == []


async def test_what_the_channel_does_not_take_is_not_prepared() -> None:
    bench = Bench()
    channel = bench.channel()
    channel.prepare(replace(order(), amount=Money(100, "EUR")))
    assert len(channel._prepared) == 0  # memory is the point


class HoldingLine(ScriptedHttp):
    """``ready``: what it holds or held in its hand; it drops all when ``fails``."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[HttpRequest] = []
        self.fails = False

    async def send_when(
        self, leave: "asyncio.Future[None]", request: HttpRequest, *, connect_s: float, answer_s: float
    ) -> HttpReply:
        self.ready.append(request)
        if self.fails:
            raise NothingSent("hung up")
        await leave
        return await self.send(request, connect_s=connect_s, answer_s=answer_s)


@dataclass(slots=True)
class HoldingBench(Bench):
    http: HoldingLine = field(default_factory=HoldingLine)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_i5_an_order_in_the_links_hand_leaves_as_it_is_when_it_is_asked_for() -> None:
    bench = HoldingBench()
    channel = bench.channel()
    channel.prepare(order())
    await settled()
    assert len(bench.http.ready) == 1
    assert bench.http.requests == []
    bench.http.steps.append(bench.peer.says("made", order(), act="order"))
    assert isinstance(await channel.order(order()), CodeReady)
    assert bench.http.requests == bench.http.ready
    assert bench.peer.accepts(bench.http.requests[0])


@pytest.mark.parametrize("why", ["another amount", "too old", "hung up"])
async def test_i12_what_the_link_holds_and_is_not_asked_for_never_leaves(why: str) -> None:
    bench = HoldingBench()
    bench.http.fails = why == "hung up"
    channel = bench.channel()
    channel.prepare(order())
    await settled()
    asked = replace(order(), amount=Money(order().amount.minor + 1, "CNY")) if why == "another amount" else order()
    if why == "too old":
        bench.clock.now_s += PREPARED_S + 1
        bench.peer.now_s = int(bench.clock.now_s)
    bench.http.steps.append(bench.peer.says("made", asked, act="order"))
    assert isinstance(await channel.order(asked), CodeReady)
    await settled()
    (sent,) = bench.http.requests
    assert bench.peer.accepts(sent)
    assert sent not in bench.http.ready or why == "hung up", "sent anew"


async def test_i21_the_links_hand_is_small_and_empty_in_the_end() -> None:
    bench = HoldingBench()
    channel = bench.channel()
    before = asyncio.all_tasks()
    for number in range(HELD_MAX * 2):
        channel.prepare(replace(order(), order_no=f"{number:026}"))
    await settled()
    assert len(bench.http.ready) == HELD_MAX
    await channel.aclose()
    await settled()
    assert asyncio.all_tasks() == before
    assert bench.http.requests == []
