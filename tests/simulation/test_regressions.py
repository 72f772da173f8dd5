"""What the simulation found, each as the shortest story that shows it again. Named after the bug."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from msgspec import structs

from terminal.banks.profile_file import load_profile
from terminal.counter.feed import Feed
from terminal.errors import InvalidRequest
from terminal.payments.attempt import State
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor, NewEvent
from terminal.payments.money import Money
from terminal.payments.profile import Profile
from terminal.payments.refund import RefundState
from terminal.simulation.oracle import Oracle
from terminal.simulation.trace import Trace
from terminal.simulation.world import Outfit, World
from terminal.virtual_time import run

T = TypeVar("T")
TILL = Actor("pos", "key:till")
YEAR_MS = 365 * 86_400_000


def play(
    folder: Path,
    story: Callable[[World], Coroutine[Any, Any, T]],
    *,
    channels: tuple[str, ...] = ("wechatpay",),
    profile: Profile | None = None,
) -> T:
    async def main() -> T:
        world = World(1, folder, outfit=Outfit(channels=channels), profile=profile)
        if world.account is not None:
            world.witness = Oracle(world.bank, world.ring.shop, Trace(asyncio.get_running_loop().time), "EUR")
        await world.start()
        try:
            return await story(world)
        finally:
            await world.close()

    return run(main(), seed=1)


async def opened(world: World, minor: int = 1250) -> str:
    amount = Money(minor, world.house.currency)
    sale = await world.call(lambda s: s.checkout.open_sale(OpenSale("1", amount), actor=TILL))
    await asyncio.sleep(2)
    return sale.id


async def cancelled(world: World, sale_id: str) -> str:
    """The order's number at the bank, closed with proof."""
    sale = await world.call(lambda s: s.checkout.cancel(sale_id, why="left", actor=TILL))
    assert sale.attempts[0].state is State.CLOSED
    return sale.attempts[0].id


def test_i17_a_wrong_clock_after_a_restart_ended_the_search_for_late_money(tmp_path: Path) -> None:
    """Ten years ahead every look was overdue, and one unreadable answer closed the matter (found by seed 220)."""

    async def story(world: World) -> list[str]:
        sale_id = await opened(world)
        order_no = await cancelled(world, sale_id)
        await world.crash()
        world.clock.jump_wall(10 * YEAR_MS)
        await world.start()
        await asyncio.sleep(30)
        world.clock.jump_wall(-10 * YEAR_MS)
        now_ms = world.bank_clock.wall_ms()
        world.bank.set_fault("capture-after-close", now_ms)
        world.bank.set_fault("notify-lost", now_ms)
        world.bank.customer_pays(order_no, now_ms)
        await asyncio.sleep(2 * 86_400)
        return [each.kind for each in world.service.book.sale(sale_id).exceptions]

    assert play(tmp_path, story) == ["paid_late"]


def test_i1_a_last_look_without_an_answer_ended_the_search_for_late_money(tmp_path: Path) -> None:
    async def story(world: World) -> list[str]:
        sale_id = await opened(world)
        order_no = await cancelled(world, sale_id)
        await asyncio.sleep(8000)  # between the look after two hours and the last one
        now_ms = world.bank_clock.wall_ms()
        world.bank.set_fault("capture-after-close", now_ms)
        world.bank.set_fault("notify-lost", now_ms)
        world.bank.customer_pays(order_no, now_ms)
        world.bank.set_fault("error-500", now_ms, count=3, params={"call": "query"})
        await asyncio.sleep(2 * 86_400)
        return [each.kind for each in world.service.book.sale(sale_id).exceptions]

    assert play(tmp_path, story) == ["paid_late"]


def test_i4_a_notification_shortened_the_day_of_looking_for_late_money(tmp_path: Path) -> None:
    """A nudge ended a wait early, and the look it brought counted as the one a day later."""

    async def story(world: World) -> bool:
        sale_id = await opened(world)
        order_no = await cancelled(world, sale_id)
        for _ in range(10):
            driver = world.service.lane("1").drive(order_no)
            assert driver is not None
            driver.nudge()
            await asyncio.sleep(10)
        await asyncio.sleep(3600)
        return world.service.book.sale(sale_id).attempts[0].swept

    assert play(tmp_path, story) is False


def test_the_bank_itself_fell_over_a_customer_without_money_at_the_close(tmp_path: Path) -> None:
    async def story(world: World) -> State:
        sale_id = await opened(world)
        world.bank.set_fault("pay-during-close", world.bank_clock.wall_ms())
        world.bank.set_fault("no-funds", world.bank_clock.wall_ms())
        await cancelled(world, sale_id)
        return world.service.book.sale(sale_id).attempts[0].state

    assert play(tmp_path, story) is State.CLOSED


def test_d11_listeners_hear_of_events_whose_caller_went_away(tmp_path: Path) -> None:
    """Events are handed on without reading them back, unless somebody's were not handed on at all."""

    def event(number: int) -> NewEvent:
        return NewEvent("store:s1", "clock_looked_at", f"look-{number}", TILL, {})

    async def story(world: World) -> list[str]:
        feed = Feed(world.journal)
        begun = feed.last_number()
        gone = asyncio.ensure_future(feed.append([event(1)]))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0.01)
        await asyncio.gather(feed.append([event(2), event(3)]), feed.append([event(4)]))
        return [each.subject for each in feed.after(begun)]

    assert sorted(play(tmp_path, story)) == [f"look-{number}" for number in range(1, 5)]


