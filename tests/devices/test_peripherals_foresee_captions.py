"""A result foreseen while the code before it is proven or captioned: captions rest for it, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random

import pytest

from drivers.display.driver import Screen as Lit
from drivers.display.messages import Type
from drivers.display.profile import DisplayProfile
from drivers.display.tiles import Tile
from terminal.counter.ports import CodeScreen, Release, ResultScreen, Screen
from terminal.peripherals.display import FORESEEN_S, Captions
from terminal.virtual_time import run
from tests.devices.peripheral_rig import play, running, until, well
from tests.devices.test_peripherals_foresee import CODE, IDLE, PAID, Own

OTHER = replace(CODE, id=9, payload="weixin://wxpay/bizpayurl?pr=zyxwvut00")
LINK = "https://tea.example/r/7KQ2"


def captioned(count: int) -> Captions:
    """So many tiles of two or three frames beside each screen, other ones beside a result."""

    async def captions(screen: Screen, _width: int, _height: int) -> AsyncIterator[Tile]:
        for number in range(count):
            draw = Random(f"{type(screen).__name__} {number}")
            height = draw.randrange(40, 70)
            yield Tile(0, draw.randrange(240, 251), 240, height, draw.randbytes(30 * height))

    return captions


@asynccontextmanager
async def there(own: Own) -> AsyncIterator[Own]:
    """Greeted, answers take 20 ms, and at the end still the same connection."""
    async with running(own.display.run):
        await well(own.display.health)
        own.cable.delay_s = 0.02
        yield own
        assert own.sent(Type.HELLO) == 1, "the connection stays"


async def foreseen(own: Own, screen: ResultScreen = PAID, *, behind: int) -> Release:
    """As soon as a frame of that type is out."""
    await until(lambda: own.sent(behind) > 0, 1)
    release = own.display.foresee(screen)
    assert release is not None
    return release


async def glass_of(screen: Screen, count: int) -> bytes:
    """What a person sees once all of it is painted, with nothing foreseen and nothing lost."""
    async with there(Own(captioned(count))) as own:
        await own.display.show(screen)
        await asyncio.sleep(2)
        return own.stub.png()


def test_i2_captions_rest_between_two_frames_for_what_is_foreseen_and_show_sends_its_end() -> None:
    async def story() -> None:
        async with there(Own(captioned(3))) as own:
            await own.display.show(CODE)
            release = await foreseen(own, behind=Type.TILE)
            assert not release(), "a tile waits for its answer"
            await asyncio.sleep(FORESEEN_S / 2)
            assert (own.sent(Type.TILE), own.stub.screen) == (1, Lit.CODE)
            await own.display.show(PAID)
            assert (own.results(), own.stub.screen, own.sent(Type.TILE)) == (1, Lit.RESULT, 1)
            await asyncio.sleep(2)
            assert own.stub.png() == await glass_of(PAID, 3)

    play(story())


@pytest.mark.parametrize("foresees", [True, False])
def test_i2_a_caption_in_several_frames_is_not_gone_on_with_over_the_result_that_is_shown_meanwhile(
    foresees: bool,
) -> None:
    """The same number stands for a sale's code and its result, so the display would take them."""

    async def beside_codes(screen: Screen, width: int, height: int) -> AsyncIterator[Tile]:
        if isinstance(screen, CodeScreen):
            async for tile in captioned(2)(screen, width, height):
                yield tile

    async def story() -> None:
        async with there(Own(beside_codes)) as own:
            await own.display.show(CODE)
            await until(lambda: own.sent(Type.TILE) > 0, 1)
            assert not foresees or own.display.foresee(PAID) is not None
            await own.display.show(PAID)
            await asyncio.sleep(2)
            assert own.sent(Type.TILE) == 1
            assert own.stub.png() == await glass_of(PAID, 0)

    play(story())


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize("behind", [Type.SHOW_QR, Type.STATE])
def test_i2_foreseen_while_its_code_is_proven_no_caption_comes_between_and_the_connection_stays(
    behind: int, follows: bool
) -> None:
    async def story() -> None:
        async with there(Own(captioned(2))) as own:
            showing = asyncio.ensure_future(own.display.show(CODE))
            release = await foreseen(own, behind=behind)
            await showing
            await asyncio.sleep(FORESEEN_S * 0.9)
            assert own.sent(Type.TILE) == 0
            if follows:
                assert bool(release()) is (behind == Type.STATE), "the proof took back what came before it"
                await own.display.show(PAID)
            await asyncio.sleep(3)
            assert own.results() == int(follows)
            assert own.stub.png() == await glass_of(PAID if follows else CODE, 2)

    play(story())


