"""Care in a real browser: one key in the till's help, two buttons on the glass, a complaint, help by keyboard."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, expect

from tests.flows.browser.axe import violations
from tests.flows.browser.conftest import Till, picture_there, watch
from tests.flows.browser.shop import OWNER_PIN, open_shop
from tests.qr_seen import texts_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


async def fits(till: Till) -> None:
    """Nothing is wider than the screen of a small till."""
    wide = await till.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


async def sold(till: Till) -> str:
    await till.type("2850")
    await till.press("Enter")
    await till.shown()
    order = await till.shop.customer_scans(till.counter)
    till.shop.paid_at_once(order)
    await till.panel("paid")
    return till.shop.running.service.feed.claimed("order", order) or ""


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(135, 153, 154)
async def test_a_cashier_says_slow_opens_a_complaint_and_calls_for_help(till: Till) -> None:
    sale = await sold(till)
    await till.press("F1")
    await till.page.locator(".say [data-say=slow]").wait_for()
    await till.press("1")
    await expect(till.page.locator("#sheet")).to_be_hidden()
    await till.page.goto(f"{till.shop.url}/sales/{sale}")
    await till.page.get_by_role("link", name="Complaint").click()
    await till.page.locator("#reason").select_option("double")
    await till.page.get_by_role("button", name="Open a complaint").click()
    await expect(till.page.locator("#cases li").first).to_contain_text("Paid twice")
    await fits(till)
    await till.page.get_by_role("button", name="Asked the bank").first.click()
    await expect(till.page.locator("#cases li").first).to_contain_text("waiting for the bank")
    await till.page.get_by_role("button", name="Close").first.click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await expect(till.page.locator("#cases li").first).to_contain_text("closed")
    await till.page.goto(f"{till.shop.url}/help/contact")
    await fits(till)
    await till.page.locator("#call-help").focus()
    await till.press("Enter")
    await expect(till.page.locator("#call")).to_be_visible()
    code = await till.text("#call-code")
    kept = list((till.shop.running.state / "bundles").glob(f"help-{code.replace('-', '')}.zip"))
    assert kept
    await till.page.goto(f"{till.shop.url}/help?q=sticker")
    await till.page.get_by_role("link", name="Six tricks").first.click()
    await expect(till.page.locator("article.guide h1")).to_have_text("Guide for the shopkeeper")
    await fits(till)
    assert not till.complaints


_RECEIPTS = """
[care]
rating = true
on_receipt = "rating"
[receipts]
display = true
shown_s = 120
address = "https://tea.example"
"""


@pytest.mark.slow
@pytest.mark.row(66)
async def test_beside_paid_stand_the_receipt_and_the_question_and_they_go_with_the_next_sale(
    window: BrowserContext, tmp_path: Path
) -> None:
    async with open_shop(tmp_path, 1, more=_RECEIPTS) as shop:
        till = Till(await window.new_page(), shop, "1")
        watch(till.page, till.complaints)
        await till.open()
        glass = await window.new_page()
        watch(glass, till.complaints)
        await glass.goto(f"{shop.url}/c/1/display")
        await expect(glass.locator("#rating")).to_be_hidden()
        await expect(glass.locator("#receipt")).to_be_hidden()
        sale = await sold(till)
        token = shop.running.service.receipt_links.token(sale)
        await picture_there(glass, "#receipt-code")
        for size in ({"width": 1024, "height": 600}, {"width": 800, "height": 480}, {"width": 420, "height": 800}):
            await glass.set_viewport_size(size)  # type: ignore[arg-type]  # the same keys
            seen = Image.open(io.BytesIO(await glass.screenshot()))
            assert texts_in(seen) == [f"https://tea.example/r/{token}"], size
        await glass.get_by_role("button", name="Good", exact=True).click()
        await expect(glass.locator("#rating-word")).to_contain_text("Thank you")
        await till.type("100")
        await till.press("Enter")
        await till.shown()
        await expect(glass.locator("#rating")).to_be_hidden()
        await expect(glass.locator("#receipt")).to_be_hidden()

        phone = await window.new_page()
        watch(phone, till.complaints)
        await phone.set_viewport_size({"width": 360, "height": 740})
        await phone.goto(f"{shop.url}/r/{token}")
        assert await violations(phone) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await phone.evaluate(wide) <= 0
        await phone.get_by_role("button", name="Not good").focus()
        await phone.keyboard.press("Enter")
        await expect(phone.get_by_role("status")).to_contain_text("Thank you")
        rated = shop.running.service.feed.list("rating")
        assert [each.body["good"] for each in rated] == [True], "what was said first"
        assert not till.complaints
