"""Another device put in a role while the service runs: nothing of a sale is lost, nothing happens twice."""

import asyncio
from pathlib import Path

import pytest

from terminal.counter.ports import Devices
from terminal.peripherals.cut import Cut, CutShort
from terminal.peripherals.slots import Slots
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.proving import alone
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import play, until
from tests.flows.counter_rig import CASHIER, opened, read_glass


class Swappable(SimulatedCounter):
    """Its devices stand in places; ``spare`` is a counter whose devices may be put there."""

    def __init__(self) -> None:
        super().__init__()
        self.spare = SimulatedCounter("2", printer_profile="generic-80")

    def devices(self) -> Devices:
        self.slots = Slots(VirtualClock())
        made = super().devices()
        self.slots.fill(lambda role: alone(role, made))
        return self.slots.devices()

    def put_spare(self, *roles: str) -> None:
        made = self.spare.devices()
        for role in roles:
            self.slots.put(role, alone(role, made))  # type: ignore[arg-type]  # one of the roles


@pytest.mark.row(44)
def test_p1_i9_a_slip_that_waits_for_paper_prints_once_on_the_printer_put_there(tmp_path: Path) -> None:
    async def story() -> None:
        counter = Swappable()
        async with opened(tmp_path, counter) as shop:
            counter.fault("paper-out")
            sale = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await shop.until(lambda: "print_stopped" in shop.types(sale))
            counter.put_spare("printer")
            await shop.until(lambda: len(counter.spare.paper) == 1, 60)
            await asyncio.sleep(60)
            assert len(counter.spare.paper) == 1
            assert sum("28.50" in line for line in counter.spare.paper[0]) >= 1
            assert counter.paper == []
            assert "effect_done" in shop.types(sale)
            counter.fault("load-paper")
            await asyncio.sleep(60)
            assert counter.paper == []

    play(story())


@pytest.mark.row(44)
def test_p4_a_printer_taken_away_inside_a_slip_is_asked_about_once_and_the_copy_comes_from_the_new_one(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        counter = Swappable()
        async with opened(tmp_path, counter) as shop:
            counter.wires["printer"].cut_after = counter.wires["printer"].written + 300
            sale = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            shop.pay(sale)
            lane = shop.service.lane("1")
            await shop.until(lambda: len(lane.paper.listed) == 1, 30)
            counter.put_spare("printer")
            await asyncio.sleep(60)
            assert counter.spare.paper == []
            effect = next(iter(lane.paper.listed))
            await lane.paper.decide(effect, print_it=True, actor=CASHIER)
            await shop.until(lambda: len(counter.spare.paper) == 1, 60)
            assert any("COPY 1" in line for line in counter.spare.paper[0])

    play(story())


@pytest.mark.row(44)
def test_i10_a_display_and_a_scanner_put_there_in_a_sale_take_it_up(tmp_path: Path) -> None:
    async def story() -> None:
        counter = Swappable()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            payload = read_glass(counter)
            counter.put_spare("display", "scanner")
            await shop.until(lambda: counter.spare.screen == "code" and read_glass(counter.spare) == payload, 5)
            counter.scan(shop.world.bank.new_customer_code(shop.world.clock.wall_ms()))  # nobody listens there
            await asyncio.sleep(3)
            assert shop.sale(sale).state == "open"
            counter.spare.scan(shop.world.bank.new_customer_code(shop.world.clock.wall_ms()))
            await shop.until(lambda: shop.sale(sale).state == "paid", 20)
            await shop.until(lambda: counter.spare.screen == "result", 2)

    play(story())


@pytest.mark.row(44)
def test_a_place_made_empty_counts_as_none_and_the_next_device_there_is_used(tmp_path: Path) -> None:
    async def story() -> None:
        counter = Swappable()
        async with opened(tmp_path, counter) as shop:
            for role in ("speaker", "printer"):
                counter.slots.place(role).put(None, ())
            sale = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            shop.pay(sale)
            await shop.until(lambda: shop.types(sale).count("effect_done") == 2)
            assert (counter.paper, counter.transcript) == ([], [])
            counter.put_spare("speaker", "printer")
            again = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            shop.pay(again)
            await shop.until(lambda: len(counter.spare.paper) == 1 and len(counter.spare.transcript) == 1, 30)
            assert len(counter.spare.paper) == 1

    play(story())


def test_a_cut_ends_what_waits_and_nothing_else() -> None:
    async def story() -> None:
        cut, seen = Cut(), list[str]()

        async def worker() -> None:
            try:
                await cut.during(asyncio.Event().wait())
            except CutShort:
                seen.append("swapped")
            await asyncio.sleep(1)
            seen.append("went on")
            try:
                await cut.during(asyncio.Event().wait())
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        task = asyncio.ensure_future(worker())
        await asyncio.sleep(0.5)
        cut.cut()
        await until(lambda: seen == ["swapped", "went on"], 5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert seen[-1] == "cancelled"
        cut.cut()  # nobody waits

    play(story())
