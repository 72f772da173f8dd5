"""The evening of a shop in a real browser: X, Z after a PIN, a difference ended by its key, plots that fit."""

import pytest

from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.settlement.differences import Difference, Kind
from terminal.settlement.record import Recorder
from tests.flows.browser.conftest import WATCHDOG_MS, Till
from tests.flows.browser.shop import OWNER_PIN, Shop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
SIZES = ((1024, 600), (1280, 800), (390, 844))
PAGES = tuple(f"/reports{each}" for each in ("", "/z", "/z/1", "/differences", "/fees", "/month", "/today"))


async def _sold(shop: Shop, counter: str) -> None:
    service = shop.running.service
    asked = OpenSale(counter, Money(2850, "CNY"), title="<b>tea</b>")
    sale = await service.checkout.open_sale(asked, actor=Actor("pos", "<script>window.ran=1</script>"))
    assert await service.until(sale.id, lambda now: now.attempts[-1].state == "shown", WATCHDOG_MS / 1000)
    await shop.customer_pays(counter)
    assert await service.until(sale.id, lambda now: now.state == "paid", WATCHDOG_MS / 1000)


async def _differs(shop: Shop) -> None:
    service = shop.running.service
    recorder = Recorder(service.feed, service.parts.clock, service.house.store)
    facts: dict[str, str | int] = {"number": "<img src=x onerror=window.ran=1>"}
    recorder.found(
        Difference(Kind.MISSING_HERE, "wechatpay", "4200001", "2026-11-21", "CNY", None, 8800, facts=facts)
    )
    await recorder.flush("wechatpay")


@pytest.mark.row(34, 107, 110, 113, 115)
async def test_an_evening_by_keyboard_x_z_and_a_difference(till: Till) -> None:
    shop, page = till.shop, till.page
    await _sold(shop, till.counter)
    await _differs(shop)
    await till.panel("paid")  # F10 does nothing while a sale is open, and this page may hear of its end last
    await till.says("#keys", "Close of day")
    await till.press("F10")  # a till is nobody: the owner signs in first and comes to the page they wanted
    await page.wait_for_url("**/sign-in?next=/reports/z")
    await page.locator("#person").select_option(shop.owner)
    await page.locator("#pin").fill(OWNER_PIN)
    await till.press("Enter")
    await page.wait_for_url(f"{shop.url}/reports/z")  # the address of signing in ends with it too
    await till.says(".slips", "Held")
    await till.press("F10")
    await till.says("#close-dialog[open]", "with Z no. ")
    await till.press("Enter")
    await page.wait_for_url("**/reports/z/*")
    await till.says("h1", "Z REPORT no. ")
    assert len((await till.text(".seals dd:not(#anchor) >> nth=0")).strip()) == 64
    await page.goto(f"{shop.url}/reports/differences")
    await till.says(".differences", "<img src=x")
    await till.press("1")
    await till.says("#letter-dialog[open] pre", "Our reference: D")
    await till.press("Escape")
    await page.locator(".differences .state").wait_for()
    await page.get_by_role("button", name="Leave it so").click()
    await page.locator("#accept-reason").fill("given to the neighbour")
    await till.press("Enter")
    await page.locator(".differences .none").wait_for()
    await page.goto(f"{shop.url}/reports/differences?all=1")
    await till.says(".differences .ended", "given to the neighbour · Ana Owner")
    await _fits(till)


async def _fits(till: Till) -> None:
    """Every page at every size: nothing wider than the window, plots where they belong, nothing ran."""
    page = till.page
    for path in PAGES:
        await page.goto(till.shop.url + path)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, width)
    await page.goto(f"{till.shop.url}/reports")
    plots = page.locator("svg.plot")
    assert await plots.count() >= 4
    box = await plots.first.bounding_box()
    assert box is not None
    assert box["width"] > 200
    assert await page.locator("svg.plot rect.first").first.is_visible()
    assert await page.evaluate("window.ran") is None
