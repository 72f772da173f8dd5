"""What cannot be taken is said before a code is shown or a request leaves."""

import asyncio

import msgspec
import pytest

from terminal.errors import InvalidRequest, NotFound, TerminalError
from terminal.payments.decide import OpenSale
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
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


@pytest.mark.row(38)
@story()
async def test_i1_a_reference_of_more_words_than_lists_keep_stops_no_payment(shop: Shop) -> None:
    """The row for lists keeps 16 words; the bank's number came on top of them when it was paid."""
    words = " ".join(f"w{number}" for number in range(40))
    for kept in (words, words[: words.index(" w16")]):
        asked = OpenSale("1", Money(2850, "CNY"), order_no=f"POS {len(kept)}", reference=kept)
        sale = await shop.service.checkout.open_sale(asked, actor=CASHIER)
        await shop.until(lambda: bool(shop.attempt(sale).payload), 5)  # noqa: B023  # of this round
        shop.pay(sale)
        await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)  # noqa: B023
        for search in (shop.attempt(sale).provider_txn, asked.order_no, "w1"):
            assert sale.id in [each.subject for each in shop.service.feed.list("sale", search=search)], search
        assert shop.sale(sale).reference == kept


DAY = 24 * 3600.0


async def with_day_limit(shop: Shop, minor: int) -> None:
    """The day begins at the provider's midnight, eight hours before ours: a new life with such a profile."""
    shop.world.profile = msgspec.structs.replace(
        shop.world.profile, day_limit_minor=minor, settlement_offset_min=480
    )
    await shop.restart()


async def to_the_providers_midnight(shop: Shop) -> None:
    await shop.wait(DAY - (shop.bank_ms / 1000 + 8 * 3600) % DAY + 5)


@pytest.mark.row(38)
@story()
async def test_what_a_channel_may_take_in_a_day_is_told_before_the_code(shop: Shop) -> None:
    await with_day_limit(shop, 5000)
    await to_the_providers_midnight(shop)
    await shop.paid(2850)
    cancelled = await shop.with_code(2000)  # not paid: it takes nothing of the day
    await shop.cancel(cancelled)
    before = shop.world.line.requests
    error = await refused(shop.open(2151))
    assert (error.slug, error.facts["left"]) == ("day_limit_reached", "21.50")
    await shop.restart()
    assert (await refused(shop.open(2151))).facts["left"] == "21.50", "also after a restart"
    assert shop.world.line.requests == before
    await shop.paid(2150)
    assert (await refused(shop.open(1))).facts["left"] == "0.00"
    await to_the_providers_midnight(shop)
    await shop.paid(5000)


@pytest.mark.row(38)
@story()
async def test_a_scanned_code_is_within_the_days_limit_too(shop: Shop) -> None:
    await with_day_limit(shop, 3000)
    waiting = await shop.open(2850, push=False)
    code = shop.customer_code()
    shop.world.profile = msgspec.structs.replace(shop.world.profile, day_limit_minor=2000)
    await shop.restart()
    assert (await refused(shop.scan(code))).slug == "day_limit_reached"
    assert shop.sale(waiting).attempts == ()


@pytest.mark.row(38)
@story()
async def test_a_scanned_code_is_within_its_own_channels_limit_too(shop: Shop) -> None:
    waiting = await shop.open(2850, push=False)
    shop.world.profile = msgspec.structs.replace(shop.world.profile, max_minor=2000)
    await shop.restart()
    error = await refused(shop.scan(shop.customer_code()))
    assert (error.slug, error.facts["limit"]) == ("amount_over_limit", "20.00")
    assert shop.sale(waiting).attempts == ()


@pytest.mark.row(38)
@story(counters=("1", "2"))
async def test_two_tills_together_do_not_pass_the_days_limit(shop: Shop) -> None:
    """What is on its way into the journal counts, then what a customer may still pay; what nobody paid is free."""
    await with_day_limit(shop, 5000)
    await to_the_providers_midnight(shop)
    both = await asyncio.gather(
        *(shop.open(2850, counter=each) for each in ("1", "2")), return_exceptions=True
    )  # whichever is first
    [one] = [each for each in both if isinstance(each, Sale)]
    [error] = [each for each in both if isinstance(each, TerminalError)]
    other = "2" if one.counter == "1" else "1"
    assert (error.slug, error.facts["left"]) == ("day_limit_reached", "21.50")
    await shop.until(lambda: bool(shop.attempt(one).payload), 5)
    assert (await refused(shop.open(2151, counter=other))).slug == "day_limit_reached"
    await shop.restart()
    assert (await refused(shop.open(2151, counter=other))).slug == "day_limit_reached", "also after a restart"
    await shop.cancel(one)
    await shop.until(lambda: not shop.attempt(one).live, 10)
    await shop.paid(5000, counter=other)


@pytest.mark.row(38)
@story()
async def test_a_scan_that_takes_the_shown_codes_place_is_not_counted_beside_it(shop: Shop) -> None:
    await with_day_limit(shop, 3000)
    await to_the_providers_midnight(shop)
    sale = await shop.with_code(2850)
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)


@pytest.mark.row(38)
@story()
async def test_what_was_opened_before_midnight_and_paid_after_it_counts_for_the_new_day(shop: Shop) -> None:
    """Counted anew after a restart: from rows where they say it all, else from the sale itself."""
    await with_day_limit(shop, 10_000)
    await to_the_providers_midnight(shop)
    await shop.paid(4000)
    await shop.wait(DAY - 1200)
    await shop.paid(3000)
    await shop.wait(DAY - (shop.bank_ms / 1000 + 8 * 3600) % DAY - 20)
    sale = await shop.with_code(2850)
    await shop.wait(25)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    assert (await refused(shop.open(7151))).facts["left"] == "71.50"
    await shop.restart()
    assert (await refused(shop.open(7151))).facts["left"] == "71.50"
    await shop.wait(3600)
    gone = await shop.with_code(2000)
    await shop.cancel(gone)
    await shop.refund(await shop.paid(150))
    await shop.wait(DAY / 4)
    await shop.restart()
    assert (await refused(shop.open(7001))).facts["left"] == "70.00"


@pytest.mark.row(38)
@story()
async def test_what_was_paid_just_before_midnight_counts_for_the_day_that_ended(shop: Shop) -> None:
    """Counted anew by a start a moment after it."""
    await with_day_limit(shop, 5000)
    await to_the_providers_midnight(shop)
    await shop.wait(DAY - 60)
    await shop.paid(4000)
    await to_the_providers_midnight(shop)
    await shop.restart()
    await shop.paid(5000)


@pytest.mark.row(38)
@story()
async def test_an_amount_below_what_the_channel_takes_is_told_as_that(shop: Shop) -> None:
    shop.world.profile = msgspec.structs.replace(shop.world.profile, min_minor=100)
    await shop.restart()
    before = shop.world.line.requests
    error = await refused(shop.open(99))
    assert (error.slug, error.facts["limit"]) == ("amount_under_limit", "1.00")
    assert shop.world.line.requests == before
    assert (await shop.open(100)).amount.minor == 100
