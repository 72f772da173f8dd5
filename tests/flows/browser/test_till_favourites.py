"""Favourites on the till: keys that add a line and its amount, which nobody who types an amount ever meets."""

import pytest
from playwright.async_api import expect

from terminal.counter.book import SYSTEM
from tests.flows.browser.conftest import Till, watch
from tests.flows.browser.shop import OWNER_PIN
from tests.flows.browser.sound import findings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
SIZES = ((1024, 600), (768, 1366), (390, 844))  # a customer's screen, one on its side, a phone
NOODLES, TEA = "牛肉面 Beef noodles", "Tea"


async def lines(till: Till, *wanted: str) -> None:
    """Wait until exactly these stand there."""
    await expect(till.page.locator("#lines li")).to_have_text(list(wanted), use_inner_text=True)


@pytest.mark.row(2, 4)
async def test_favourites_make_the_amount_by_keys_alone_and_a_typed_amount_is_an_amount_alone(till: Till) -> None:
    await till.press("F3")
    await till.press("F3")  # the second one
    await expect(till.page.locator("#favourites button").nth(1)).to_be_focused()
    for _ in range(2):
        await till.page.keyboard.down("Enter")  # held a little long: taken once, and nothing is charged
    await till.page.keyboard.up("Enter")
    await lines(till, f"{TEA} ¥4.00")
    await till.page.locator("#favourites button").nth(0).click()
    await till.page.locator("#favourites button").nth(0).click()
    await lines(till, f"{TEA} ¥4.00", f"2 × {NOODLES} ¥36.00")
    await till.says("#amount", "¥40.00", whole=True)
    await till.press("Backspace")
    await till.says("#amount", "¥22.00", whole=True)
    await till.type("0")  # no amount begins so: nothing is lost
    await lines(till, f"{TEA} ¥4.00", f"{NOODLES} ¥18.00")
    await till.scanner("CT:S-01KAK40000A1B2C3D4E5F6G7H8")  # types digits, and takes them back
    await till.says("#hint", "receipt")
    await till.says("#amount", "¥22.00", whole=True)
    await till.type("550")
    await lines(till)
    await till.says("#amount", "¥5.50", whole=True)
    await till.page.locator("#favourites button").nth(1).click()  # what was typed goes on as a line
    await lines(till, "Other ¥5.50", f"{TEA} ¥4.00")
    await till.press("Enter")
    await till.shown()
    service = till.shop.running.service
    sale = service.book.sale(service.lane(till.counter).current or "")
    assert sale.amount.minor == 950
    assert [(each.name, each.amount_minor) for each in sale.lines] == [("Other", 550), (TEA, 400)]
    display = await till.page.context.new_page()
    await display.goto(f"{till.shop.url}/c/{till.counter}/display")
    await expect(display.locator("#lines li")).to_have_text(["Other¥5.50", "Tea¥4.00"])
    await till.shop.customer_pays(till.counter)
    await till.panel("paid")
    await expect(display.locator("#lines")).to_be_hidden()
    await display.goto(f"{till.shop.url}/sales/{sale.id}")
    await expect(display.locator(".facts dl")).to_contain_text("Tea")


@pytest.mark.row(2, 47, 69, 73)
async def test_the_customer_sees_goods_while_they_are_entered_and_the_ticked_ones_go_back(till: Till) -> None:
    display = await till.page.context.new_page()
    watch(display, till.complaints)
    await display.goto(f"{till.shop.url}/c/{till.counter}/display?language=zh-CN")
    await till.type("550")
    for place, newest, total in ((0, f"{NOODLES} ¥18.00", "¥23.50"), (1, f"{TEA} ¥4.00", "¥27.50")):
        await till.page.locator("#favourites button").nth(place).click()
        await expect(display.locator("#newest")).to_have_text(newest)
        await expect(display.locator("#amount")).to_have_text(total)
    await expect(display.locator("#word")).to_have_text("目前合计")
    for width, height in SIZES:
        await display.set_viewport_size({"width": width, "height": height})
        await display.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth", polling=50)
        assert await findings(display) == [], width
        await expect(display.locator("#word")).to_be_in_viewport(ratio=1)
    await till.press("Enter")
    await display.locator('#main[data-kind="code"]').wait_for()
    await expect(display.locator("#newest")).to_be_hidden()
    await display.close()
    await till.shown()
    await till.shop.customer_pays(till.counter)
    await till.panel("paid")
    await ticked_lines_go_back(till)


async def ticked_lines_go_back(till: Till) -> None:
    """One of three went back on another till while the dialog was open, and some money without a line."""
    amount, service = till.page.locator("#refund-amount"), till.shop.running.service
    await till.press("F7")
    await expect(amount).to_be_focused()
    rows = till.page.locator("#refund-lines .choice")
    high = "(all) => all.map((it) => it.getBoundingClientRect().height >= 44)"
    assert await rows.evaluate_all(high) == [True] * 3
    await amount.fill("7.00")
    for key in ("Tab", "Tab", "Space", "Tab", "Space"):
        await till.press(key)
    await expect(amount).to_have_value("22.00")
    assert not await amount.is_editable()
    await rows.nth(1).click()
    await till.says("#refund-go", "Refund ¥4.00", whole=True)
    await rows.nth(2).click()
    await till.says("#refund-go", "Refund ¥7.00", whole=True)
    assert await amount.is_editable(), "without a tick the amount is typed, as before"
    await rows.nth(2).click()
    sale = service.lane(till.counter).last_sale or ""
    await service.aftercare.refund(sale, 400, reason="x", actor=SYSTEM, lines=(3,))
    await pressed_with_pin(till)
    await till.says("#refund-refused", "Line 3 of this sale cannot go back")
    await expect(rows.nth(2).locator("input")).to_be_disabled()
    await expect(amount).to_have_value("")  # one more press gives back no other amount
    await expect(till.page.locator("#refund-go")).to_be_disabled()
    await rows.nth(1).click()
    await till.says("#refund-go", "Refund ¥18.00", whole=True)
    await pressed_with_pin(till)
    await till.page.locator("#refund").wait_for(state="hidden")
    await service.aftercare.refund(sale, 100, reason="x", actor=SYSTEM)
    told = [(each.amount.minor, each.reason, each.lines) for each in service.book.sale(sale).refunds]
    assert told == [(400, "x", (3,)), (1800, "Goods returned", (2,)), (100, "x", ())]
    await till.scanner(f"CT:S-{sale}")
    await rows.nth(0).click()
    await till.says("#refund-way", "These lines were sold for more than the ¥4.50 that is left. Untick some")
    await expect(till.page.locator("#refund-go")).to_be_disabled()


async def pressed_with_pin(till: Till) -> None:
    await till.press("Enter")
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
