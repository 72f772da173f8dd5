"""Favourites on the till: keys that add a line and its amount, which nobody who types an amount ever meets."""

import pytest
from playwright.async_api import expect

from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
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
