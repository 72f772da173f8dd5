"""A browser's till behind the hardware proxy, in virtual time: its payments, its absence, its printer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.payments.sale import Sale, SaleState
from terminal.pos.hw_proxy import DRIVER, Payment
from terminal.pos.hw_proxy_till import KEPT_S, HwProxy
from tests.flows.door_rig import days_of, desk_of
from tests.flows.shop import CASHIER, DAY_S, Shop, refused, story


@asynccontextmanager
async def till_of(shop: Shop) -> AsyncIterator[HwProxy]:
    """The door of the life that runs now."""
    till = HwProxy(desk_of(shop), "front", "en", shop.world.ids.ulid, days_of(shop))
    watch = asyncio.create_task(till.watch())
    try:
        yield till
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


def line(minor: int = 2850, name: str = "ORDER1:p1", terminal: str = "") -> Payment:
    return Payment(Money(minor, "CNY"), name, "ORDER1", terminal)


def told(till: HwProxy, transaction: str) -> dict[str, Any]:
    found = till.status()[DRIVER]["transactions"]
    till.heard(found.values())
    return dict(found.get(transaction, {}))


async def sent(till: HwProxy, payment: Payment) -> dict[str, Any]:
    """A line, whose answer reaches the till."""
    began = await till.start(payment)
    till.heard([began])
    return began


async def waits(till: HwProxy, transaction: str, limit_s: float = 60.0) -> dict[str, Any]:
    """Ask every second, as the till does while it waits."""
    for _ in range(int(limit_s)):
        now = told(till, transaction)
        if now["success"] is not None:
            return now
        await asyncio.sleep(1)
    raise AssertionError(f"no result in {limit_s} s")


def sales(shop: Shop) -> list[Sale]:
    return [shop.service.book.sale(row.subject) for row in shop.service.feed.list("sale")]


async def shown(shop: Shop, transaction: str) -> Sale:
    sale = shop.service.book.sale(transaction)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    return sale


@pytest.mark.row(91)
@story()
async def test_a_sale_is_paid_and_told_with_its_check_code(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        assert (began["success"], began["status"]) == (None, "waiting")
        shop.pay(await shown(shop, began["transaction_id"]))
        ended = await waits(till, began["transaction_id"])
        assert (ended["success"], ended["status"], len(ended["reference"])) == (True, "paid", 4)
        sale = shop.service.book.sale(began["transaction_id"])
        assert (sale.amount.minor, sale.reference) == (2850, "ORDER1")
        await asyncio.sleep(KEPT_S / 2)
        assert told(till, sale.id)["success"] is True
        await asyncio.sleep(KEPT_S)
        assert told(till, sale.id) == {}, "finished long ago: forgotten"


@story()
async def test_a1_the_same_line_again_is_the_same_transaction_before_and_after_it_is_paid(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        again = await asyncio.gather(*(till.start(line()) for _ in range(20)))
        assert {each["transaction_id"] for each in again} == {began["transaction_id"]}
        shop.pay(await shown(shop, began["transaction_id"]))
        await waits(till, began["transaction_id"])
        late = await sent(till, line())
        assert (late["transaction_id"], late["success"]) == (began["transaction_id"], True)
        assert (await refused(till.start(line(2900)))).slug == "idempotency_other_meaning"
        assert len(sales(shop)) == 1


@pytest.mark.row(94)
@story()
async def test_a1_a_restart_of_the_service_keeps_the_tills_transaction(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        await shown(shop, began["transaction_id"])
    await shop.restart()
    async with till_of(shop) as till:
        assert told(till, began["transaction_id"])["success"] is None
        assert (await till.start(line()))["transaction_id"] == began["transaction_id"]
        shop.pay(shop.service.book.sale(began["transaction_id"]))
        assert (await waits(till, began["transaction_id"]))["success"] is True


@story()
async def test_a_till_that_asks_no_more_has_its_code_closed_with_proof(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        for _ in range(20):  # every five seconds: it looks at the proxy, it waits for no payment
            await asyncio.sleep(5)
            now = told(till, began["transaction_id"])
        assert now["success"] is False
        sale = shop.service.book.sale(began["transaction_id"])
        assert (sale.state, sale.cancel_why) == (SaleState.CANCELLED, "till_silent")
        assert shop.attempt(sale).state == "closed", "at the bank too"
        again = await till.start(line())
        assert again["transaction_id"] != sale.id, "a new try of the line"


@story()
async def test_a_customer_who_does_not_pay_ends_after_a_while_though_the_till_waits(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        assert (await waits(till, began["transaction_id"], 300))["success"] is False
        assert shop.service.book.sale(began["transaction_id"]).state in {SaleState.CANCELLED, SaleState.EXPIRED}


@story()
async def test_a_new_line_ends_the_former_with_proof_first(shop: Shop) -> None:
    async with till_of(shop) as till:
        former = await till.start(line())
        await shown(shop, former["transaction_id"])
        new = await till.start(line(2900, "ORDER1:p2"))
        assert shop.service.book.sale(former["transaction_id"]).state is SaleState.CANCELLED
        assert new["success"] is None


@story()
async def test_a2_a_former_line_that_was_paid_is_not_charged_again(shop: Shop) -> None:
    shop.no_notifications()
    async with till_of(shop) as till:
        former = await till.start(line())
        shop.pay(await shown(shop, former["transaction_id"]))
        no = await refused(till.start(line(2900, "ORDER1:p2")))
        assert no.slug == "door_former_paid"
        assert told(till, former["transaction_id"])["success"] is True
        assert len(sales(shop)) == 1
        assert (await till.start(line(2900, "ORDER1:p2")))["success"] is None, "asked for once more"


@story()
async def test_checking_is_neither_until_it_is_proven(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        sale = await shown(shop, began["transaction_id"])
        shop.no_notifications()
        shop.pay(sale)
        shop.cut_line()
        await asyncio.sleep(100)  # the till went silent, the cancel cannot be proven
        now = told(till, sale.id)
        assert (now["success"], now["status"]) == (None, "checking")
        shop.mend_line()
        assert (await waits(till, sale.id, 300))["success"] is True


@story()
async def test_a_sale_of_the_cashier_is_never_ended_by_the_till(shop: Shop) -> None:
    async with till_of(shop) as till:
        mine = await shop.open()
        no = await refused(till.start(line()))
        assert no.slug == "sale_live"
        await asyncio.sleep(60)
        assert shop.sale(mine).cancel_why == ""
        assert (await refused(till.start(line(terminal="9")))).slug == "counter_unknown"
        till.refused(no)
        assert "A-30" in till.status()[DRIVER]["messages"][0]
        await shop.service.checkout.cancel(mine.id, why="till", actor=CASHIER)


@story()
async def test_the_tills_receipt_prints_here_and_a_refund_goes_by_the_same_sale(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        shop.pay(await shown(shop, began["transaction_id"]))
        await waits(till, began["transaction_id"])
        await till.print_receipt("<receipt><p>3 x noodles</p></receipt>")
        await shop.until(lambda: any(x.receipt == (Row("3 x noodles"),) for x in shop.counter.printer.whole), 30)
        await till.desk.refund(began["transaction_id"], None, "wrong size", "refund-1")
        await shop.until(lambda: shop.kept_minor == 0, 60)


@pytest.mark.row(94)
@story()
async def test_a_till_that_never_heard_paid_is_before_a_person_until_it_comes_back(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await sent(till, line())
        shop.pay(await shown(shop, began["transaction_id"]))  # and the till's page is closed
        await asyncio.sleep(30)
        sale = shop.service.book.sale(began["transaction_id"])
        assert (sale.state, sale.exceptions) == (SaleState.PAID, ())
        for _ in range(13):  # the page was loaded again: it looks at the proxy, it waits for nothing
            await asyncio.sleep(5)
            assert told(till, sale.id)["success"] is True
        assert [(x.kind, x.closed) for x in shop.sale(sale).exceptions] == [("till_not_told", "")]
    await shop.restart()
    async with till_of(shop) as till:
        await asyncio.sleep(KEPT_S * 2)
        assert (await sent(till, line()))["success"] is True, "the cashier sends the line again"
        await asyncio.sleep(2)
        assert [(x.kind, x.closed) for x in shop.sale(sale).exceptions] == [("till_not_told", "told")]


@pytest.mark.row(94)
@story()
async def test_an_answer_that_never_left_is_not_heard_though_the_till_asked_for_it(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await till.start(line())
        shop.pay(await shown(shop, began["transaction_id"]))
        sale = shop.service.book.sale(began["transaction_id"])
        await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
        lost = await till.start(line())
        assert lost["success"] is True, "made, and its line breaks"
        await asyncio.sleep(120)
        assert [(x.kind, x.closed) for x in shop.sale(sale).exceptions] == [("till_not_told", "")]
        await sent(till, line())
        await asyncio.sleep(2)
        assert [x.closed for x in shop.sale(sale).exceptions] == ["told"]


@pytest.mark.row(94)
@story()
async def test_paid_while_the_service_fell_over_comes_before_a_person_too(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await sent(till, line())
        shop.pay(await shown(shop, began["transaction_id"]))
        sale = shop.service.book.sale(began["transaction_id"])
        await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.restart()
    async with till_of(shop) as till:
        await asyncio.sleep(120)
        assert [(x.kind, x.closed) for x in shop.sale(sale).exceptions] == [("till_not_told", "")]
        assert (await sent(till, line()))["success"] is True
        await asyncio.sleep(2)
        assert [x.closed for x in shop.sale(sale).exceptions] == ["told"]
    await shop.restart()
    async with till_of(shop):
        await asyncio.sleep(120)
        assert len(shop.sale(sale).exceptions) == 1, "what it has heard is on record"


def until_midnight(shop: Shop) -> None:
    """Five seconds are left of this day, for everybody; before anything else has happened."""
    left_ms = int(DAY_S - 5) * 1000 - shop.world.clock.wall_ms() % int(DAY_S * 1000)
    for clock in (shop.world.clock, shop.world.bank_clock):
        clock.jump_wall(left_ms)


@story()
async def test_a1_a_number_that_comes_again_the_next_day_is_another_payment(shop: Shop) -> None:
    """A till that counts from 1 every morning: told "paid" for yesterday's, it would give today's goods away."""
    async with till_of(shop) as till:
        until_midnight(shop)
        first = await sent(till, line(name="1"))
        shop.pay(await shown(shop, first["transaction_id"]))
        assert (await waits(till, first["transaction_id"]))["success"]
        assert (await sent(till, line(name="1")))["success"] is True, "the same day, the same payment"
        await asyncio.sleep(KEPT_S + 60)  # past midnight
        again = await sent(till, line(name="1"))
        assert (again["success"], again["transaction_id"] != first["transaction_id"]) == (None, True)


@story()
async def test_a1_a_payment_over_midnight_is_joined_until_the_till_has_heard_its_end(shop: Shop) -> None:
    async with till_of(shop) as till:
        until_midnight(shop)
        began = await sent(till, line(name="1"))
        await asyncio.sleep(10)
        assert (await sent(till, line(name="1")))["transaction_id"] == began["transaction_id"]
        shop.pay(await shown(shop, began["transaction_id"]))
        sale = shop.service.book.sale(began["transaction_id"])
        await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
        await asyncio.sleep(KEPT_S * 2)
        assert (await sent(till, line(name="1")))["success"] is True, "however late it comes for it"
        await asyncio.sleep(KEPT_S)
        again = await sent(till, line(name="1"))
        assert again["transaction_id"] != sale.id, "it has heard it: this is another one"


@story()
async def test_a1_the_number_of_a_payment_that_runs_over_midnight_with_another_amount_is_another(
    shop: Shop,
) -> None:
    async with till_of(shop) as till:
        until_midnight(shop)
        began = await sent(till, line(name="1"))
        await shown(shop, began["transaction_id"])
        await asyncio.sleep(10)
        again = await sent(till, line(2900, name="1"))
        assert again["transaction_id"] != began["transaction_id"]
        assert shop.service.book.sale(began["transaction_id"]).state is SaleState.CANCELLED, "with proof first"
        assert shop.service.book.sale(again["transaction_id"]).amount.minor == 2900


@story()
async def test_i2_a_line_whose_money_went_back_is_not_told_paid_when_it_is_asked_for_again(shop: Shop) -> None:
    async with till_of(shop) as till:
        began = await sent(till, line())
        sale = await shown(shop, began["transaction_id"])
        shop.pay(sale)
        assert (await waits(till, began["transaction_id"]))["success"]
        await shop.refund(sale)
        again = await sent(till, line())
        assert (again["success"], again["transaction_id"] != began["transaction_id"]) == (None, True)
