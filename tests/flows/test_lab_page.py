"""The whole demo in a real browser: till in one window, the lab's phone, glass, paper and speaker in the other."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from terminal.cli.demo_settings import Places, Ports
from tests.flows.browser.chromium import MISSING, find_chromium
from tests.flows.ports import claim
from tests.flows.test_demo import demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not find_chromium(), reason=MISSING),
]
WAIT_MS = 20_000


@dataclass
class Windows:
    lab: Page
    till: Page
    complaints: list[str]

    async def open_sale(self, keys: str) -> None:
        for key in keys:
            await self.till.keyboard.press(key)
            await self.till.wait_for_timeout(40)  # like fingers, not like a scanner
        await self.till.keyboard.press("Enter")
        await expect(self.lab.locator("#glass-says")).to_have_text("code")

    async def green(self, amount: str) -> None:
        await expect(self.till.locator("#panel.tone-paid #panel-amount")).to_have_text(amount)

    async def slips(self) -> int:
        return await self.lab.locator("#roll img").count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def windows(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Windows]:
    places, ports = Places(tmp_path_factory.mktemp("page") / "demo"), Ports(claim())
    async with demo(places.root, ports, "--no-sale") as run, async_playwright() as playwright:
        await run.until("Ctrl-C ends everything")
        address = dict(re.findall(r"^  (\w+) +(http\S+)$", run.said, re.MULTILINE))
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        opened = Windows(await context.new_page(), await context.new_page(), [])
        for page in (opened.lab, opened.till):
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            page.on(
                "console",
                lambda line: opened.complaints.append(line.text) if line.type == "error" else None,
            )
        await opened.lab.goto(address["lab"])
        await opened.till.goto(address["till"])
        await opened.till.locator("#keys button").first.wait_for()
        yield opened
        await browser.close()


@pytest.mark.row(143, 147, 152)
async def test_typed_shown_scanned_from_the_glass_and_paid_on_the_phone(windows: Windows) -> None:
    lab = windows.lab
    await windows.open_sale("2850")
    await lab.click("#scan-glass")
    await expect(lab.locator("#order-amount")).to_have_text("28.50")
    await expect(lab.locator("#order-shop")).to_contain_text("Countertop")
    await lab.click("#order-acts [data-act=pay]")
    await windows.green("¥28.50")
    await expect(lab.locator("#glass-says")).to_have_text("result")
    await expect(lab.locator("#roll img")).to_have_count(1)
    await expect(lab.locator("#roll img").first).to_have_js_property("naturalWidth", 640)  # 80 mm of paper
    said = lab.locator("#spoken li")
    await expect(said).to_have_count(1)
    await expect(said.first).to_contain_text("二十八元五角")
    await expect(lab.locator("#glass-says")).to_have_text("idle")
    await expect(lab.locator("#books tr").first).to_contain_text("SUCCESS")
    await expect(lab.locator("#lines li.display").first).to_be_attached()
    await expect(lab.locator("#lines li.bank").first).to_be_attached()


@pytest.mark.row(7, 143)
async def test_the_cashier_scans_the_phone(windows: Windows) -> None:
    lab, slips = windows.lab, await windows.slips()
    await windows.open_sale("700")
    await lab.click("[data-code=pays]")
    await expect(lab.locator("#my-code-digits")).to_have_text(re.compile(r"^1[0-5]\d{16}$"))
    await lab.click("#scan-phone")
    await windows.green("¥7.00")
    await expect(lab.locator("#roll img")).to_have_count(slips + 1)
    await expect(lab.locator("#spoken li").first).to_contain_text("七元")


@pytest.mark.row(46, 144)
async def test_l1_an_unplugged_display_is_seen_and_comes_back_with_the_sale_going_on(windows: Windows) -> None:
    lab, till = windows.lab, windows.till
    await windows.open_sale("500")
    await lab.select_option("#fault-slug", "unplug-display")
    await expect(lab.locator("#fault-expected")).to_contain_text("cashier's screen")
    await lab.click("#fault button[type=submit]")
    await expect(lab.locator("#active code")).to_have_text("unplug-display")
    await till.locator("#turned:not([hidden]) img").wait_for()  # the code on the cashier's screen
    await lab.click("#heal")
    await expect(lab.locator("#active code")).to_have_count(0)
    await expect(lab.locator("#glass-says")).to_have_text("code")
    await lab.click("#scan-glass")
    await lab.click("#order-acts [data-act=pay]")
    await windows.green("¥5.00")


async def test_the_lab_fits_its_screens_and_no_script_or_policy_complains(windows: Windows) -> None:
    for width, height in ((1280, 800), (1024, 600), (390, 844)):
        await windows.lab.set_viewport_size({"width": width, "height": height})
        over = await windows.lab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, (width, over)
    assert windows.complaints == []
