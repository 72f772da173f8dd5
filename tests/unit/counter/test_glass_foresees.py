"""Which screens leave for the device before their facts are durable: a result that follows, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from terminal.counter.glass import Glass
from terminal.counter.ports import Display, Health, HealthState, IdleScreen, Release, ResultScreen, Screen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.payments.attempt import State
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, Sale, SaleState
from terminal.virtual_time import run

CNY = Money(100, "CNY")
CODE = Attempt("A1", 0, "bank", "push", CNY, State.SHOWN, 0, 0, payload="weixin://code")
PAYING = Sale("S1", "1", 1, CNY, (100,), 0, attempts=(CODE,))


def with_states(attempt: State, state: SaleState) -> Sale:
    return replace(PAYING, state=state, attempts=(replace(CODE, state=attempt, payload=""),))


PAID = with_states(State.PAID, SaleState.PAID)


class Blind:
    """A display that knows of nothing but what it is shown."""

    async def show(self, screen: Screen) -> None:
        """It is seen."""

    def on_back(self, again: Callable[[], None]) -> None:
        """It never goes."""

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {})


class Foresees(Blind):
    def __init__(self) -> None:
        self.foreseen: list[Screen] = []

    def foresee(self, screen: Screen) -> Release | None:
        self.foreseen.append(screen)
        return lambda: True


async def shown(_screen: Screen) -> None:
    """Nobody listens."""


def glass_with(display: Display | None) -> Glass:
    glass = Glass(CounterSettings("1"), House("m", "s", "Tea"), display, Limits(), shown)
    glass.check_code, glass.receipt = lambda _sale: "7KQ2", lambda _sale: ("https://shop/r/1", 30.0)
    return glass


@pytest.mark.row(49)
@pytest.mark.parametrize(
    ("after", "result"),
    [
        (PAID, "paid"),
        (with_states(State.CLOSED, SaleState.EXPIRED), "not_paid"),
        (with_states(State.CLOSED, SaleState.CANCELLED), "cancelled"),
        (with_states(State.UNKNOWN, SaleState.CHECKING), "checking"),
    ],
)
def test_i2_the_result_that_follows_is_foreseen_and_nothing_is_wanted_before_it_does(
    after: Sale, result: str
) -> None:
    async def story() -> None:
        display = Foresees()
        glass = glass_with(display)
        glass.follow(None, PAYING)
        code, changes = glass.screen, list[Screen]()
        glass.on_change = lambda: changes.append(glass.screen)
        assert glass.foresee(PAYING, after) is not None
        assert (glass.screen, changes) == (code, [])
        glass.follow(PAYING, after)
        assert display.foreseen == [glass.screen]
        assert isinstance(glass.screen, ResultScreen)
        assert glass.screen.result == result

    run(story(), seed=1)


def test_what_is_no_result_or_is_shown_already_is_not_foreseen() -> None:
    async def story() -> None:
        display = Foresees()
        glass = glass_with(display)
        assert glass.foresee(None, PAYING) is None, "a code"
        glass.follow(None, PAYING)
        assert glass.foresee(PAYING, PAYING) is None, "the same code"
        assert glass.foresee(PAYING, replace(PAYING, parked=True)) is None, "idle"
        glass.follow(PAYING, PAID)
        assert glass.foresee(PAYING, PAID) is None, "it stands there"
        glass.clear()
        assert glass.foresee(PAID, replace(PAID, prints=(("R1", 1),))) is None, "a slip brings no result back"
        assert (display.foreseen, glass.screen) == ([], IdleScreen("Tea", False))

    run(story(), seed=1)


@pytest.mark.parametrize("display", [None, Blind()])
def test_a_display_that_foresees_nothing_is_asked_nothing(display: Display | None) -> None:
    async def story() -> None:
        glass = glass_with(display)
        glass.follow(None, PAYING)
        assert glass.foresee(PAYING, PAID) is None

    run(story(), seed=1)
