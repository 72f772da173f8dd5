"""Attacks in a real browser: strangers' texts, other sites and names, frames, guessed PINs, and a locked till."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.people.roles import Principal, Role
from terminal.system import SystemClock
from tests.authenticator import Phone
from tests.flows.browser.attacks import ATTACK, ESCAPES, FORM, INLINE, LINKS, WATCHED
from tests.flows.browser.conftest import Till, watch
from tests.flows.browser.shop import KIOSK, OWNER_PIN, Shop
from tests.qr_seen import texts_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
HOSTILE = '</script><svg/onload=ran=1><img src=x onerror="ran=1">'
NAME = '"><img src=x onerror=ran=1>'
CASHIER_PIN, WRONG = "294857", "605948"
ELSEWHERE = "rebound.example"  # the browser is told that this name is here


async def _owner(shop: Shop) -> Principal:
    people = shop.running.people
    who = people.who(session_token=await people.sign_in(shop.owner, OWNER_PIN, device="test"))
    assert who is not None
    return who


async def _strangers(shop: Shop, counter: str) -> str:
    """Texts that run where a page is careless, in every place a stranger fills; the sale's id."""
    people, by = shop.running.people, await _owner(shop)
    await people.add_person(by, Role.CASHIER, NAME, CASHIER_PIN)
    await people.make_api_key(by.actor, label=NAME, scopes=["sales"], counters=(), days=1)
    await people.pair(people.new_pairing_code(by, counter), label=NAME, device="test")
    request = OpenSale(counter, Money(1234, "CNY"), title=HOSTILE, order_no=HOSTILE, reference=HOSTILE)
    return (await shop.running.service.checkout.open_sale(request, actor=Actor("pos", "test"))).id


@pytest.mark.row(124, 126)
async def test_s25_s27_s60_w2_strangers_texts_stay_texts_on_every_page_and_no_rule_is_broken(
    till: Till, window: BrowserContext, new_counter: Callable[[], str]
) -> None:
    shop = till.shop
    sale = await _strangers(shop, new_counter())
    await till.open(shop.owner)
    page = await window.new_page()
    watch(page, till.complaints)
    await page.add_init_script(WATCHED)
    outside: list[str] = []
    page.on("request", lambda asked: outside.append(asked.url) if not asked.url.startswith(shop.url) else None)
    paths = [
        f"/c/{till.counter}/till",
        f"/c/{till.counter}/display",
        "/",
        "/sales",
        f"/sales/{sale}",
        "/people",
        "/hooks",
        "/me",
    ]
    paths += ["/setup", "/reports/today", "/reports/z", f"/help?q={HOSTILE}", f"/sign-in?next={HOSTILE}"]
    for path in [*paths, f"/nowhere/{NAME}"]:
        answer = await page.goto(shop.url + path)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "script-src 'nonce-" in policy, path
        assert "unsafe" not in policy, path
        assert await page.evaluate(INLINE) == [], path
        assert await page.evaluate("[broken, window.ran]") == [[], None], path
    await page.goto(f"{shop.url}/sales/{sale}")
    await expect(page.locator(".facts")).to_contain_text(HOSTILE, use_inner_text=True)
    await page.goto(f"{shop.url}/people")
    for part in ("#staff", "#devices", "#api-keys"):
        await expect(page.locator(part)).to_contain_text(NAME, use_inner_text=True)
    assert await page.evaluate("[broken, window.ran]") == [[], None]
    assert outside == [], "nothing is asked of anybody else"
    await page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'ran = 1'}))")
    assert await page.evaluate("[broken.length, window.ran]") == [1, None], "and a rule that is broken is seen"
    till.complaints.clear()


