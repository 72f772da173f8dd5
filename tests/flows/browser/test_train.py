"""A lesson by keyboard only in the browser: from the list of modules to the green till, and one gone wrong."""

import pytest
from playwright.async_api import Locator, expect

from terminal.help.languages import LANGUAGES
from tests.flows.browser.conftest import Till
from tests.flows.browser.shop import OWNER_PIN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


async def by_key(button: Locator) -> None:
    await button.focus()
    await button.press("Enter")


async def begin(till: Till) -> None:
    """From the shop's own page into practice; the owner's PIN is asked for once."""
    await till.open(till.shop.owner)
    await till.page.goto(f"{till.shop.url}/train?track=fast")
    await by_key(till.page.locator(f'button[data-training="begin"][data-counter="{till.counter}"]'))
    lesson = till.page.locator('button[data-lesson="take-money"]')
    pin = till.page.locator("dialog[open] input")
    await expect(lesson.or_(pin).first).to_be_visible()
    if await pin.count():
        await pin.first.fill(OWNER_PIN)
        await till.page.keyboard.press("Enter")
    await expect(lesson).to_be_visible()


async def choose(till: Till, lesson: str, track: str = "fast") -> None:
    world = till.shop.running.training.world
    assert world is not None
    await till.page.goto(f"{world.url}/train?track={track}&counter={till.counter}")
    await by_key(till.page.locator(f'button[data-lesson="{lesson}"]'))
    await till.page.wait_for_url("**/till")
    await till.page.locator("#keys button").first.wait_for()  # drawn once the counter answers: keys are heard now
    await expect(till.page.locator(".lesson-strip")).to_be_visible()


def due(till: Till) -> int:
    world = till.shop.running.training.world
    assert world is not None
    run = world.classroom.lessons.run(till.counter)
    assert run is not None
    return run.due_minor


@pytest.mark.row(102, 104)
async def test_a_lesson_by_keyboard_and_goods_given_away_too_soon(till: Till) -> None:
    await begin(till)
    await choose(till, "take-money")
    await till.type(str(due(till)))
    await till.press("Enter")
    await till.panel("paid")
    handed = till.page.locator('[data-act="handed_over"]')
    await by_key(handed)
    await till.says(".lesson-strip", "Well done")

    await choose(till, "drill-fake-screenshot", "calm")
    sheet = till.page.locator("dialog.lesson-sheet[open]")
    await till.says("dialog.lesson-sheet", "Look at your own screen")
    await till.press("Enter")
    await expect(sheet).to_have_count(0)
    await till.type(str(due(till)))
    await till.press("Enter")
    await till.panel("waiting")
    pad = await till.page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert pad, "the till scrolls beside a lesson"
    await by_key(handed)
    await till.says(".lesson-strip", "there is no money")
    await till.page.set_viewport_size({"width": 390, "height": 844})
    for language in LANGUAGES:
        await till.page.goto(f"{till.page.url.partition('?')[0]}?language={language}")
        await till.page.locator("#keys button").first.wait_for()
        wide = await till.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{language}: on a phone the end of practice is out of sight"
