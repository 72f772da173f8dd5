"""Clocks that jump, machines that sleep, orderly stops, bugs in a task, disks that fail."""

import asyncio

import pytest

from terminal.counter.service import Service
from terminal.payments.notice import Answer
from terminal.payments.sale import SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import DAY_S, Shop, refused, story

JUMPS_S = [1, -1, 59, -59, 400, -400, DAY_S, -DAY_S, 3650 * DAY_S, -3650 * DAY_S]


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(37)
@pytest.mark.parametrize("jump_s", JUMPS_S)
@pytest.mark.parametrize("at_s", [0.03, 0.5, 4.0])
@story()
async def test_d8_i17_a_clock_that_jumps_in_the_middle_of_a_sale_changes_no_outcome(
    shop: Shop, jump_s: float, at_s: float
) -> None:
    sale = await shop.open()
    await shop.wait(at_s)
    shop.world.clock.jump_wall(round(jump_s * 1000))
    await shop.until(lambda: bool(shop.attempt(sale).payload), 30)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.wait(3)
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert len(shop.counter.printer.whole) == 1


@pytest.mark.row(37)
@pytest.mark.parametrize("jump_s", [-3650 * DAY_S, -400, 400, 3650 * DAY_S])
@story()
async def test_d8_i17_an_expiry_by_a_wrong_clock_takes_as_long_and_is_as_proven(shop: Shop, jump_s: float) -> None:
    sale = await shop.with_code()
    shop.world.clock.jump_wall(round(jump_s * 1000))
    await shop.wait(55)
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.until(lambda: shop.sale(sale).state is SaleState.EXPIRED, 20)
    assert shop.states(sale) == ["shown", "closing", "closed"]


@pytest.mark.row(37)
@story()
async def test_d8_a_wrong_clock_found_out_refuses_new_sales_with_the_seconds_and_finishes_old_ones(
    shop: Shop,
) -> None:
    sale = await shop.with_code()
    shop.world.clock.jump_wall(120_000)
    await shop.wait(5)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    error = await refused(shop.open(100))
    assert error.slug == "clock_off"
    assert abs(int(error.facts["seconds"]) - 120) <= 2
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 30)


@pytest.mark.parametrize("paid", [False, True])
@story()
async def test_d9_after_eight_hours_of_sleep_the_bank_is_asked_before_anything_is_done(
    shop: Shop, paid: bool
) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    await shop.wait(3)
    if paid:
        shop.pay(sale)
    shop.loop.skip(8 * 3600)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 3)
    assert shop.sale(sale).state is (SaleState.PAID if paid else SaleState.EXPIRED)
    if not paid:
        assert shop.states(sale)[-2:] == ["closing", "closed"]
    await shop.wait(10)
    assert shop.lane().current is None


@story()
async def test_d9_asleep_in_a_doubt_about_a_scanned_code(shop: Shop) -> None:
    await shop.open(push=False)
    shop.fault("error-500-after-debit")
    sale = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).word == "checking", 1)
    shop.loop.skip(8 * 3600)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 20)
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("at_s", [0.0, 0.02, 0.11, 0.6, 6.0, 47.0])
@pytest.mark.parametrize("trouble", ["", "lost_answer"])
@story()
async def test_d12_a_stop_takes_at_most_5_s_and_leaves_what_is_unknown_for_the_next_start(
    shop: Shop, at_s: float, trouble: str
) -> None:
    await shop.open(push=False)
    sale = await shop.scan(shop.customer_code("password", confirm_after_ms=10_000))
    if trouble:
        setattr(shop.world.line.faults, trouble, 1000)
    await shop.wait(at_s)
    began = shop.loop.time()
    await shop.world.stop()
    assert shop.loop.time() - began <= 5
    shop.mend_line()
    await shop.world.start()
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 200)
    assert (shop.sale(sale).state is SaleState.PAID) == (shop.kept_minor > 0)


@story()
async def test_d12_nothing_new_starts_while_it_stops(shop: Shop) -> None:
    sale = await shop.open(push=False)
    shop.service.stopping = True
    assert (await refused(shop.scan(shop.customer_code()))).slug == "stopping"
    assert (await refused(shop.open(100))).slug in {"stopping", "sale_live"}
    await shop.cancel(sale)
    assert (await refused(shop.open(100))).slug == "stopping"


@story()
async def test_d12_a_request_that_commits_while_the_service_ends_is_taken_up_by_the_next_start(shop: Shop) -> None:
    opening = asyncio.ensure_future(shop.open())
    while not shop.events("sale_opened"):  # the very turn in which it is durable
        await asyncio.sleep(0)
        shop.service.tasks.close()
    await shop.world.stop()
    await asyncio.wait({opening})
    opening.exception()
    await shop.world.start()
    sale = shop.service.book.sale(shop.lane().current or "")
    await shop.until(lambda: bool(shop.attempt(sale).payload), 7)


