"""The other pages in a real browser: display, timeline, lists, help, signing in; nothing runs as markup."""

import asyncio
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, expect

from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.lines import Entered, SaleLine
from terminal.payments.money import Money
from tests.flows.browser.conftest import Till, picture_there, watch
from tests.flows.browser.shop import OWNER_PIN, Shop
from tests.qr_seen import texts_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
HOSTILE = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=1</script>",
    '"><img src=x onerror="window.ran=1">',
    "<svg/onload=window.ran=1>",
    "{{7*7}}${7*7}#{7*7}",
    "javascript:window.ran=1",
    "'-window.ran=1-'",
)


async def _sale(shop: Shop, counter: str, **fields: Any) -> str:
    request = OpenSale(counter, Money(1234, "CNY"), **fields)
    return (await shop.running.service.checkout.open_sale(request, actor=Actor("pos", "test"))).id


@pytest.mark.row(6, 9, 18, 47)
async def test_the_customer_s_screen_shows_amount_code_and_result_and_heals_after_a_reload(
    till: Till, window: BrowserContext
) -> None:
    display = await window.new_page()
    watch(display, till.complaints)
    await display.goto(f"{till.shop.url}/c/{till.counter}/display")
    await display.locator('#main[data-kind="idle"]').wait_for()
    assert "Tea House 茶馆" in await display.locator("#shop").inner_text()
    await till.type("2850")
    await till.press("Enter")
    await display.locator('#main[data-kind="code"]').wait_for()
    await picture_there(display, "#code")
    amount = display.locator("#amount")
    assert await amount.inner_text() == "¥28.50"
    assert await amount.evaluate("(it) => parseFloat(getComputedStyle(it).fontSize)") >= 160
    picture = Image.open(io.BytesIO(await display.screenshot()))
    assert texts_in(picture) == [till.shop.payload(till.counter)]
    await display.reload()
    await display.locator('#main[data-kind="code"]').wait_for()
    await till.shop.customer_pays(till.counter)
    word = display.locator('#main[data-tone="paid"] #word', has_text="Thank you · ")
    told = await asyncio.gather(word.inner_text(), till.whole_panel("paid"))
    check = told[0].rpartition("· ")[2]
    assert len(check) == 4
    assert told[1][2].endswith(f"Check code {check}"), "a copied picture of another payment has another (S65)"
    assert await display.locator("#code").is_hidden()
    await till.page.get_by_role("link", name="Português").click()
    await expect(till.page.locator("#last")).to_contain_text("Pago")
    await till.press("F1")
    await expect(till.page.locator("#sheet [data-close]")).to_be_in_viewport(ratio=1)
    await till.press("Escape")
    await till.press("F7")
    await expect(till.page.locator("#refund-amount")).to_have_value("28,50")
    await till.says("#refund-go", "Reembolsar ¥ 28,50", whole=True)