@asynccontextmanager
async def another_site() -> AsyncIterator[str]:
    """A page of somebody else on this machine: another port is another origin, and the same site to cookies."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>You have won</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.row(126)
async def test_s21_s22_s23_s24_w1_another_site_and_another_name_do_nothing_with_our_cookies(
    till: Till, window: BrowserContext
) -> None:
    shop, lane = till.shop, till.shop.running.service.lane(till.counter)
    async with another_site() as evil:
        page = await window.new_page()
        await page.goto(evil)
        told = await page.evaluate(ATTACK, [shop.url, till.counter])
        sent = dict.fromkeys(("simple", "json", "blind", "read", "picture"), "refused")
        assert told == {**sent, "heard": "closed", "opened": "cut off"}
        [frame] = [each for each in page.frames if each.parent_frame]
        assert await frame.locator("#keys").count() == 0, "no till in anybody's frame"
        async with page.expect_navigation():
            await page.evaluate(FORM, [shop.url, f'{{"counter":"{till.counter}","amount_minor":100,"title":"'])
        assert "origin_not_allowed" in await page.content() or "another page" in await page.content()
    port = shop.url.rpartition(":")[2]
    for path in ("/", "/api/v1/health", f"/c/{till.counter}/till"):
        answer = await page.goto(f"http://{ELSEWHERE}:{port}{path}")
        assert answer is not None
        assert answer.status == 421, "a name that was made to point here is not ours"
    assert lane.current is None, "no sale was opened by any of it"


async def _guess(page: Page, person: str, pin: str) -> str:
    await page.locator("#person").select_option(label=f"{person} · Cashier")
    await page.locator("#pin").fill(pin)
    async with page.expect_response("**/api/v1/sign-in"):
        await page.keyboard.press("Enter")
    refused = page.locator("#sign-in .refused")
    await refused.wait_for()
    return await refused.inner_text()


@pytest.mark.row(124)
async def test_s34_w4_five_wrong_pins_lock_this_browser_out_and_the_owner_unlocks(
    till: Till, chromium: Browser
) -> None:
    shop, name = till.shop, "Guessed At"
    await shop.running.people.add_person(await _owner(shop), Role.CASHIER, name, CASHIER_PIN)
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(f"{shop.url}/sign-in")
    for _ in range(5):
        assert "PIN is wrong" in await _guess(page, name, WRONG)
    assert "5 more minutes" in await _guess(page, name, CASHIER_PIN), "also the right one, now"
    await till.open(shop.owner)
    await till.page.goto(f"{shop.url}/people")
    row = till.page.locator("#staff li", has_text=name)
    await row.get_by_role("button", name="Unlock").click()
    await till.says("#told", "Unlocked")
    await page.locator("#pin").fill(CASHIER_PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{shop.url}/")
    await till.page.reload()
    session = till.page.locator("#sessions li", has_text=name)
    for label in ("Sign out", "Really?"):
        await session.get_by_role("button", name=label).click()
    await session.wait_for(state="detached")
    await page.goto(f"{shop.url}/sales")
    assert "/sign-in" in page.url, "S35: a session that was ended is nobody's"
    await context.close()


@pytest.mark.row(124)
async def test_s36_a_phone_scans_its_secret_once_and_its_code_is_half_of_the_next_sign_in(
    till: Till, chromium: Browser
) -> None:
    shop, people = till.shop, till.shop.running.people
    person = await people.add_person(await _owner(shop), Role.OWNER, "Second Owner", "518264")
    context = await chromium.new_context()
    page = await context.new_page()
    watch(page, till.complaints)
    await page.goto(f"{shop.url}/sign-in?next=/me")
    await page.locator("#person").select_option(person)
    await page.locator("#pin").fill("518264")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/me")
    await page.locator("#begin").click()
    await page.locator("#picture path").first.wait_for(state="attached")
    picture = Image.open(io.BytesIO(await page.locator("#scan").screenshot()))
    phone = Phone.scan(texts_in(picture)[0])
    assert phone.label == "Countertop:Second Owner"
    await page.locator("#first-code").fill(phone.code(SystemClock().wall_ms()))
    await page.keyboard.press("Enter")
    await page.locator("#codes li").nth(7).wait_for()
    recovery = await page.locator("#codes li").first.inner_text()
    await page.reload()
    assert recovery not in await page.content(), "told once"
    await context.clear_cookies()
    await page.goto(f"{shop.url}/sign-in")
    await page.locator("#person").select_option(person)
    await page.locator("#pin").fill("518264")
    await page.keyboard.press("Enter")
    await page.locator("#code").wait_for()
    await page.locator("#code").fill(recovery)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{shop.url}/")
    await context.close()


@pytest.mark.row(125)
async def test_s30_a_kiosk_has_no_way_out_without_a_pin_and_its_counter_cannot_be_swapped(
    window: BrowserContext, shop: Shop
) -> None:
    till = Till(await window.new_page(), shop, KIOSK)
    await till.open()
    page, here = till.page, f"{shop.url}/c/{KIOSK}/till"
    stopped = await page.evaluate(ESCAPES)
    assert stopped == [], "none of these reaches the browser"
    await page.keyboard.press("Escape")
    for _ in range(3):
        await page.evaluate("history.back()")
        await page.wait_for_function("(here) => location.href === here", arg=here)
    await page.evaluate(LINKS)
    await page.evaluate("document.getElementById('away').click()")
    assert (len(window.pages), page.url) == (1, here), "no other site"
    await page.evaluate("document.getElementById('new').click()")
    await page.wait_for_url("**/help")
    assert len(window.pages) == 1, "no second window"
    for path in ("/", "/sales", "/reports/today", "/setup", "/people", "/c/1/till", "/c/1/display", "/me"):
        await page.goto(shop.url + path)
        assert "/sign-in?next=" in page.url, path
    await page.goto(f"{shop.url}/sign-in?next=//evil.example/")
    await page.locator("#person").select_option(shop.owner)
    await page.locator("#pin").fill(OWNER_PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{shop.url}/")
    await page.goto(f"{shop.url}/sales")
    assert page.url == f"{shop.url}/sales", "with a PIN there is"
