"""An order's request is signed beside the commit that must come before it, and sent only by ``order``."""

from dataclasses import replace

import pytest

from terminal.banks.channel import PREPARED_MAX, PREPARED_S
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
    assert channel._prepared == {}  # memory is the point