@pytest.mark.row(47, 48)
async def test_the_largest_amount_is_whole_on_a_phone_and_an_arabic_name_is_cut_at_its_end(
    till: Till, window: BrowserContext
) -> None:
    """The last digit of a large amount had been outside of a narrow glass."""
    display = await window.new_page()
    await display.set_viewport_size({"width": 390, "height": 844})
    await display.goto(f"{till.shop.url}/c/{till.counter}/display")
    await display.locator('#main[data-kind="idle"]').wait_for()
    name, largest = "عصير برتقال طازج مع قهوة عربية", Money(999_999_999, "CNY")
    assert till.shop.running.service.lane(till.counter).glass.enter(Entered(name, largest, largest))
    amount = display.locator('#main[data-kind="entered"] #amount')
    await expect(amount).to_have_text("¥9,999,999.99")
    assert await amount.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    await _sale(till.shop, till.counter, lines=(SaleLine.made(name, 1234),))
    line = display.locator("#lines bdi")
    await expect(line).to_have_text(name)
    assert await line.evaluate("(it) => getComputedStyle(it).direction") == "rtl"


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(7, 137)
async def test_the_customer_s_language_is_chosen_apart_and_the_phone_is_asked_for(
    till: Till, window: BrowserContext
) -> None:
    display = await window.new_page()
    await display.goto(f"{till.shop.url}/c/{till.counter}/display?language=pt-BR")
    await till.type("1000")
    await till.press("Enter")
    await till.shown()
    await till.says("#panel-word", "Waiting for customer", whole=True)
    await till.press("F2")
    await till.scanner(await till.shop.customer_code("password"))
    await display.locator('#main[data-tone="waiting"]').wait_for()
    await display.get_by_text("Conclua no celular").wait_for()
    await till.page.locator("#panel-word", has_text="Customer is confirming").wait_for()
    assert await till.panel("waiting") == "Customer is confirming"


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(133)
async def test_the_timeline_grows_while_the_sale_goes_on_with_durations_and_evidence(
    till: Till, window: BrowserContext
) -> None:
    await till.type("4200")
    await till.press("Enter")
    await till.shown()
    sale = till.shop.running.service.lane(till.counter).current
    page = await window.new_page()
    watch(page, till.complaints)
    await page.goto(f"{till.shop.url}/sales/{sale}")
    assert "Code received and checked" in await page.locator("#lines").inner_text()
    await till.shop.customer_pays(till.counter)
    proved = page.locator("#lines li", has_text="Paid, proved by the bank")
    await proved.wait_for()
    await expect(page.locator("#head-word")).to_have_text("Paid")
    told = await proved.inner_text()
    assert "the bank" in told.lower()
    assert sale is not None
    attempt = till.shop.running.service.book.sale(sale).attempts[0]
    assert attempt.id in told
    assert attempt.provider_txn in told
    assert await proved.locator(".delta").inner_text() > "+0.000"
    await page.locator("#stages .stage-customer rect").wait_for()
    await expect(page.locator("#green")).to_contain_text("Paid after")
    await page.locator("#calls-of summary").click()
    assert "Order: code received" in await page.locator("#calls").inner_text()
    await page.locator("#share-amounts").check()
    assert "amounts=yes" in str(await page.locator("#share-json").get_attribute("href"))
    async with page.expect_download() as coming:
        await page.locator("#share-html").click()
    file = await (await coming.value).path()
    passed_on = await asyncio.to_thread(file.read_text, "utf-8")
    assert "Paid after" in passed_on
    assert sale not in passed_on


@pytest.mark.row(121, 133)
async def test_s60_w2_hostile_text_is_shown_as_text_and_nothing_runs(
    till: Till, window: BrowserContext, new_counter: Callable[[], str]
) -> None:
    await till.open(till.shop.owner)  # sees every counter
    page = await window.new_page()
    watch(page, till.complaints)
    for text in HOSTILE:
        order_no = f"{till.counter}:{text}"[:64]
        sale = await _sale(till.shop, new_counter(), title=text, order_no=order_no, reference=text)
        await page.goto(f"{till.shop.url}/sales/{sale}")
        assert text in await page.locator(".facts").inner_text()
        assert order_no in await page.locator(".facts").inner_text()
        assert await page.evaluate("window.ran") is None
    await page.goto(f"{till.shop.url}/sales")
    assert "<script>" in await page.locator(".sales").inner_text()
    assert await page.evaluate("window.ran") is None
    await page.goto(f"{till.shop.url}/help?q=%3Cscript%3Ewindow.ran%3D1%3C/script%3E")
    assert await page.locator("#q").input_value() == "<script>window.ran=1</script>"
    assert await page.evaluate("window.ran") is None


@pytest.mark.slow  # five minutes hold no more pages; make test-long
async def test_i25_every_page_says_test_in_every_language(till: Till) -> None:
    sale = await _sale(till.shop, till.counter)
    paths = ["/", "/help", "/help/P-01", "/sales", f"/sales/{sale}", "/sign-in", "/nothing", "/link/worth-nothing"]
    paths += [f"/c/{till.counter}/till", f"/c/{till.counter}/display"]
    for path in paths:
        await till.page.goto(till.shop.url + path)
        assert await till.text(".test-band") == "TEST", path
        assert (await till.page.title()).startswith("TEST"), path
    for language, word in (("zh-CN", "测试"), ("pt-BR", "TESTE")):
        await till.page.goto(f"{till.shop.url}/sales?language={language}")
        await till.says(".test-band", word, whole=True)


