"""A visit in a real browser: the owner's key lets the bank's visitor in, ten steps, two PINs, the record."""

from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from terminal.help.languages import LANGUAGES
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.system import SystemClock
from terminal.visit.seal import check
from terminal.visit.steps import Step
from terminal.web.callers import SESSION
from tests.authenticator import Phone
from tests.flows.browser.conftest import WATCHDOG_MS, Till, watch
from tests.flows.browser.shop import OWNER_PIN, Shop
from tests.flows.browser.sound import findings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
VISITOR_PIN: Final = "518264"
TABS_MAX: Final = 60  # more than any page of the visit has stops
PAGES: Final = (
    "/setup/sheet",
    "/setup/cards",
    "/setup/pack",
    "/setup/visit",
    *(f"/setup/visit/{step}" for step in Step),
)


async def _cent(shop: Shop, counter: str) -> None:
    """The smallest amount, paid by the screen and given back, as a till does it."""
    service = shop.running.service
    by = Actor("person", shop.owner)
    sale = await service.checkout.open_sale(OpenSale(counter, Money(1, "CNY")), actor=by)
    assert await service.until(sale.id, lambda now: now.attempts[-1].state == "shown", WATCHDOG_MS / 1000)
    await shop.customer_pays(counter)
    assert await service.until(sale.id, lambda now: now.state == "paid", WATCHDOG_MS / 1000)
    await service.aftercare.refund(sale.id, None, reason="visit", actor=by)
    assert await service.until(sale.id, lambda now: now.refunds[-1].state == "refunded", WATCHDOG_MS / 1000)


async def _visitor(chromium: Browser, shop: Shop, code: str) -> tuple[BrowserContext, Page, list[str]]:
    """The bank's employee on a phone, let in by the code."""
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(WATCHDOG_MS)
    page, complaints = await context.new_page(), list[str]()
    watch(page, complaints)
    await page.goto(f"{shop.url}/sign-in?visit=yes&language=pt-BR")
    await page.goto(f"{shop.url}/sign-in?visit=yes")
    await page.locator("#visit-code").fill(code)
    await page.locator("#visit-name").fill("Li do banco")
    await page.locator("#visit-pin").fill(VISITOR_PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/setup/visit")
    return context, page, complaints


async def _second_step(context: BrowserContext, shop: Shop) -> str:
    """The visitor's own, without which nobody signs; a recovery code of theirs."""
    people = shop.running.people
    token = next(each["value"] for each in await context.cookies() if each["name"] == SESSION)
    begun = people.begin_second_step(people.who("", token))
    code = Phone.scan(begun.uri).code(SystemClock().wall_ms())
    return (await people.finish_second_step(people.who("", token), code, session_token=token, device="phone"))[0]


async def _end(page: Page, step: Step, key: str) -> None:
    """By keyboard alone: the key is reached with Tab and pressed. The page is sound, too."""
    await page.wait_for_url(f"**/setup/visit/{step}")
    assert await findings(page) == []
    await reached(page, f"#{key}")
    await page.keyboard.press("Enter")


async def reached(page: Page, selector: str) -> None:
    """With Tab, from wherever the focus is; nothing may hold it on the way."""
    for _ in range(TABS_MAX):
        if await page.evaluate("(it) => document.activeElement?.matches(it) ?? false", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with {TABS_MAX} times Tab")


@pytest.mark.row(95, 96, 98, 99)
async def test_a_visit_by_keyboard_and_on_a_phone_from_the_code_to_the_sealed_record(
    till: Till, chromium: Browser
) -> None:
    shop, page = till.shop, till.page
    await till.open(shop.owner)
    await page.goto(f"{shop.url}/setup/sheet")
    await expect(page.locator("#legs li")).not_to_have_count(1)
    await till.says("#legs", "Internet\nOK")
    await page.locator("#code-hours").press("Enter")
    await page.locator("#made").wait_for()
    context, phone, complaints = await _visitor(chromium, shop, await till.text("#digits"))
    await phone.get_by_role("link", name="Minha segunda etapa").wait_for()
    await phone.get_by_role("button", name="Começar a visita").click()
    await _end(phone, Step.SHEET, "done")
    await phone.wait_for_url(f"**/setup/visit/{Step.QUESTIONS}")
    await page.goto(f"{shop.url}/setup/visit")  # stopped on the phone, gone on with at the till
    await page.locator("#next a", has_text="Six questions").wait_for()
    await reached(page, "#next a")
    await page.keyboard.press("Enter")
    await _end(page, Step.QUESTIONS, "done")
    await _end(page, Step.IDENTITY, "done")
    await _end(page, Step.DEVICES, "done")  # nothing stands here: told as it is, and the rest goes on
    await till.says("#verdict.bad", "C-")
    await _end(page, Step.DEVICES, "leave")
    await _end(page, Step.PEOPLE, "done")
    await _cent(shop, till.counter)
    await till.says("#cents", "given back")
    await _end(page, Step.CENT, "done")
    for step in (Step.FAULTS, Step.TRAINING):
        await _end(page, step, "leave")
    await _end(page, Step.CARDS, "done")
    await page.wait_for_url(f"**/setup/visit/{Step.ACCEPTANCE}")
    await expect(page.locator("#missing")).to_be_hidden()
    await page.locator("#who-1").select_option(shop.owner)
    await page.locator("#pin-1").fill(OWNER_PIN)
    await page.locator("#who-2").select_option(label="Li do banco · Onboarding (visit)")
    await page.locator("#pin-2").fill(VISITOR_PIN)
    await page.locator("#code-2").fill(await _second_step(context, shop))
    await page.keyboard.press("Enter")
    await till.says("#record", "Sealed record")
    record = await page.request.get(f"{shop.url}/api/v1/visit/record")
    document = check(await record.body(), kind="acceptance").document
    assert [each["role"] for each in document["signers"]] == ["owner", "onboarding"]
    pdf = await page.request.get(f"{shop.url}/setup/visit/record.pdf")
    assert (pdf.status, (await pdf.body())[:5]) == (200, b"%PDF-")
    assert complaints == []
    await context.close()


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.parametrize(("width", "height"), [(1024, 600), (390, 844)])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_of_the_visit_is_sound_in_every_language_by_day_and_by_night(
    till: Till, width: int, height: int, language: str
) -> None:
    shop, page = till.shop, till.page
    await till.open(shop.owner)
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"{shop.url}/setup/visit?language={language}")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        for path in PAGES:
            await page.goto(shop.url + path)
            await page.locator("h1").wait_for()
            assert await findings(page) == [], (path, scheme)
