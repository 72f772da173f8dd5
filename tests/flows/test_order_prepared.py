"""A bank's request is made ready while the disk works and leaves when the disk is done: journal before effect."""

import asyncio
from pathlib import Path

import pytest

from terminal.counter.ports import HttpReply, HttpRequest, Order
from terminal.payments.notice import Answer
from tests.flows.api_parts import Line
from tests.flows.api_rig import Shop as ApiShop
from tests.flows.meddler import Meddler
from tests.flows.shop import Shop, story


class Noted(Meddler):
    """``seen``: what happened, in order."""

    seen: list[str]

    def prepare(self, order: Order) -> None:
        self.seen.append("made ready")
        super().prepare(order)

    async def order(self, order: Order) -> Answer:
        self.seen.append("asked")
        return await super().order(order)


@pytest.mark.row(6)
@story(provider=Noted)
async def test_i6_the_order_is_made_ready_once_beside_the_append_and_asked_for_behind_it(shop: Shop) -> None:
    bank = shop.service.provider("wechatpay")
    assert isinstance(bank, Noted)
    bank.seen = seen = []
    shop.service.feed.committed = lambda _seconds: seen.append("durable")
    sale = await shop.with_code()
    assert seen[:3] == ["made ready", "durable", "asked"]
    assert seen.count("asked") == seen.count("made ready") == 1
    assert shop.attempt(sale).payload


class Hand(Line):
    """A line that makes requests ready and keeps them back."""

    ready: asyncio.Future[HttpRequest]

    async def send_when(
        self, leave: "asyncio.Future[None]", request: HttpRequest, *, connect_s: float, answer_s: float
    ) -> HttpReply:
        self.ready.set_result(request)
        await leave
        return await self.send(request, connect_s=connect_s, answer_s=answer_s)


@pytest.mark.parametrize("full", [False, True])
async def test_i5_an_order_in_the_lines_hand_leaves_when_its_append_is_durable_and_never_when_it_failed(
    tmp_path: Path, *, full: bool
) -> None:
    shop = ApiShop(tmp_path)
    shop.line = line = Hand(shop.bank, shop.clock)
    line.ready = asyncio.get_running_loop().create_future()
    await shop.start()
    try:
        pos = await shop.machine()
        await pos.get("/sales")  # the first use of a key is noted
        shop.disk.works.clear()
        selling = asyncio.create_task(pos.post("/sales", {"counter": "1", "amount_minor": 2850}))
        ordered = await line.ready
        assert line.requests == [], "the disk still works"
        shop.disk.full = full
        shop.disk.works.set()
        assert (await selling).status == (503 if full else 201)
        shop.disk.full = False
    finally:
        await shop.stop()
    assert line.requests[:1] == ([] if full else [ordered])
