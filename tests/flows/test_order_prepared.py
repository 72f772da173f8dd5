"""A bank's request is made ready while the disk works and leaves when the disk is done: journal before effect."""

import pytest

from terminal.counter.ports import Order
from terminal.payments.notice import Answer
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
