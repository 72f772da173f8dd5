"""The glass and a display that is opened beside it: no alarm before it had time, one when it stays away."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from terminal.counter.glass import ENTERED_S, FORGOTTEN_S, OPEN_S, PROOF_S, SHOW_S, Glass
from terminal.counter.ports import CodeScreen, Health, HealthState, IdleScreen, ResultScreen, Screen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import PeripheralFailed
from terminal.payments.attempt import State
from terminal.payments.lines import Entered
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, Sale, SaleState
from terminal.virtual_time import run
from tests.devices.peripheral_rig import painting

CNY = Money(100, "CNY")
PAID = ResultScreen(7, "paid", CNY, "7KQ2", False, 60, receipt="https://shop/r/1")


class LateDisplay:
    """There from ``opens_s`` on; tells when it comes and goes."""

    def __init__(self, opens_s: float, takes_s: float = 0.0) -> None:
        self.opens_s, self.takes_s = opens_s, takes_s
        self.there = False
        self.painted: list[Screen] = []
        self._again: Callable[[], None] = lambda: None

    async def run(self) -> None:
        await asyncio.sleep(self.opens_s)
        self.turn(there=True)

    def turn(self, *, there: bool) -> None:
        self.there = there
        self._again()

    async def show(self, screen: Screen) -> None:
        await asyncio.sleep(self.takes_s)
        if not self.there:
            raise PeripheralFailed("display_gone", port="link:/dev/glass")
        self.painted.append(screen)

    async def draws_receipt(self, _link: str) -> bool:
        return True

    def on_back(self, again: Callable[[], None]) -> None:
        self._again = again

    def health(self) -> Health:
        return Health(HealthState.CANNOT_TELL, "", 0, {})


async def shown(_screen: Screen) -> None:
    """Nobody listens."""


def glass_of(display: LateDisplay) -> Glass:
    return Glass(CounterSettings("1"), House("m", "s", "Tea 茶"), display, Limits(), shown)


@pytest.fixture(autouse=True)
def everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """The device says aloud that it went; what the glass makes of it is for who looks closer."""
    caplog.set_level(logging.DEBUG, "terminal.counter.glass")


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for each in caplog.records if "display_gone" in (text := each.getMessage())]


def test_a_display_that_is_opened_in_time_is_painted_at_once_and_nobody_is_alarmed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        display = LateDisplay(OPEN_S / 3)
        glass = glass_of(display)
        jobs = [asyncio.ensure_future(painting(glass)()), asyncio.create_task(display.run())]
        await asyncio.sleep(OPEN_S / 3 + 0.01)
        assert display.painted == [IdleScreen("Tea 茶", False)]
        await asyncio.sleep(60)
        assert glass.failing == ""
        for job in jobs:
            job.cancel()

    run(story(), seed=1)
    assert troubles(caplog) == []


def test_a_glass_at_rest_has_no_task_and_what_is_wanted_then_is_painted() -> None:
    async def story() -> None:
        display, started = LateDisplay(0.0), list[asyncio.Future[None]]()
        display.there = True
        glass = glass_of(display)
        glass.begin(lambda _name, job: started.append(asyncio.ensure_future(job())))
        await asyncio.sleep(1)
        assert [each.done() for each in started] == [True]
        glass.want(PAID)
        await asyncio.sleep(1)
        assert [each.done() for each in started] == [True, False], "a result has its time"
        await asyncio.sleep(PAID.ttl_s + 1)
        assert [each.done() for each in started] == [True, True]
        assert display.painted == [IdleScreen("Tea 茶", False), PAID, IdleScreen("Tea 茶", False)]
        display.turn(there=False)
        await asyncio.sleep(60)
        assert [each.done() for each in started] == [True, True, False], "it is tried again until it is there"
        display.turn(there=True)
        await asyncio.sleep(6)
        assert all(each.done() for each in started)

    run(story(), seed=1)


def test_l1_a_display_that_stays_away_is_told_once_and_one_that_goes_later_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        display = LateDisplay(30.0)
        glass = glass_of(display)
        jobs = [asyncio.ensure_future(painting(glass)()), asyncio.create_task(display.run())]
        await asyncio.sleep(29)
        assert (glass.failing, len(troubles(caplog))) == ("display_gone", 1)
        await asyncio.sleep(2)
        assert (glass.failing, len(display.painted)) == ("", 1)
        display.turn(there=False)
        await asyncio.sleep(0.01)
        assert (glass.failing, len(troubles(caplog))) == ("display_gone", 2)
        for job in jobs:
            job.cancel()

    run(story(), seed=1)


def test_i24_a_display_that_never_answers_is_told_and_the_next_screen_is_tried() -> None:
    """Drivers have limits of their own; one that has none must not leave the till believing that it shows."""

    async def story() -> None:
        display = LateDisplay(0.0)
        glass = glass_of(display)
        jobs = [asyncio.ensure_future(painting(glass)()), asyncio.create_task(display.run())]
        await asyncio.sleep(1)
        display.takes_s = 1e6
        glass.want(PAID)
        await asyncio.sleep(SHOW_S + 1)
        assert glass.failing == "display_no_answer"
        display.takes_s = 0.0
        glass.clear()
        await asyncio.sleep(SHOW_S + 1)
        assert (glass.failing, display.painted[-1]) == ("", IdleScreen("Tea 茶", False))
        for job in jobs:
            job.cancel()

    run(story(), seed=1)


@pytest.mark.row(66)
@pytest.mark.parametrize(
    ("then", "shown", "within_s"),
    [("proved", True, 1.0), ("another screen", False, 0.5), ("gone", False, 1.0), ("silent", False, PROOF_S)],
)
def test_i9_a_receipts_address_is_shown_once_the_device_proved_it_and_the_wait_ends(
    then: str, shown: bool, within_s: float
) -> None:
    async def story() -> None:
        loop, display = asyncio.get_running_loop(), LateDisplay(0.0)
        glass = glass_of(display)
        jobs = [asyncio.ensure_future(painting(glass)()), asyncio.create_task(display.run())]
        await asyncio.sleep(1)
        display.takes_s = 60.0 if then == "silent" else 1.0
        glass.want(PAID)
        asked_s = loop.time()
        waits = asyncio.create_task(glass.shows_receipt("https://shop/r/1"))
        await asyncio.sleep(0.5)
        assert not waits.done()
        if then == "another screen":
            glass.want(replace(PAID, receipt="https://shop/r/2"))
        elif then == "gone":
            display.there = False
        assert await waits is shown
        assert loop.time() - asked_s == pytest.approx(within_s)
        assert not await glass.shows_receipt("https://shop/r/3")
        if then == "proved":
            display.turn(there=False)
            assert not await glass.shows_receipt("https://shop/r/1"), "what stood there is gone"
        for job in jobs:
            job.cancel()

    run(story(), seed=1)


def test_i10_a_code_lit_beside_its_own_commit_is_not_taken_down_by_an_older_fact() -> None:
    async def story() -> None:
        glass = Glass(CounterSettings("1"), House("m", "s", "Tea 茶"), None, Limits(), shown)
        attempt = Attempt("A1", 0, "bank", "push", CNY, State.ORDERING, 0, 0)
        sale = Sale("S1", "1", 1, CNY, (100,), 0, attempts=(attempt,))
        glass.follow(None, sale)
        assert glass.screen == IdleScreen("Tea 茶", False)
        glass.show_code(attempt, "weixin://code")
        lit = glass.screen
        assert isinstance(lit, CodeScreen)
        glass.follow(sale, sale)  # such as the line "code shown", which may be durable before the code's own fact
        assert glass.screen is lit
        there = replace(sale, attempts=(replace(attempt, state=State.SHOWN, payload="weixin://code"),))
        glass.follow(sale, there)
        assert glass.screen == lit
        glass.follow(there, replace(there, cancel_why="cashier"))
        assert glass.screen == IdleScreen("Tea 茶", False)

        glass.show_code(attempt, "weixin://code")
        glass.follow(sale, replace(sale, cancel_why="cashier"))
        assert glass.screen == IdleScreen("Tea 茶", False), "whoever cancels takes it down, durable or not"
        glass.show_code(attempt, "weixin://code")
        refused = replace(attempt, state=State.NOT_SENT)
        glass.follow(sale, replace(sale, attempts=(refused,)))
        assert not isinstance(glass.screen, CodeScreen)

    run(story(), seed=1)


def test_i10_a_new_code_is_taken_down_with_the_fact_that_the_attempt_set_aside_was_paid() -> None:
    async def story() -> None:
        glass = Glass(CounterSettings("1"), House("m", "s", "Tea 茶"), None, Limits(), shown)
        old = Attempt("A1", 0, "bank", "pull", CNY, State.UNKNOWN, 0, 0, set_aside=True)
        new = Attempt("A2", 0, "bank", "push", CNY, State.SHOWN, 0, 0, payload="weixin://code")
        sale = Sale("S1", "1", 1, CNY, (100,), 0, attempts=(old, new))
        glass.follow(None, sale)
        assert isinstance(glass.screen, CodeScreen)
        paid = replace(sale, state=SaleState.PAID, attempts=(replace(old, state=State.PAID), new))
        glass.follow(sale, paid)
        assert isinstance(glass.screen, ResultScreen), "else somebody pays a second time"
        assert glass.screen.result == "paid"

        ordering = replace(new, id="A3", state=State.ORDERING, payload="")
        glass.show_code(ordering, "weixin://later")
        glass.follow(sale, replace(paid, attempts=(paid.attempts[0], ordering)))
        assert not isinstance(glass.screen, CodeScreen), "nor one that is lit beside its own commit"

    run(story(), seed=1)


def goods(count: int) -> Entered:
    return Entered(f"Tea {count}", CNY, Money(100 * count, "CNY"))


@pytest.mark.row(2, 48)
def test_i24_goods_of_a_fast_scanner_are_painted_one_a_second_the_newest_wins_and_a_code_waits_for_none() -> None:
    async def story() -> None:
        display = LateDisplay(0.0)
        glass = glass_of(display)
        display.there = True
        job = asyncio.ensure_future(painting(glass)())
        await asyncio.sleep(OPEN_S)
        display.painted.clear()
        for count in range(1, 100):
            assert glass.enter(goods(count))
            await asyncio.sleep(ENTERED_S / 40)
        painted = [each.entered for each in display.painted if isinstance(each, IdleScreen)]
        assert painted == [goods(1), goods(40), goods(80)]
        glass.want(PAID)
        await asyncio.sleep(0.001)
        assert display.painted[3:] == [PAID], "at once, not after the last goods"
        assert not glass.enter(goods(1)), "never beside a sale's screen"
        glass.clear()
        await asyncio.sleep(2 * ENTERED_S)
        assert display.painted[4:] == [IdleScreen("Tea 茶", False)], "those before the sale are over"
        job.cancel()

    run(story(), seed=1)


@pytest.mark.row(2, 48)
def test_goods_that_nobody_went_on_with_and_those_that_were_taken_back_are_taken_down() -> None:
    async def story() -> None:
        display = LateDisplay(0.0)
        glass = glass_of(display)
        display.there = True
        job = asyncio.ensure_future(painting(glass)())
        glass.enter(goods(1))
        await asyncio.sleep(FORGOTTEN_S / 2)
        glass.enter(goods(2))
        await asyncio.sleep(FORGOTTEN_S - 1)
        assert display.painted[-1] == IdleScreen("Tea 茶", False, entered=goods(2))
        await asyncio.sleep(2)
        assert display.painted[-1] == IdleScreen("Tea 茶", False)
        glass.enter(goods(3))
        glass.enter(goods(4))
        glass.enter(None)
        await asyncio.sleep(3 * ENTERED_S)
        assert display.painted[-1] == IdleScreen("Tea 茶", False)
        job.cancel()

    run(story(), seed=1)


@pytest.mark.row(2, 48)
def test_goods_that_waited_for_their_second_do_not_come_back_over_the_idle_glass_of_a_scanned_sale() -> None:
    async def story() -> None:
        glass = glass_of(LateDisplay(0.0))
        for beside in (goods(2), None):
            glass.enter(goods(1))
            glass.enter(beside)
            glass.enter(goods(3))
            glass.clear()  # a sale by the customer's own code has no screen of its own
            await asyncio.sleep(2 * ENTERED_S)
            assert glass.screen == IdleScreen("Tea 茶", False), "those before the sale are over"

    run(story(), seed=1)