def meddler(service: Service) -> Meddler:
    found = service.provider("wechatpay")
    assert isinstance(found, Meddler)
    return found


@pytest.mark.parametrize("act", ["order", "query"])
@story(provider=Meddler, broken=True)
async def test_d11_a_bug_in_the_connector_is_loud_and_the_sale_goes_on_when_it_has_passed(
    shop: Shop, act: str
) -> None:
    async def bug() -> Answer:
        raise KeyError("a bug")

    shop.no_notifications()
    meddler(shop.service).instead[act] = bug
    sale = await shop.open()
    await shop.wait(20)
    assert any(each.startswith("attempt") for each in shop.service.tasks.broken)
    meddler(shop.service).instead.clear()
    await shop.until(lambda: bool(shop.attempt(sale).payload), 25)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 20)
    await shop.wait(1)
    assert shop.service.tasks.broken == {}


@story(provider=Meddler, broken=True)
async def test_d11_a_bug_in_the_pay_call_is_a_doubt_and_never_a_second_pay(shop: Shop) -> None:
    async def bug() -> Answer:
        raise KeyError("a bug")

    await shop.open(push=False)
    meddler(shop.service).instead["pay"] = bug
    sale = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 300)
    assert meddler(shop.service).asked["pay"] == 1
    assert shop.attempt(sale).state == "reversed"


@pytest.mark.parametrize("nth", range(1, 7))  # voice and paper begin in that of their payment
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
@story()
async def test_d5_i20_a_disk_that_fails_ends_the_service_and_no_more_money_moves(
    shop: Shop, nth: int, point: str
) -> None:
    commits = 0

    def fail(at: str) -> None:
        nonlocal commits
        commits += at == point
        if at == point and commits >= nth:
            raise OSError(5, "Input/output error")

    async def till() -> None:
        await shop.open(push=False)
        await shop.scan(shop.customer_code())
        await shop.wait(10)

    shop.world.at_point = fail
    asking = asyncio.ensure_future(till())
    await shop.until(lambda: shop.world.journal.dead is not None, 5)
    await asyncio.wait({asking}, timeout=1)
    before = shop.world.line.requests
    assert (await refused(shop.open(100))).slug in {
        "commit_unknown",
        "journal_broken",
        "journal_stopped",
        "sale_live",
    }
    await shop.wait(30)
    assert shop.world.line.requests == before
    asking.cancel()
    await asyncio.wait({asking})
    shop.world.at_point = lambda _point: None
    await shop.world.crash()
    await shop.world.start()
    await shop.wait(300)
    rows = shop.service.feed.list("sale")
    assert all(shop.service.book.sale(row.subject).live_attempt is None for row in rows)
    assert shop.kept_minor == sum(row.body["amount_minor"] for row in rows if row.body["state"] == "paid")


@story()
async def test_i20_a_disk_that_fails_under_a_request_ends_the_service_with_nobody_else_writing(shop: Shop) -> None:
    def fail(at: str) -> None:
        if at == "before_commit":
            raise OSError(5, "Input/output error")

    shop.world.at_point = fail
    assert (await refused(shop.open())).slug == "commit_unknown"
    life = shop.world._life
    assert life is not None
    await shop.until(life.done, 1)  # else it would refuse for ever and no supervisor would know
    shop.world.at_point = lambda _point: None
    await shop.world.crash()
    await shop.world.start()
    assert (await shop.paid(100)).state is SaleState.PAID


@story(broken=True)
async def test_d12_a_job_that_fails_while_it_is_ended_does_not_hold_up_the_end(shop: Shop) -> None:
    async def turns_its_end_into_a_failure() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("closing failed") from None

    shop.service.tasks.start("device", turns_its_end_into_a_failure)
    await shop.wait(1)
    began = shop.loop.time()
    async with asyncio.timeout(60):
        await shop.world.stop()
    assert shop.loop.time() - began <= 5
    await shop.world.start()


@story(provider=Meddler)
async def test_row_31_a_cancel_in_the_turn_in_which_an_answer_is_given_up_is_a_cancel(shop: Shop) -> None:
    """The question's time is over and its task has not yet heard of it: exactly then somebody cancels."""

    async def silent() -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.wait({cancelled})  # as a transport that takes its time to close
        raise AssertionError("nobody ends this by itself")

    cancelled: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    shop.no_notifications()
    sale = await shop.with_code()
    meddler(shop.service).instead["query"] = silent
    before = meddler(shop.service).asked.get("query", 0)
    await shop.until(lambda: meddler(shop.service).asked.get("query", 0) > before, 30)
    driver = shop.lane().drive(shop.attempt(sale).id)
    assert driver is not None
    asking = driver._asking
    assert asking is not None
    await shop.until(asking.expired, 120)
    meddler(shop.service).instead.clear()
    try:
        driver.give_up()
    finally:
        cancelled.set_result(None)
    await shop.until(lambda: shop.attempt(sale).state == "closed", 20)
