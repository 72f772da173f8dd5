"""What proves a display that is not our own: its code by the scanner, its digits by a person, a page by nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from terminal.counter.ports import Devices
from terminal.peripherals.browser_display import BrowserDisplay
from terminal.peripherals.fallback_display import FallbackDisplay, Glassware
from terminal.peripherals.proof import Proof, Verdict
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.proving import Proving, proving
from terminal.virtual_time import VirtualClock, VirtualEntropy
from tests.devices.peripheral_rig import play, until
from tests.devices.test_peripherals_panels import rig

CHANCE = VirtualEntropy(1)
ANY_CODE = "6901234567892"


@asynccontextmanager
async def standing(*displays: Glassware) -> AsyncIterator[tuple[Proving, SimulatedCounter]]:
    """A simulated counter with these displays, and a page that follows it."""
    counter = SimulatedCounter()
    async with proving(counter, CHANCE) as at:
        jobs = {f"display {number}": display.run for number, display in enumerate(displays)}
        together = FallbackDisplay(displays) if displays[1:] else displays[0]
        if isinstance(together, FallbackDisplay):
            jobs["displays"] = together.run
        pages = [each for each in displays if isinstance(each, BrowserDisplay)]
        made = Devices(display=together, jobs=jobs, watched=pages[0].watched) if pages else None
        at.slots.put("display", made or Devices(display=together, jobs=jobs))
        at.slots.display.watched(1)
        await until(lambda: bool(at.slots.scanner.health().detail.get("model")), 5)
        await asyncio.sleep(1)
        yield at, counter


def page() -> BrowserDisplay:
    return BrowserDisplay("browser:", VirtualClock())


async def begun(at: Proving, role: str) -> "asyncio.Future[Proof]":
    """The test has begun, and waits."""
    test = asyncio.ensure_future(at.bench.test(role))  # type: ignore[arg-type]  # one of the roles
    await asyncio.sleep(1)
    return test


@pytest.mark.row(49, 97)
@pytest.mark.parametrize("name", ["bonrix", "nextion", "dgus"])
def test_a_panel_s_code_is_read_back_also_where_the_panel_itself_cannot_tell(name: str) -> None:
    async def story() -> None:
        stub, _, panel = rig(name)
        async with standing(panel) as (at, counter):
            test = await begun(at, "display")
            assert at.bench.asks == "scan"
            counter.scan(stub.payload)
            proof = await test
            assert (proof.passed, proof.measured["read"]) == (True, stub.payload)
            test = await begun(at, "display")
            counter.scan("CT-PROOF-AAAA")
            proof = await test
            assert (proof.verdict, proof.reason) == (Verdict.FAILED, "proof_other_read")

    play(story())


@pytest.mark.row(49, 97)
def test_a_person_proves_a_pole_display_by_the_amount_it_shows() -> None:
    async def story() -> None:
        stub, _, pole = rig("pole")
        async with standing(pole) as (at, _):
            test = await begun(at, "display")
            assert at.bench.asks == "digits"
            at.bench.answer("".join(char for char in stub.lines[0] if char.isdigit()))
            assert (await test).passed
            proof = await (await begun(at, "display"))
            assert (proof.verdict, proof.reason) == (Verdict.CANNOT_TELL, "proof_not_answered")

    play(story())


@pytest.mark.row(48, 97)
def test_the_first_of_several_displays_is_proven_by_the_scanner() -> None:
    async def story() -> None:
        (first, _, panel), (_, _, pole) = rig("nextion"), rig("pole")
        async with standing(panel, pole, page()) as (at, counter):
            for role in ("display", "scanner"):
                test = await begun(at, role)
                assert first.payload.startswith("CT-PROOF-")
                counter.scan(first.payload)
                assert (await test).passed, role

    play(story())


@pytest.mark.row(42, 97)
@pytest.mark.parametrize("fitted", ["page", "page first", "page takes over"])
def test_beside_a_page_that_shows_no_test_any_code_proves_the_scanner(fitted: str) -> None:
    """A page shows what the counter wants, never a test's code: whoever waits for that one waits in vain."""

    async def story() -> None:
        _, cable, panel = rig("nextion")
        displays: dict[str, list[Glassware]] = {
            "page": [page()],
            "page first": [page(), panel],
            "page takes over": [panel, page()],
        }
        async with standing(*displays[fitted]) as (at, counter):
            if fitted == "page takes over":
                cable.unplug()
                await asyncio.sleep(5)
            test = await begun(at, "scanner")
            counter.scan(ANY_CODE)
            assert (await test).passed
            proof = await at.bench.test("display")
            assert (proof.verdict, proof.reason) == (Verdict.CANNOT_TELL, "proof_not_possible")

    play(story())
