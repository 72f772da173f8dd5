"""A picture on a phone, a receipt, a sticker pasted over, and the owner's page: big answers, by keyboard."""

import pytest
from playwright.async_api import expect

from tests.flows.browser.conftest import Till
from tests.flows.browser.shop import OWNER_PIN
from tests.flows.risk_rig import pix

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
OURS, EVIL = pix("+5511999990000"), pix("+5511988887777")


async def typed(till: Till, field: str, text: str) -> None:
    await till.page.locator(field).fill(text)
    await till.press("Enter")


async def pin(till: Till) -> None:
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")


async def fits(till: Till) -> None:
    """Nothing is wider than the screen of a small till."""
    wide = await till.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(67, 119)
async def test_a_picture_is_asked_about_and_a_receipt_looked_up_from_the_help_key(till: Till) -> None:
    service = till.shop.running.service
    await till.type("2850")
    await till.press("Enter")
    await till.shown()
    order = await till.shop.customer_scans(till.counter)
    await till.press("F1")
    await till.page.get_by_role("link", name="Check a proof or a receipt").click()
    await typed(till, "#proof", order[-4:])
    await till.says("#verdict.bad", "NO – NOT RECEIVED")
    await fits(till)
    await till.shop.fault("notify-lost", count=1)
    till.shop.paid_at_once(order)
    sale = service.feed.claimed("order", order) or ""
    assert await service.until(sale, lambda now: now.word == "paid", 30.0)  # by our own question
    await typed(till, "#proof", order[-4:])
    await till.says("#verdict.care", "ALREADY COUNTED")
    await till.says("#verdict.care .sum", "¥28.50", whole=True)
    await expect(till.page.locator("#verdict .todo")).to_be_in_viewport(ratio=1)
    await typed(till, "#code", service.check_code(service.book.sale(sale)))
    await till.says("#verdict.good", "A PAYMENT OF OURS")
    await typed(till, "#code", "ZZZZ")
    await till.says("#verdict.bad", "NOT A PAYMENT OF OURS")
    await till.press("Escape")
    await till.page.wait_for_url("**/till")
    assert till.complaints == []


@pytest.mark.row(23, 118, 120)
async def test_s66_a_sticker_pasted_over_is_red_on_every_till_until_the_owner_acts(till: Till) -> None:
    page = till.page
    await page.goto(f"{till.shop.url}/c/{till.counter}/stickers")
    await page.locator("#new-name").fill("Counter")
    await typed(till, "#new-code", OURS)
    await pin(till)
    await till.says(".list", "+5511999990000")
    await typed(till, "#sticker-code", OURS)
    await till.says("#verdict.good", "OURS")
    await typed(till, "#sticker-code", EVIL)
    await till.says("#verdict.bad", "NOT OURS")
    await till.says("#verdict.bad", "+5511988887777")
    await till.says("#verdict.bad", "Account")
    await fits(till)
    await till.press("Escape")
    await till.says("#notices", "A sticker that is not ours")
    await page.goto(till.shop.link(till.counter, till.shop.owner))
    await page.wait_for_url("**/till")
    await page.goto(f"{till.shop.url}/risk")
    await till.says(".list [data-alert]", "+5511988887777")
    await fits(till)
    await page.get_by_role("button", name="Text for the bank").click()
    await till.says("#letter-text", "A sticker that is not ours")
    await till.press("Escape")
    await page.locator("[data-alert] [data-offer=seen]").first.click()
    await expect(page.locator("[data-alert]")).to_have_count(0)
    await page.goto(f"{till.shop.url}/c/{till.counter}/stickers")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.locator("[data-sticker]")).to_have_count(0)
    assert till.complaints == []
