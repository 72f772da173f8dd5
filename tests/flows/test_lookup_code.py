"""The code on a receipt at any till of the shop: whose payment it is, or none of ours (row 67, S65)."""

import pytest

from terminal.payments.sale import Sale
from terminal.payments.slip import LOOKUP
from terminal.risk.lookup import CodeIndex
from tests.flows.risk_rig import open_desk
from tests.flows.shop import DAY_S, Shop, refused, story

pytestmark = pytest.mark.row(67)


def code_of(shop: Shop, sale: Sale) -> str:
    return shop.service.check_code(shop.sale(sale))


@story(counters=("1", "2"))
async def test_s65_typed_or_scanned_it_answers_with_amount_time_state_and_refund(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid(counter="2")
    code = code_of(shop, sale)
    for text in (code, f" {code.lower()} ", LOOKUP + sale.id):
        [found] = await desk.codes.find(text)
        assert (found.sale, found.counter, found.amount, found.word) == (sale.id, "2", sale.amount, "paid")
        assert (found.today, found.refunded.minor) == (True, 0)
        assert found.paid_ms == shop.sale(sale).ended_ms
    refund = await shop.refund(sale, 850)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 60)
    [found] = await desk.codes.find(code)
    assert found.refunded.minor == 850


@story()
async def test_s65_a_sale_that_is_not_paid_has_no_code_that_works(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    assert await desk.codes.find(shop.service.code_of(sale.id)) == []
    assert [each.paid_ms for each in await desk.codes.find(LOOKUP + sale.id)] == [0], "its slip says not paid"
    shop.pay(sale)
    await shop.until(lambda: bool(code_of(shop, sale)), 5)
    assert len(await desk.codes.find(code_of(shop, sale))) == 1, "known since it was asked for the first time"


@story()
async def test_what_is_no_code_or_of_no_sale_is_said_so(shop: Shop) -> None:
    desk = open_desk(shop.service)
    await shop.paid()
    assert await desk.codes.find("ZZZZ") == []
    for wrong in ("ABC", "ABCDE", "AB1D", "AB0D", "ABUD", "ＡＢ２Ｄ"):
        assert (await refused(desk.codes.find(wrong))).slug == "lookup_code_wrong"
    assert (await refused(desk.codes.find(LOOKUP + "01KAK3V5M2Q8ZP6T4W9XN7B1CD"))).slug == "receipt_unknown"


@story()
async def test_several_of_today_are_all_told_and_older_ones_only_without_them(shop: Shop) -> None:
    """Every sale has the same code here: what is rare in a shop, made certain."""
    desk = open_desk(shop.service)
    codes = CodeIndex(shop.service, desk.shop.day, code_of=lambda _sale: "7KQ2")
    first = await shop.paid(100)
    await shop.wait(2 * DAY_S)
    [old] = await codes.find("7KQ2")
    assert (old.sale, old.today) == (first.id, False)
    second, third = await shop.paid(200), await shop.paid(300)
    found = await codes.find("7KQ2")
    assert [(each.sale, each.today) for each in found] == [(third.id, True), (second.id, True)]


@story()
async def test_the_index_holds_the_newest_sales_and_no_more(shop: Shop) -> None:
    desk = open_desk(shop.service)
    codes = CodeIndex(shop.service, desk.shop.day, indexed=3)
    sales = [await shop.paid(100 + n) for n in range(2)]
    await codes.find("ZZZZ")
    sales += [await shop.paid(200 + n) for n in range(3)]
    found = [bool(await codes.find(code_of(shop, each))) for each in sales]
    assert found == [False, False, True, True, True]