def test_i8_refunds_in_parallel_on_a_finished_sale(tmp_path: Path) -> None:
    """A finished sale's lock was dropped while others waited for it: both saw the whole amount (seed 6)."""

    async def refund(world: World, sale_id: str) -> bool:
        try:
            await world.call(lambda s: s.aftercare.refund(sale_id, 750, reason="broken", actor=TILL))
        except InvalidRequest:
            return False
        return True

    async def story(world: World) -> int:
        sale_id = await opened(world)
        attempt = world.service.book.sale(sale_id).attempts[0]
        world.bank.customer_pays(attempt.id, world.bank_clock.wall_ms())
        world.bank_worked()
        await asyncio.sleep(5)
        return sum(await asyncio.gather(*(refund(world, sale_id) for _ in range(20))))

    assert play(tmp_path, story) == 1


def test_a_wait_of_less_than_a_nanosecond_ends_on_the_virtual_loop() -> None:
    """A code's life was over in 1e-13 s: the loop moved time by nothing and turned for ever (seed 2)."""

    async def story() -> bool:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.1)
        over = loop.time() + 1e-13
        woken = loop.create_future()
        loop.call_at(over, woken.set_result, None)
        await woken
        return loop.time() >= over

    assert run(story(), seed=1)


def test_i2_a_payment_that_our_own_cancel_gave_back_was_called_paid_for_ever(tmp_path: Path) -> None:
    """Alipay's cancel takes a paid trade back: paid while it was under way, and nobody looked again (alipay 3)."""

    async def story(world: World) -> tuple[int, list[str]]:
        sale_id = await opened(world)
        attempt = world.service.book.sale(sale_id).attempts[0]
        world.scan(attempt.payload)
        now_ms = world.bank_clock.wall_ms()
        world.bank.set_fault("pay-during-close", now_ms)
        world.bank.set_fault("slow-answer", now_ms, params={"call": "close", "delay_ms": 3000})
        await world.call(lambda s: s.checkout.cancel(sale_id, why="left", actor=TILL))
        await asyncio.sleep(30)
        kinds = [each.kind for each in world.service.book.sale(sale_id).exceptions]
        return world.bank.returned()[attempt.id], kinds

    assert play(tmp_path, story, channels=("alipay",)) == (1250, ["contradicted"])


def test_a_watch_whose_pause_was_over_by_a_rounding_never_asked_and_spun(tmp_path: Path) -> None:
    """asked + 2.0 - now was 0.0 and now - asked a hair below 2.0: no pause, no question (alipay 7)."""

    async def story(world: World) -> int:
        asked = 0
        for offset_ms in range(0, 1000, 37):  # a second of beginnings: a good many of them round the wrong way
            await asyncio.sleep(offset_ms / 1000)
            sale_id = await opened(world)
            world.scan(world.service.book.sale(sale_id).attempts[0].payload)
            before = world.alipay_line.requests
            await asyncio.sleep(20)
            asked += world.alipay_line.requests - before >= 8
            await cancelled(world, sale_id)
        return asked

    assert play(tmp_path, story, channels=("alipay",)) == 28


def test_i4_a_transfer_back_was_asked_about_for_ever_after_a_restart(tmp_path: Path) -> None:
    """Killed between its record and its answer, nobody would have told a person to make it (any_bank 9)."""

    async def story(world: World) -> list[str]:
        sale_id = await opened(world)
        world.pay(world.service.book.sale(sale_id).attempts[0].payload)
        await asyncio.sleep(10)
        await world.call(lambda s: s.aftercare.refund(sale_id, None, reason="broken", actor=TILL))
        await world.crash()
        await world.start()
        await asyncio.sleep(2 * 3600)
        return [each.kind for each in world.service.book.sale(sale_id).exceptions]

    assert play(tmp_path, story, channels=("any_bank",)) == ["refund_manual"]


def test_i17_a_refund_begun_on_a_clock_years_ahead_was_never_put_before_a_person(tmp_path: Path) -> None:
    """Its age by the wall was negative for ten years, and Alipay has no word for its failure (seed 1222)."""

    async def story(world: World) -> list[str]:
        sale_id = await opened(world)
        world.pay(world.service.book.sale(sale_id).attempts[0].payload)
        await asyncio.sleep(10)
        world.bank.set_fault("refund-closed", world.bank_clock.wall_ms())
        world.clock.jump_wall(10 * YEAR_MS)
        await world.call(lambda s: s.aftercare.refund(sale_id, None, reason="broken", actor=TILL))
        await asyncio.sleep(1)
        world.clock.jump_wall(-10 * YEAR_MS)
        await asyncio.sleep(10 * 3600)
        return [each.kind for each in world.service.book.sale(sale_id).exceptions]

    assert play(tmp_path, story, channels=("alipay",)) == ["refund_late"]


def test_i17_a_refund_queued_on_a_clock_years_ahead_waited_for_those_years(tmp_path: Path) -> None:
    """Found beside the one above, by reading."""

    async def story(world: World) -> RefundState:
        sale_id = await opened(world)
        world.pay(world.service.book.sale(sale_id).attempts[0].payload)
        await asyncio.sleep(10)
        world.bank.set_fault("refund-no-balance", world.bank_clock.wall_ms(), count=1)
        world.clock.jump_wall(10 * YEAR_MS)
        await world.call(lambda s: s.aftercare.refund(sale_id, None, reason="broken", actor=TILL))
        await asyncio.sleep(1)
        assert world.service.book.sale(sale_id).refunds[0].state is RefundState.QUEUED
        world.clock.jump_wall(-10 * YEAR_MS)
        await asyncio.sleep(3 * 3600)
        return world.service.book.sale(sale_id).refunds[0].state

    tries_again = structs.replace(load_profile("wechatpay"), refund_retry=("no_funds",))
    assert play(tmp_path, story, profile=tries_again) is RefundState.REFUNDED
