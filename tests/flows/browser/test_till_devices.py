"""What the till says of its devices, in words: here of a roll that ends soon, while there is time to change it."""

import pytest

from terminal.counter.ports import Devices, Health, HealthState, Printed, Slip
from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


class LowPrinter:
    """Prints well; its roll is nearly out."""

    paper = "near_end"

    async def print(self, slip: Slip) -> Printed:
        return Printed.CONFIRMED

    async def ready(self) -> None: ...

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {"model": "epson-serial", "paper": self.paper})


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(46)
async def test_a_roll_that_ends_soon_is_told_before_it_ends(till: Till) -> None:
    printer = LowPrinter()
    lane = till.shop.running.service.lane(till.counter)
    before = lane.devices
    lane.devices = Devices(printer=printer)
    try:
        await till.page.reload()
        await till.says("#chip-printer", "Paper nearly out")
        await till.says("#notices", "The printer's paper is nearly out. Put in a new roll before the rush.")
        printer.paper = "ok"
        await till.page.reload()
        await till.says("#chip-printer", "OK")
        assert "nearly out" not in await till.text("#notices")
    finally:
        lane.devices = before