@pytest.mark.row(137)
async def test_letters_that_the_machine_may_lack_come_with_the_page(till: Till) -> None:
    await till.page.goto(f"{till.shop.url}/help?language=en")
    for name, letters in (("Chinese", "测试"), ("Devanagari", "अब"), ("Thai", "ไทย"), ("Arabic", "عرب")):
        found = await till.page.evaluate(
            "async ([face, letters]) => (await document.fonts.load(face, letters)).map((each) => each.status)",
            [f"16px Shop {name}", letters],
        )
        assert found == ["loaded"], name
    fonts = await till.page.evaluate("getComputedStyle(document.body).fontFamily")
    assert fonts.startswith('"Shop Chinese"'), "behind a font of the system Chromium keeps empty boxes"


@pytest.mark.row(136)
async def test_help_is_searched_and_a_code_leads_to_what_to_do(till: Till) -> None:
    await till.page.goto(f"{till.shop.url}/help")
    await till.page.locator("#q").fill("paper roll")
    await till.press("Enter")
    await till.page.get_by_role("link", name="P-01").click()
    await till.says(".fix", "Put in a new roll")


@pytest.mark.slow  # five minutes hold no more pages; make test-long
async def test_a_stranger_signs_in_first_and_comes_to_the_page_they_wanted(chromium: Browser, shop: Shop) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(f"{shop.url}/c/1/till")
    assert "/sign-in?next=" in page.url
    await page.locator("#pin").fill("000001")
    await page.keyboard.press("Enter")
    refused = page.locator("#sign-in .refused")
    await refused.wait_for()
    assert "PIN is wrong" in await refused.inner_text()
    await page.locator("#pin").fill(OWNER_PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/c/1/till")
    await context.close()


@pytest.mark.slow  # five minutes hold no more pages; make test-long
async def test_a_link_opens_once(till: Till) -> None:
    link = till.shop.link(till.counter)
    await till.page.goto(link)
    await till.page.wait_for_url("**/till")
    await till.page.goto(link)
    assert await till.page.locator(".problem").is_visible()


@pytest.mark.row(112)
async def test_f8_lists_the_last_sales_and_the_list_finds_one_by_its_order_number(till: Till) -> None:
    sale = await _sale(till.shop, till.counter, order_no=f"ORD-{till.counter}")
    await till.shown()
    await till.press("F8")
    await till.page.locator(".tail a").first.wait_for()
    await till.says(".tail", "¥12.34")
    await till.page.goto(f"{till.shop.url}/sales?q=ORD-{till.counter}")
    assert await till.page.locator(".sales li").count() == 1
    assert await till.page.locator(".sales a").get_attribute("href") == f"/sales/{sale}"


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(140)
async def test_pages_stay_usable_at_twice_the_size_and_on_a_phone(till: Till) -> None:
    for width, height in ((512, 300), (390, 844)):
        await till.page.set_viewport_size({"width": width, "height": height})
        for path in ("/", "/sales", "/help", f"/c/{till.counter}/till", f"/c/{till.counter}/display"):
            await till.page.goto(till.shop.url + path)
            wide = await till.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, width)


@pytest.mark.row(47, 95)
async def test_a_display_is_paired_by_the_owner_s_code_and_sees_its_screen_and_nothing_else(
    till: Till, chromium: Browser
) -> None:
    await till.open(till.shop.owner)
    await till.page.goto(till.shop.url)
    await till.page.locator(f'[data-counter="{till.counter}"][data-display="yes"]').click()
    await till.page.wait_for_function(
        "() => /^[0-9]{6}/.test(document.getElementById('pairing-code').textContent)"
    )
    code = (await till.text("#pairing-code"))[:6]
    context = await chromium.new_context()
    display = await context.new_page()
    watch(display, till.complaints)
    await display.goto(f"{till.shop.url}/display")
    await display.locator("#pair-code").fill(code)
    await display.keyboard.press("Enter")
    await display.wait_for_url(f"**/c/{till.counter}/display")
    await display.locator('#main[data-kind="idle"]').wait_for()
    await _sale(till.shop, till.counter)
    await picture_there(display, "#code")
    assert await display.locator("#amount").inner_text() == "¥12.34"
    await display.goto(f"{till.shop.url}/sales")
    assert not await display.locator(".sales").is_visible()
    await context.close()


