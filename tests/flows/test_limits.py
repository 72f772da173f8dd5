"""What cannot be taken is said before a code is shown or a request leaves."""

import pytest

from terminal.errors import InvalidRequest, NotFound
from terminal.payments.decide import OpenSale
from terminal.payments.money import Money
from tests.flows.shop import CASHIER, Shop, refused, story


@pytest.mark.row(38)
@pytest.mark.parametrize(("minor", "slug"), [(5_000_001, "amount_over_limit"), (10**15, "amount_over_limit")])
@story()
async def test_i12_an_amount_over_the_limit_is_refused_before_anything_starts(
    shop: Shop, minor: int, slug: str
) -> None:
    before = shop.world.line.requests
    error = await refused(shop.open(minor))
    assert (error.slug, error.facts["limit"]) == (slug, "50000.00")
    await shop.wait(1)
    assert shop.world.line.requests == before
    assert shop.counter.glass.words == ["idle"]
    assert shop.service.feed.list("sale") == ()


@pytest.mark.row(38)
@pytest.mark.parametrize("minor", [0, -1])
@story()
async def test_i12_nothing_is_not_an_amount(shop: Shop, minor: int) -> None:
    error = await refused(shop.open(minor))
    assert isinstance(error, InvalidRequest)
    assert shop.service.feed.list("sale") == ()


@pytest.mark.row(38)
@story()
async def test_a_currency_the_channel_does_not_take_is_refused(shop: Shop) -> None:
    request = OpenSale("1", Money(100, "USD"))
    error = await refused(shop.service.checkout.open_sale(request, actor=CASHIER))
    assert (error.slug, error.facts["currency"]) == ("currency_not_taken", "USD")


@pytest.mark.row(38)
@story()
async def test_an_unknown_counter_is_refused(shop: Shop) -> None:
    error = await refused(shop.open(counter="9"))
    assert isinstance(error, NotFound)
    assert error.slug == "counter_unknown"
