"""The command sheet at a till whose scanner is a keyboard: each barcode presses its key (row 5)."""

import asyncio
from typing import Final

import pytest
from playwright.async_api import Route

from terminal.errors import InvalidRequest
from terminal.payments.command import text_of
from terminal.payments.event import Actor
from tests.flows.browser.conftest import WATCHDOG_MS, Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
# keys that say themselves when they were pressed: a machine that is busy between two makes no person of them
_TYPE: Final = """(code) => {
    const began = performance.now();
    [...code].forEach((key, place) => {
        const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
        Object.defineProperty(event, "timeStamp", { value: began + place });
        document.body.dispatchEvent(event);
    });
}"""


@pytest.mark.row(5)
async def test_a_checkout_with_nothing_but_the_sheet_and_the_counter_s_own_scanner_beside_it(till: Till) -> None:
    service = till.shop.running.service
    lane, by = service.lane(till.counter), Actor("device", f"{till.counter}/scanner")

    async def scan(name: str) -> None:
        await till.page.evaluate(_TYPE, service.commands.text(name))

    async def over(why: str) -> None:
        """Two amounts never stand beside each other: the counter's own scanner has nothing to charge any more."""
        async with asyncio.timeout(WATCHDOG_MS / 1000):
            while service.commands.keyed(lane).minor:  # noqa: ASYNC110  # the page's call is on its way
                await asyncio.sleep(0.01)
        with pytest.raises(InvalidRequest, match="command_no_amount"):
            await service.commands.act(lane, "PAY", by)
        assert lane.current is None, why

    for name, shown in (
        ("5", "¥0.05"),
        ("SAME", "¥0.55"),
        ("00", "¥55.00"),
        ("BACK", "¥5.50"),
        ("A2000", "¥20.00"),
    ):
        await scan(name)
        await till.says("#amount", shown, whole=True)
    await scan("PAY")
    await till.shown()
    await scan("STOP")
    await till.panel("not_paid")
    await service.commands.act(lane, "A5000", by)
    await till.says("#amount", "¥50.00", whole=True)
    await service.commands.act(lane, "PAY", by)
    await till.shown()
    await service.commands.act(lane, "STOP", by)
    await till.panel("not_paid")
    await till.press("Escape")
    await till.says("#amount", "¥0.00", whole=True)
    await service.commands.act(lane, "A5000", by)
    await till.says("#amount", "¥50.00", whole=True)
    await till.press("Backspace")
    await till.says("#amount", "¥5.00", whole=True)
    await till.page.evaluate(_TYPE, text_of("PAY", b"another shop's"))
    await till.says("#hint-code", "C-140")
    await over("typed here")
    await service.commands.act(lane, "A500", by)
    await till.says("#amount", "¥5.00", whole=True)
    await till.page.route("**/keyed/clear", lambda route: route.fulfill(status=429, json={}), times=1)
    async with till.page.expect_response("**/keyed/clear"):
        await scan("A2000")
    await till.says("#amount", "¥20.00", whole=True)
    lane.on_change()
    await over("scanned here, and the first word of it was lost")
    await till.says("#amount", "¥20.00", whole=True)

    async def meanwhile(route: Route) -> None:
        await service.commands.act(lane, "A700", by)
        await route.continue_()

    await service.commands.act(lane, "A500", by)
    await till.says("#amount", "¥5.00", whole=True)
    await till.page.route("**/keyed/clear", meanwhile, times=1)
    async with till.page.expect_response("**/keyed/clear"):
        await scan("A2000")
    await till.says("#amount", "¥7.00", whole=True)
    assert service.commands.keyed(lane).minor == 700, "what was scanned since is nobody's to clear"