@pytest.mark.row(124)
async def test_the_owner_s_page_of_people_devices_and_keys_shows_a_key_once(till: Till) -> None:
    await till.page.goto(f"{till.shop.url}/people")
    assert "/sign-in?next=/people" in till.page.url, "a till alone is nobody's owner"
    await till.open(till.shop.owner)
    await till.page.goto(f"{till.shop.url}/")
    await till.page.get_by_role("link", name="People and devices").click()
    await till.says("#staff", "Ana Owner")
    assert await till.page.locator("#devices li").count() >= 1
    await till.page.get_by_text("Add a person").click()
    await till.page.locator("#add-label").fill("Mei <b>")
    await till.page.locator("#add-pin").fill("123456")
    await till.press("Enter")
    await till.says("#told", "too easy to guess")
    await till.page.locator("#add-pin").fill("294857")
    wishes: list[str] = []
    till.page.on("request", lambda sent: wishes.append(sent.headers.get("idempotency-key", "")))
    await till.page.evaluate("for (const _ of [1, 2]) document.getElementById('add').requestSubmit()")
    await expect(till.page.locator("#add-label")).to_have_value("")
    sent = [each for each in wishes if each]
    assert (len(sent) >= 2, len(set(sent))) == (True, 1), "pressed twice it is one wish"
    await till.page.reload()  # what the second press still says would talk over what comes next
    mei = till.page.locator("#staff li", has_text="Mei <b>")
    await mei.get_by_role("button", name="New PIN").click()
    await till.page.locator("#new-pin-code").fill("518264")
    await till.press("Enter")
    await till.says("#told", "The new PIN is set")
    await till.page.get_by_text("Make an API key").click()
    await till.page.locator("#key-label").fill("POS")
    await till.press("Enter")
    await till.says("#made", "shown only once")
    await expect(till.page.locator("#made-key")).to_have_text(re.compile("^ctk_"))  # words are there while hidden
    key = await till.text("#made-key")
    pos = {"Authorization": f"Bearer {key}"}
    async with till.shop.http.get(f"{till.shop.url}/api/v1/me", headers=pos) as told:
        assert (await told.json())["role"] == "pos"
    await till.page.reload()
    await till.says("#api-keys", "POS")
    assert key not in await till.page.content()
    for name, row in (("Revoke", till.page.locator("#api-keys li", has_text="POS")), ("Remove", mei)):
        await row.get_by_role("button", name=name).click()
        await row.get_by_role("button", name="Really?").click()
        await row.wait_for(state="detached")
    async with till.shop.http.get(f"{till.shop.url}/api/v1/me", headers=pos) as told:
        assert told.status == 401
    wide = await till.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


async def test_a_program_that_wants_events_is_added_its_secret_shown_once_and_an_address_inside_refused(
    till: Till,
) -> None:
    await till.open(till.shop.owner)
    await till.page.goto(f"{till.shop.url}/hooks")
    await till.page.get_by_text("Add a program").click()
    await till.page.locator("#add-label").fill("Back <b>")
    await till.page.locator("#add-url").fill("https://169.254.169.254/")
    await till.press("Enter")
    await till.says("#told", "inside a network")
    await till.page.locator("#add-url").fill("https://pos.example/events")
    await till.page.get_by_text("sale_moved").click()
    await till.press("Enter")
    await expect(till.page.locator("#made-secret")).to_have_text(re.compile("^whsec_"))
    secret = await till.text("#made-secret")
    await till.page.reload()
    row = till.page.locator("#hooks li", has_text="Back <b>")
    await expect(row).to_contain_text("sale_moved")
    assert secret not in await till.page.content()
    await row.get_by_role("button", name="Switch off").click()
    await expect(row).to_contain_text("Switched off")
    await row.get_by_role("button", name="Remove").click()
    await row.get_by_role("button", name="Really?").click()
    await row.wait_for(state="detached")
    assert await till.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