def test_i2_what_nothing_follows_keeps_captions_waiting_no_longer_than_its_time_and_is_not_lit_later() -> None:
    async def story() -> None:
        receipt = replace(PAID, receipt=LINK)
        async with there(Own(captioned(3), fits=lambda *_: True)) as own:
            await own.display.show(receipt)
            drawn = asyncio.ensure_future(own.display.draws_receipt(LINK))
            release = await foreseen(own, replace(PAID, id=9, result="late"), behind=Type.TILE)
            await asyncio.sleep(FORESEEN_S * 0.9)
            assert (own.sent(Type.TILE), drawn.done()) == (1, False)
            assert await asyncio.wait_for(drawn, FORESEEN_S)
            assert not release()
            await asyncio.sleep(1)
            assert (own.results(), own.stub.id) == (1, PAID.id)
            assert own.stub.png() == await glass_of(PAID, 3)

    play(story())


def test_i2_what_is_lit_and_shown_late_is_not_painted_over_with_captions_of_the_code_before() -> None:
    async def story() -> None:
        async with there(Own(captioned(3))) as own:
            await own.display.show(CODE)
            release = await foreseen(own, behind=Type.TILE)
            await asyncio.sleep(0.1)
            assert release()
            await asyncio.sleep(0.1)
            lit = own.stub.png()
            await asyncio.sleep(FORESEEN_S * 8)  # asked what it shows, meanwhile
            assert (own.stub.screen, own.stub.png(), own.sent(Type.TILE)) == (Lit.RESULT, lit, 1)
            await own.display.show(PAID)
            await asyncio.sleep(2)
            assert own.stub.png() == await glass_of(PAID, 3)

    play(story())


def test_i2_a_second_one_has_its_own_time_whatever_took_the_first_back() -> None:
    async def story() -> None:
        async with there(Own(profile=DisplayProfile(keep_alive_ms=3000))) as own:
            await own.display.show(CODE)
            await asyncio.sleep(3 - FORESEEN_S / 2)
            first, asked = own.display.foresee(PAID), own.sent(Type.STATE)
            assert first is not None
            await until(lambda: own.sent(Type.STATE) > asked, FORESEEN_S)
            await asyncio.sleep(0.1)
            assert not first()
            second = own.display.foresee(PAID)
            assert second is not None
            await asyncio.sleep(FORESEEN_S * 0.8)
            assert second(), "the first one's time is over, not this one's"
            await own.display.show(PAID)
            third = own.display.foresee(replace(PAID, result="late"))
            assert third is not None
            await asyncio.sleep(FORESEEN_S * 0.8)
            assert third(), "nothing is left of the second's time"
            await asyncio.sleep(0.1)
            assert (own.sent(Type.STATE), own.results()) == (asked + 1, 2)

    play(story())


@pytest.mark.parametrize("away_s", [0, FORESEEN_S * 2])
def test_l1_i2_a_cable_pulled_between_the_two_leaves_nothing_of_it_to_the_next_connection(away_s: float) -> None:
    async def story() -> None:
        own = Own(captioned(2))
        async with running(own.display.run):
            await well(own.display.health)
            own.cable.delay_s = 0.02
            await own.display.show(CODE)
            release = await foreseen(own, behind=Type.TILE)
            own.cable.unplug()
            await asyncio.sleep(away_s)
            own.cable.plug()
            await until(lambda: own.sent(Type.HELLO) > 1, 3)
            await asyncio.sleep(0.1)
            assert not release()
            greeted = own.sent(Type.HELLO)
            await own.display.show(OTHER)
            await asyncio.sleep(2)
            assert (own.sent(Type.HELLO), own.results()) == (greeted, 0)
            assert own.stub.png() == await glass_of(OTHER, 2)

    play(story())


