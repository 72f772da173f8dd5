"""The customer's own code in a real browser: what the glass asks for, and what the till says without a scanner."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from terminal.counter.ports import Devices, Health, HealthState, Scan
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from tests.flows.browser.conftest import Till, watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


class PulledScanner:
    """Its plug is out, until somebody puts it back."""

    state = HealthState.FAULT

    async def scans(self) -> AsyncIterator[Scan]:
        await asyncio.Event().wait()
        yield Scan("", 0)

    async def feedback(self, good: bool) -> None: ...

    def health(self) -> Health:
        return Health(self.state, "scanner_gone" if self.state is HealthState.FAULT else "", 0, {})


@pytest.mark.row(7, 43, 47, 48)
async def test_a_sale_for_scanning_alone_asks_for_the_code_and_offers_no_scan_that_cannot_be(
    till: Till, window: BrowserContext
) -> None:
    scanner, lane = PulledScanner(), till.shop.running.service.lane(till.counter)
    before, display = lane.devices, await window.new_page()
    watch(display, till.complaints)
    await display.goto(f"{till.shop.url}/c/{till.counter}/display")
    await display.locator('#main[data-kind="idle"]').wait_for()
    lane.devices = Devices(scanner=scanner)
    try:
        wish = OpenSale(till.counter, Money(2850, "CNY"), directions=("pull",))
        sale = await till.shop.running.service.checkout.open_sale(wish, actor=Actor("pos", "test"))
        await expect(display.locator('#main[data-kind="scan"] #word')).to_have_text("Show your payment code")
        await expect(display.locator("#amount")).to_have_text("¥28.50")
        assert await display.locator("#code").is_hidden()
        more, key = till.page.locator("#panel-more"), till.page.locator("#keys button", has_text="F2")
        await expect(more).to_contain_text("plug it in again")
        await expect(more).to_contain_text("type the digits below the customer's code")
        await expect(key).to_have_text("F2Type customer's code")
        await till.press("F2")
        await expect(till.page.locator("#scan-title")).to_have_text("Type customer's code")
        await expect(till.page.locator("#scan-hint")).to_contain_text("The scanner is not working")
        await till.press("Escape")
        scanner.state = HealthState.OK
        lane.on_change()
        await expect(more).to_have_text("Scan the code on the customer's phone.")
        await expect(key).to_have_text("F2Scan customer")
        await till.shop.running.service.checkout.cancel(sale.id, why="cashier", actor=Actor("pos", "test"))
        await display.locator('#main[data-kind="idle"]').wait_for()
        scanner.state = HealthState.FAULT
        await till.type("2850")
        await till.press("Enter")
        await till.shown()
        await till.says(
            "#panel-more", "The customer scans the code here.\nThe scanner is not working", whole=False
        )
        await till.press("F1")
        told = till.page.locator("#sheet-body p").first
        await expect(told).to_contain_text("plug it in again")
        await expect(told).not_to_contain_text("you scan")
    finally:
        lane.devices = before


@pytest.mark.row(6, 7, 43, 47)
async def test_a_sale_for_our_code_alone_and_a_refused_code_ask_for_nothing_that_cannot_be(
    till: Till, window: BrowserContext
) -> None:
    scanner, lane = PulledScanner(), till.shop.running.service.lane(till.counter)
    checkout, before, display = till.shop.running.service.checkout, lane.devices, await window.new_page()
    watch(display, till.complaints)
    await display.goto(f"{till.shop.url}/c/{till.counter}/display")
    lane.devices = Devices(scanner=scanner)
    more, key = till.page.locator("#panel-more"), till.page.locator("#keys button", has_text="F2")
    try:
        wish = OpenSale(till.counter, Money(2850, "CNY"), directions=("push",))
        sale = await checkout.open_sale(wish, actor=Actor("pos", "test"))
        await till.shown()
        await expect(more).to_have_text("The customer scans the code here.")
        await expect(display.locator('#main[data-kind="code"] #word')).to_have_text("Scan this code")
        assert await key.count() == 0
        await checkout.cancel(sale.id, why="cashier", actor=Actor("pos", "test"))
        await display.locator('#main[data-kind="idle"]').wait_for()
        await till.type("2850")
        await till.press("Enter")
        await till.shown()
        await expect(display.locator("#word")).to_have_text("Scan this code or show yours")
        await till.press("F2")
        await till.shop.fault("code-expired", count=1)
        await till.scanner(await till.shop.customer_code())
        await till.panel("not_paid")
        await expect(more).to_contain_text("Ask for a fresh code, press F2 and type the digits below it.")
        await expect(more).not_to_contain_text("and scan it")
        scanner.state = HealthState.OK
        lane.on_change()
        await expect(more).to_contain_text("Ask for a fresh code and scan it.")
        lane.devices = before
        lane.on_change()
        await expect(more).to_contain_text("press F2 and scan or type it")
        await till.press("Enter")
        await till.shown()
        await expect(more).to_have_text("The customer scans the code here.")
        await expect(key).to_have_text("F2Scan customer")
    finally:
        lane.devices = before
