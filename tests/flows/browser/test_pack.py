"""A pack by codes in a real browser: shown one after the other, read from the screen, scanned in, kept."""

import io

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.flows.browser.axe import violations
from tests.flows.browser.conftest import Till
from tests.qr_seen import texts_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.row(100)
async def test_codes_on_the_screen_are_read_by_a_camera_and_typed_back_by_keyboard_until_the_pack_is_kept(
    till: Till,
) -> None:
    page = till.page
    await till.open(till.shop.owner)
    await page.goto(f"{till.shop.url}/setup/pack")
    await page.locator("#show").focus()
    await page.keyboard.press("Enter")
    await page.locator("#codes[open]").wait_for()
    count = int((await till.text("#place")).split(" of ")[1])
    assert await violations(page) == []
    seen = []
    for number in range(1, count + 1):
        await page.locator(f"#picture[data-number='{number}'] svg").wait_for()
        picture = Image.open(io.BytesIO(await page.locator("#picture").screenshot()))
        seen += texts_in(picture)
        await page.keyboard.press("ArrowRight")
    assert len({*seen}) == count
    key = await till.text("#sealed-by")
    await page.keyboard.press("Escape")
    await expect(page.locator("#codes")).to_be_hidden()

    await page.locator("#begin").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#scan-code")).to_be_focused()
    said = ["C-126", *(f"{n} of {count} codes read" for n in range(1, count)), key]
    for code, words in zip(["6901234567892", *reversed(seen)], said, strict=True):
        await page.keyboard.insert_text(code)
        await page.keyboard.press("Enter")
        await till.says("#reading", words)
    assert await violations(page) == []
    await page.locator("#keep").focus()
    await page.keyboard.press("Enter")
    await till.says("#command", f'--key "{key}"')