@dataclass(frozen=True)
class Plan:
    """One story by chance. Times in seconds; after ``foreseen_s``, those of release and show count from there."""

    tiles: int
    foreseen_s: float
    release_s: float | None
    then: Screen | None
    then_s: float
    again_s: float | None

    @classmethod
    def drawn(cls, draw: Random) -> "Plan":
        follows: tuple[Screen | None, ...] = (PAID, PAID, OTHER, IDLE, None)
        release_s = draw.choice([None, draw.uniform(0, 0.3), draw.uniform(0, 1.5)])
        return cls(
            tiles=draw.randrange(5),
            foreseen_s=draw.uniform(0, 0.5),
            release_s=release_s,
            then=draw.choice(follows),
            then_s=draw.choice([draw.uniform(0, 0.3), draw.uniform(0, 1.5)]),
            again_s=draw.choice([None, draw.uniform(0, 1.5)]),
        )


class Chance:
    """A line that loses or spoils one piece on its way at most, and a person who watches the glass."""

    def __init__(self, draw: Random, own: Own) -> None:
        self.own, self.may_be_paid, self.lit_too_soon, self.lost = own, False, False, False
        own.cable.paced = draw.random() < 0.5
        own.cable.delay_s = draw.choice([0, 0.005, 0.05])
        place, spoils = draw.randrange(16), draw.choice([b"", b"\x55", b"\0"])
        to_device, to_host = draw.choice([(place, -1), (-1, place), (-1, -1)])
        own.cable.to_device = self._losing(to_device, spoils)
        seen = self._losing(to_host, spoils)

        def watched(data: bytes) -> bytes:
            self.lit_too_soon |= own.stub.screen == Lit.RESULT and not self.may_be_paid
            return seen(data)

        own.cable.to_host = watched

    def _losing(self, place: int, spoils: bytes) -> Callable[[bytes], bytes]:
        passed = 0

        def passes(data: bytes) -> bytes:
            nonlocal passed
            passed += 1
            if passed != place + 1:
                return data
            self.lost = True
            return data[: len(data) // 2] + spoils if spoils else b""

        return passes


async def by_chance(plan: Plan, draw: Random) -> tuple[Own, Chance, bool]:
    """Play it to its end; whether its end was sent by its release."""
    own = Own(captioned(plan.tiles), profile=DisplayProfile(keep_alive_ms=draw.choice([150, 5000])))
    async with running(own.display.run):
        await well(own.display.health)
        line, told = Chance(draw, own), list[bool]()

        async def releases(release: Release | None, after_s: float | None) -> None:
            if release is not None and after_s is not None:
                await asyncio.sleep(after_s)
                line.may_be_paid = True
                told.append(bool(release()))

        async def foresees_again() -> None:
            await asyncio.sleep(plan.again_s or 0)
            own.display.foresee(replace(PAID, result="not_paid"))

        async def shows() -> None:
            await asyncio.sleep(plan.then_s)
            line.may_be_paid |= plan.then is PAID
            if plan.then is not None:
                await own.display.show(plan.then)

        showing = asyncio.ensure_future(own.display.show(CODE))
        await asyncio.sleep(plan.foreseen_s)
        beside: list[Awaitable[None]] = [releases(own.display.foresee(PAID), plan.release_s)]
        if plan.again_s is not None:
            beside.append(foresees_again())
        await showing
        await asyncio.gather(*beside, shows())
        await asyncio.sleep(6)
        assert own.display.health().state.value == "ok"
    return own, line, any(told)


def test_i2_i10_in_any_order_and_with_a_frame_lost_the_glass_shows_what_was_shown_last() -> None:
    glasses: dict[tuple[type, int], bytes] = {}
    for seed in range(60):
        draw = Random(seed)
        plan = Plan.drawn(draw)
        own, line, lit = run(by_chance(plan, draw), seed=seed)
        about = f"seed {seed}: {plan}, lit {lit}, lost {line.lost}"
        assert not line.lit_too_soon, about
        assert own.sent(Type.HELLO) == 1, about
        if plan.then is None and lit:
            assert own.stub.screen == Lit.RESULT or line.lost, about
            continue
        last = plan.then or CODE
        key = (type(last), plan.tiles) if last is not OTHER else (CodeScreen, -1 - plan.tiles)
        if key not in glasses:
            glasses[key] = run(glass_of(last, plan.tiles), seed=0)
        assert own.stub.png() == glasses[key], about
