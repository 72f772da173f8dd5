"""One shop and one browser for all pages' tests; each test has a counter and a window of its own."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, async_playwright, expect

from tests.flows.browser.chromium import find_chromium
from tests.flows.browser.shop import Shop, open_shop

COUNTERS = 64  # more than tests here: none meets another's sale
WATCHDOG_MS = 30_000  # ends a hang; nothing here is measured
ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP rebound.example 127.0.0.1"]
_numbers = iter(range(1, COUNTERS + 1))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path_factory.mktemp("shop"), COUNTERS) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=WATCHDOG_MS)  # also for windows that a test opens itself
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def new_counter() -> Callable[[], str]:
    """Each call a counter nobody else has used."""
    return lambda: str(next(_numbers))


@pytest.fixture
def counter(new_counter: Callable[[], str]) -> str:
    return new_counter()


@dataclass
class Till:
    """A paired till in a window of 1024 by 600 pixels, and what it complained about."""

    page: Page
    shop: Shop
    counter: str
    complaints: list[str] = field(default_factory=list)
    line: list[WebSocketRoute] = field(default_factory=list)
    cut: bool = False

    async def open(self, person: str = "") -> None:
        await self.page.goto(self.shop.link(self.counter, person))
        await self.page.wait_for_url("**/till")
        await self.page.locator("#keys button").first.wait_for()

    async def type(self, keys: str) -> None:
        """Like fingers, not like a scanner."""
        for key in keys:
            await self.page.keyboard.press(key)
            await self.page.wait_for_timeout(40)

    async def scanner(self, code: str) -> None:
        """Like a scanner that is a keyboard: a character a millisecond, however busy this machine is."""
        await self.page.evaluate(
            """(code) => {
                const field = document.querySelector("dialog[open] input");
                let at = performance.now();
                for (const key of code) {
                    if (field) {
                        field.value += key;
                        field.dispatchEvent(new InputEvent("input", { inputType: "insertText" }));
                    } else {
                        const pressed = new KeyboardEvent("keydown", { key, bubbles: true });
                        Object.defineProperty(pressed, "timeStamp", { value: (at += 1) });
                        document.body.dispatchEvent(pressed);
                    }
                }
            }""",
            code,
        )

    async def press(self, key: str) -> None:
        await self.page.keyboard.press(key)

    async def panel(self, tone: str) -> str:
        """Wait for a state that fills the screen; its word."""
        word, _, _ = await self.whole_panel(tone)
        return word

    async def whole_panel(self, tone: str) -> tuple[str, str, str]:
        """Word, amount and what else it says, read in the turn it is seen: some states leave by themselves."""
        shown = await self.page.wait_for_function(
            """(tone) => {
                const said = (id) => document.getElementById(id).innerText.replaceAll("\\u00a0", " ").trim();
                return document.querySelector(`#panel.tone-${tone}:not([hidden])`)
                    && ["panel-word", "panel-amount", "panel-more"].map(said);
            }""",
            arg=tone,
            polling=50,  # not by frames: a window Chromium believes hidden draws none
        )
        word, amount, more = await shown.json_value()
        return word, amount, more

    async def shown(self) -> None:
        """Wait until this counter's code is up."""
        await self.panel("waiting")
        await picture_there(self.page, "#turned:not([hidden]) img")

    async def text(self, selector: str) -> str:
        return (await self.page.locator(selector).inner_text()).replace("\xa0", " ").strip()

    async def says(self, selector: str, words: str, *, whole: bool = False) -> None:
        """Wait until an element says this: pages draw when their news arrive, not when a test looks."""
        element = expect(self.page.locator(selector))
        if whole:
            await element.to_have_text(words, use_inner_text=True)
        else:
            await element.to_contain_text(words, use_inner_text=True)

    async def cut_line(self) -> None:
        self.cut = True
        for route in self.line:
            await route.close()
        self.line.clear()


@pytest_asyncio.fixture(loop_scope="session")
async def window(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 1024, "height": 600}, reduced_motion="reduce")
    context.set_default_timeout(WATCHDOG_MS)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def till(window: BrowserContext, shop: Shop, counter: str) -> AsyncIterator[Till]:
    page = await window.new_page()
    opened = Till(page, shop, counter)

    async def line(route: WebSocketRoute) -> None:
        if opened.cut:
            await route.close()  # else the page would believe it had a line again, and wait for news on it
            return
        route.connect_to_server()
        opened.line.append(route)

    await page.route_web_socket("**/api/v1/live**", line)
    watch(page, opened.complaints)
    await opened.open()
    yield opened
    assert opened.complaints == []


async def picture_there(page: Page, selector: str) -> None:
    """Wait until it has loaded. Not by ``decode``: that fails for good when the picture changes meanwhile."""
    await page.wait_for_function(
        """(selector) => {
            const picture = document.querySelector(selector);
            return picture && picture.complete && picture.naturalWidth > 0;
        }""",
        arg=selector,
        polling=50,
    )


def watch(page: Page, complaints: list[str]) -> None:
    """Errors of scripts and of the content security policy. Refused requests are part of the stories."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda line: (
            complaints.append(line.text) if line.type == "error" and "status of 4" not in line.text else None
        ),
    )


@pytest.fixture(autouse=True)
def healthy(shop: Shop) -> Iterator[None]:
    yield
    shop.heal()
