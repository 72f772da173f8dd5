"""A sale with all four devices on the counter, and what their faults may and may not do to it."""

import asyncio
from pathlib import Path

import pytest

from terminal.simulation.devices import SimulatedCounter
from tests.flows.counter_rig import Shop, opened, play, read_glass


def payload(shop: Shop, sale_id: str) -> str:
    attempt = shop.sale(sale_id).last_attempt
    assert attempt is not None
    assert attempt.payload
    return attempt.payload


async def shown(shop: Shop, counter: SimulatedCounter, sale_id: str, limit_s: float = 10.0) -> float:
    return await shop.until(
        lambda: counter.screen == "code" and read_glass(counter) == [payload(shop, sale_id)], limit_s
    )


@pytest.mark.row(41, 49, 58, 145)
def test_a_sale_lights_the_glass_speaks_once_and_prints_once(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter(captions=True)
        async with opened(tmp_path, counter) as shop:
            assert counter.screen == "idle"
            sale = await shop.open()
            await shown(shop, counter, sale, 1)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await shop.until(lambda: counter.screen == "result", 0.3)
            assert counter.display.text == "28.50"
            await shop.until(lambda: bool(counter.paper) and bool(counter.speaker.heard), 15)
            await shop.until(lambda: counter.screen == "idle", 6)
            await asyncio.sleep(60)
            assert len(counter.transcript) == 1
            assert "twenty-eight yuan" in counter.transcript[0]
            assert len(counter.paper) == 1
            assert sum("28.50" in line for line in counter.paper[0]) >= 1
            assert not any("COPY" in line for line in counter.paper[0])
            assert "TEST" in counter.paper[0][0]
            health = shop.service.lane("1").devices.health()
            assert {role: each.state.value for role, each in health.items()} == dict.fromkeys(health, "ok")

    play(story())


@pytest.mark.row(8, 54)
def test_a_scanned_phone_pays_and_the_glass_shows_it(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
            counter.scan(shop.world.bank.new_customer_code(shop.world.clock.wall_ms()))
            await shop.until(lambda: shop.sale(sale).state == "paid", 20)
            await shop.until(lambda: counter.screen == "result", 1)

    play(story())


def test_c5_a_scan_with_no_sale_is_beeped_at_and_not_kept(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            counter.scan(shop.world.bank.new_customer_code(shop.world.clock.wall_ms()))
            await asyncio.sleep(1)
            assert shop.service.lane("1").told is not None
            sale = await shop.open()
            await shown(shop, counter, sale)
            await asyncio.sleep(3)
            assert shop.sale(sale).state == "open"

    play(story())


@pytest.mark.row(58)
def test_l1_a_display_unplugged_in_a_sale_changes_nothing_and_gets_the_code_back_with_its_rest(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
            counter.fault("unplug-display")
            await shop.until(lambda: shop.service.lane("1").glass.failing == "display_gone", 5)
            await asyncio.sleep(20)
            counter.display.restart()  # it hangs on the cable's power
            counter.fault("replug-display")
            assert await shown(shop, counter, sale, 6) <= 6
            life_s = shop.service.provider("wechatpay").profile.timings.code_life_s
            left_s = counter.display._display._ends_ms / 1000 - asyncio.get_running_loop().time()
            assert life_s - 30 < left_s <= life_s - 20
            shop.pay(sale)
            await shop.until(lambda: counter.screen == "result", 10)
            assert shop.sale(sale).state == "paid"

    play(story())


def test_l1_a_code_whose_life_is_over_is_never_lit_again(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
            counter.fault("unplug-display")
            life_s = shop.service.provider("wechatpay").profile.timings.code_life_s
            await asyncio.sleep(life_s + 1)
            counter.display.restart()
            counter.fault("replug-display")
            for _ in range(100):
                await asyncio.sleep(0.1)
                assert counter.screen != "code"

    play(story())


def test_l9_a_display_that_restarts_in_a_sale_shows_the_code_again(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
            counter.fault("reboot-display")
            assert counter.screen == "blank"
            await shown(shop, counter, sale, 4)

    play(story())


def test_i10_two_displays_swapped_in_a_sale_show_no_strangers_code(tmp_path: Path) -> None:
    async def story() -> None:
        one, two = (SimulatedCounter(name, bind_display=True) for name in "12")
        async with opened(tmp_path, one, two) as shop:
            sale = await shop.open("1")
            await shown(shop, one, sale)
            one.swap(two)
            for _ in range(200):
                await asyncio.sleep(0.1)
                assert two.screen != "code", "the other counter's glass"
            assert one.screen == "blank"
            assert shop.service.lane("1").glass.failing == "display_wrong_device"
            one.swap(two)
            await shown(shop, one, sale, 8)

    play(story())


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(63)
@pytest.mark.parametrize("after", [1, 60, 200, 400])
def test_i9_p1_paper_that_ends_inside_the_slip_gives_one_whole_copy(tmp_path: Path, after: int) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            counter.fault("paper-out", after_bytes=after)
            sale = await shop.open()
            await shown(shop, counter, sale)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await shop.until(lambda: counter.screen == "result", 1)
            await shop.until(lambda: "print_stopped" in shop.types(sale), 20)
            await asyncio.sleep(30)
            counter.fault("load-paper")
            await shop.until(lambda: any(event == "effect_done" for event in shop.types(sale)), 20)
            await asyncio.sleep(30)
            marks = [
                line.strip() for lines in [*counter.paper, counter.hanging] for line in lines if "COPY" in line
            ]
            stops = shop.types(sale).count("print_stopped")
            assert stops == 1
            assert marks == ["COPY 1"]

    play(story())


@pytest.mark.row(61)
def test_i9_a_printer_that_was_off_prints_the_original_when_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            counter.fault("unplug-printer")
            sale = await shop.open()
            await shown(shop, counter, sale)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await asyncio.sleep(120)
            counter.fault("replug-printer")
            await shop.until(lambda: len(counter.paper) == 1, 15)
            assert not any("COPY" in line for line in counter.paper[0])

    play(story())


@pytest.mark.row(58)
@pytest.mark.parametrize(
    "fault", ["mute-display", "mute-printer", "dead-speaker", "hang-speaker", "mute-scanner", "lying-display"]
)
def test_i24_no_device_delays_a_result(tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            counter.fault(fault)
            sale = await shop.open()
            await shop.until(lambda: shop.sale(sale).last_attempt is not None)
            await asyncio.sleep(1)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid", 5)
            again = await shop.open()
            await asyncio.sleep(1)
            shop.pay(again)
            await shop.until(lambda: shop.sale(again).state == "paid", 5)

    play(story())


def test_d1_a_kill_in_a_sale_leaves_devices_that_the_next_life_takes_up(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
            await shop.world.crash()
            await asyncio.sleep(2)
            await shop.world.start()
            await shown(shop, counter, sale, 5)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await shop.until(lambda: len(counter.paper) == 1 and bool(counter.speaker.heard), 15)
            assert len(counter.transcript) == 1

    play(story())


def test_a_stopped_service_leaves_no_task_and_the_glass_goes_dark(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        before = asyncio.all_tasks()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shown(shop, counter, sale)
        assert asyncio.all_tasks() == before
        await asyncio.sleep(16)
        counter.wires["display"].stub.tick(counter.wires["display"].now_ms())
        assert counter.screen == "blank"

    play(story())
