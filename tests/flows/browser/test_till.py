"""The till in a real browser on a real service and bank: keys alone, every state in its words and colours."""

import pytest

from terminal.counter.book import SYSTEM, here
from terminal.errors import InvalidRequest
from terminal.payments.attempt import Flag, Signal
from terminal.payments.decide import hear
from terminal.payments.event import Owed
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.notice import Told
from terminal.payments.refunding import start_refund
from terminal.payments.sale import Sale
from terminal.payments.way_back import Way
from tests.flows.browser.conftest import Till
from tests.flows.browser.shop import OWNER_PIN

PART = Way("refund", "part")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


@pytest.mark.row(1, 4, 6, 9, 50, 152)
async def test_sales_by_keyboard_alone_and_a_digit_after_green_begins_the_next(till: Till) -> None:
    for amount, keys in (("¥28.50", "2850"), ("¥7.00", "700"), ("¥5.00", "5.")):
        await till.type(keys)
        await till.says("#amount", amount, whole=True)
        await till.press("Enter")
        await till.shown()
        await till.says("#panel-amount", amount, whole=True)
        await till.shop.customer_pays(till.counter)
        word, shown, more = await till.whole_panel("paid")
        assert (word, shown) == ("Paid", amount)
        assert "with WeChat Pay" in more
    await till.press("1")
    assert await till.page.locator("#panel").is_hidden()
    await till.says("#amount", "¥0.01", whole=True)
    for level in ("loud", "quiet", "off", "loud", "quiet"):
        await till.says("#sound", f"Sound: {level}")
        await till.page.locator("#sound").click()
    await till.page.reload()
    await till.says("#sound", "Sound: off")


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(1)
async def test_the_number_pad_undoes_and_clears_and_the_green_screen_goes_by_itself(till: Till) -> None:
    await till.type("9.999")  # a third decimal has no place
    await till.says("#amount", "¥9.99", whole=True)
    await till.press("Backspace")
    await till.press("Backspace")
    await till.press("Backspace")
    await till.says("#amount", "¥0.09", whole=True)
    await till.press("Escape")
    await till.says("#amount", "¥0.00", whole=True)
    await till.page.locator('[data-key="00"]').click()
    await till.page.locator('[data-key="2"]').click()
    await till.page.locator('[data-key="00"]').click()
    await till.says("#amount", "¥2.00", whole=True)
    await till.press("Enter")
    await till.shown()
    await till.shop.customer_pays(till.counter)
    await till.panel("paid")
    await till.page.locator("#ready:not([hidden])").wait_for()
    await till.says("#last", "Paid")


@pytest.mark.row(31)
async def test_cancel_says_nothing_charged_only_with_the_bank_s_proof(till: Till) -> None:
    await till.type("500")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("error-500", count=200)
    await till.press("Escape")
    assert await till.panel("checking") == "Cancelling… asking the bank"
    till.shop.heal()
    assert await till.panel("not_paid") == "Cancelled, nothing charged"


@pytest.mark.row(31)
async def test_cancel_after_the_customer_paid_turns_green_and_offers_undo(till: Till) -> None:
    await till.shop.fault("notify-lost", count=1)
    await till.type("600")
    await till.press("Enter")
    await till.shown()
    order = await till.shop.customer_scans(till.counter)
    till.shop.paid_at_once(order)  # nothing between this and the key: the shop asks the bank every few seconds
    await till.press("Escape")
    assert await till.panel("paid") == "Customer had already paid"
    await till.says("#panel-acts", "Undo")


@pytest.mark.row(7, 8)
async def test_scanning_the_customer_with_f2_and_a_keyboard_scanner(till: Till) -> None:
    await till.type("1200")
    await till.press("Enter")
    await till.shown()
    await till.press("F2")
    await till.scanner("6901234567892")
    await till.page.locator("#scan-refused:not([hidden])").wait_for()
    await till.says("#scan-refused", "product")
    await till.scanner(await till.shop.customer_code())
    assert await till.panel("paid") == "Paid"


@pytest.mark.row(55, 56)
async def test_a_scan_that_types_like_a_keyboard_never_becomes_an_amount(till: Till) -> None:
    await till.type("28")
    code = await till.shop.customer_code()
    await till.scanner(code)
    await till.page.locator("#hint.wrong", has_text="no sale is open").wait_for()
    await till.says("#amount", "¥0.28", whole=True)


@pytest.mark.row(10, 12)
async def test_a_doubt_keeps_the_goods_and_parks_for_the_next_customer(till: Till) -> None:
    await till.type("900")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("error-500", count=200)
    await till.press("Escape")
    await till.panel("checking")
    await till.says("#panel-more", "Keep the goods")
    await till.press("F9")
    await till.page.locator("#ready:not([hidden])").wait_for()
    await till.page.locator(".notice").wait_for()
    await till.says("#notices", "parked")


@pytest.mark.row(21)
async def test_late_money_stands_in_amber_until_the_owner_attaches_it(till: Till) -> None:
    await till.type("800")
    await till.press("Enter")
    await till.shown()
    order = await till.shop.customer_scans(till.counter)
    await till.press("Escape")
    await till.panel("not_paid")
    await till.shop.fault("capture-after-close", count=1)
    await till.shop.pay(order)
    await till.page.locator(".notice").wait_for()
    await till.says("#notices", "¥8.00 came after it had ended")
    assert await till.page.locator("#panel").is_hidden()  # "nothing charged" is no longer shown
    await till.page.get_by_role("button", name="Attach to sale").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.page.locator(".notice").wait_for(state="detached")
    await till.says("#last", "Paid")


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(11)
async def test_an_owner_keeps_a_payment_that_was_proven_while_it_was_being_taken_back(till: Till) -> None:
    service = till.shop.running.service
    await till.type("1700")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("error-500-after-debit", count=1)
    await till.shop.fault("error-500", count=200, params={"call": "query"})
    await till.press("F2")
    await till.scanner(await till.shop.customer_code())
    await till.panel("checking")
    await till.press("Escape")
    sale = service.lane(till.counter).current or ""
    assert await service.until(sale, lambda now: now.attempts[-1].state == "reversing", 30)
    assert await till.page.locator(".notice").count() == 0, "nothing is proven yet"
    till.shop.heal()
    order = service.book.sale(sale).attempts[-1].id
    answer = await service.provider("wechatpay").query(order)
    assert isinstance(answer, Told)
    proof, at_ms = answer.notice, service.parts.clock.wall_ms()
    await service.book.commit(
        sale, lambda now: hear(here(now), order, Signal.SUCCESS, at_ms=at_ms, evidence=proof), SYSTEM
    )
    await till.says("#notices", "the bank proved ¥17.00, and it is being taken back")
    await till.page.get_by_role("button", name="Keep the payment").click()
    await till.page.locator("#override-number").fill("0000")
    await till.press("Enter")
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.says("#override-refused", "not the bank's number")
    await till.page.locator("#override-number").fill(proof.provider_txn[-6:])
    await till.press("Enter")
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    assert await till.panel("paid") == "Paid"
    await till.says("#panel-amount", "¥17.00", whole=True)
    assert service.book.sale(sale).attempts[-1].flags == {Flag.ACCEPTED}


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(11)
async def test_after_a_minute_of_doubt_an_owner_lets_the_customer_pay_again(till: Till) -> None:
    service = till.shop.running.service
    await till.type("1800")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("error-500-after-debit", count=1)
    await till.shop.fault("unknown-state", count=200, params={"call": "query"})  # doubt, and no bank that is down
    await till.press("F2")
    await till.scanner(await till.shop.customer_code())
    await till.panel("checking")
    sale = service.lane(till.counter).current or ""
    await till.press("F9")
    await till.says("#notices", "parked")
    again = till.page.get_by_role("button", name="Let the customer pay again")
    assert await again.count() == 0, "the bank may still answer"
    service.watches.doubted_since[sale] -= 61 * 10**9  # a minute goes by, here and in the browser
    await till.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 61_000; }")
    await again.click()
    assert await till.page.locator("#override-number").is_hidden()
    await till.press("Tab")
    await till.page.locator("#override-go").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.shown()
    await till.says("#panel-amount", "¥18.00", whole=True)
    till.shop.heal()
    await till.shop.customer_pays(till.counter)
    assert await till.panel("paid") == "Paid"
    assert service.book.sale(sale).paid_minor == 1800


@pytest.mark.row(14, 69, 70, 74)
async def test_undo_asks_amount_reason_and_pin_and_signs_the_owner_out_again(till: Till) -> None:
    await till.type("1500")
    await till.press("Enter")
    await till.shown()
    await till.shop.customer_pays(till.counter)
    await till.panel("paid")
    await till.press("F7")
    await till.says("#refund-left", "¥15.00")
    await till.says("#refund-way", "¥15.00 goes back within 3 days at the latest; the bank returns its fee.")
    await till.page.locator("#refund-amount").fill("4.00")
    await till.says("#refund-way", "¥4.00 goes back within 3 days")
    await till.press("Enter")
    await till.page.locator("#pin-code").fill("000001")
    await till.press("Enter")
    await till.page.locator("#pin-refused:not([hidden])").wait_for()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.page.locator("#refund").wait_for(state="hidden")
    lane = till.shop.running.service.lane(till.counter)
    sale = till.shop.running.service.book.sale(lane.last_sale or "")
    assert [(each.amount.minor, each.reason) for each in sale.refunds] == [(400, "Wrong amount")]
    me = await till.page.evaluate("fetch('/api/v1/me').then((answer) => answer.json())")
    assert me["role"] == "till"
    await till.scanner("CT:S-01KDVDNA6D6C302SMA67N4H7GA")
    await till.says("#hint", "No sale of this shop has this receipt.")
    for by_keyboard in (True, False):
        if by_keyboard:
            await till.scanner(f"CT:S-{sale.id}")
        else:
            lane.find(sale)
        await till.says("#refund-left", "¥11.00")
        await till.page.locator("#refund[open]").wait_for()
        await till.press("Escape")
        await till.page.locator("#refund").wait_for(state="hidden")
    await one_that_waits_is_cancelled_on_the_sales_page(till, sale)


async def one_that_waits_is_cancelled_on_the_sales_page(till: Till, sale: Sale) -> None:
    refund, far_ms = "01KDVDNA6D6C302SMA67N4H7GB", 4_102_444_800_000

    def wait(now: Sale | None) -> Facts:
        amount = Money(500, "CNY")
        attempt = here(now).attempts[-1].id
        return start_refund(
            here(now),
            attempt,
            amount,
            refund=refund,
            at_ms=1,
            claims=(),
            way=PART,
            due_ms=far_ms,
            reason="x",
            actor="person:x",
            approver="",
        )

    book = till.shop.running.service.book
    await book.commit(sale.id, wait, SYSTEM)
    await till.page.goto(f"{till.shop.url}/sales/{sale.id}")
    await till.says("#acts", "¥5.00: refund waits, will be sent on 2100-01-01")
    await till.page.get_by_role("button", name="Do not refund ¥5.00").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.says("#told", "Not refunded: nothing was sent")
    assert book.sale(sale.id).refund(refund).state == "failed"


@pytest.mark.row(137)
async def test_the_language_changes_in_the_middle_of_a_sale(till: Till) -> None:
    await till.type("100")
    await till.press("Enter")
    assert await till.panel("waiting") == "Waiting for customer"
    await till.page.get_by_role("link", name="中文").click()
    assert await till.panel("waiting") == "等待付款"
    assert await till.page.locator("html").get_attribute("lang") == "zh-CN"
    await till.page.get_by_role("link", name="Português").click()
    assert await till.panel("waiting") == "Aguardando cliente"
    assert await till.text("#panel-amount") == "¥ 1,00"


@pytest.mark.row(1, 140)
async def test_nothing_scrolls_keys_are_big_and_long_amounts_shrink_but_stay_readable(till: Till) -> None:
    sizes = """() => ({
        scroll: [document.documentElement.scrollWidth, document.documentElement.scrollHeight],
        amount: parseFloat(getComputedStyle(document.getElementById("amount")).fontSize),
        keys: [...document.querySelectorAll(".key")].map((key) => Math.min(key.offsetWidth, key.offsetHeight)),
        inside: document.getElementById("amount").scrollWidth <= document.getElementById("amount").clientWidth,
    })"""
    found = await till.page.evaluate(sizes)
    assert found["scroll"] == [1024, 600]
    assert found["amount"] >= 96
    assert min(found["keys"]) >= 72
    await till.type("99999999999")
    found = await till.page.evaluate(sizes)
    assert found["amount"] >= 48
    assert found["inside"]


@pytest.mark.row(4, 62)
async def test_f1_tells_what_to_do_and_only_keys_that_work_are_shown(till: Till) -> None:
    assert [await key.inner_text() for key in await till.page.locator("#keys b").all()] == [
        "F1",
        "F3",
        "F8",
        "F10",
    ]
    await till.press("F1")
    await till.says("#sheet-body", "Type the amount")
    await till.press("Escape")
    await till.type("100")
    await till.press("Enter")
    await till.shown()
    assert [await key.inner_text() for key in await till.page.locator("#keys b").all()] == ["F1", "F2", "F8"]
    await till.press("F1")
    assert "Check again" not in await till.text("#sheet-body")


@pytest.mark.row(140)
async def test_every_control_has_a_name_and_states_are_announced(till: Till) -> None:
    nameless = """() => [...document.querySelectorAll("button, a, input, select")]
        .filter((each) => each.checkVisibility())
        .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.labels?.length))
        .map((each) => each.outerHTML)"""
    assert await till.page.evaluate(nameless) == []
    await till.type("100")
    await till.press("Enter")
    await till.panel("waiting")
    await till.says("#say", "Waiting for customer. ¥1.00", whole=True)


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(28, 56, 62)
async def test_old_slips_are_asked_about_and_a_refused_scan_or_a_forgery_is_a_sentence(till: Till) -> None:
    await till.type("100")
    await till.press("Enter")
    await till.shown()
    await till.shop.customer_pays(till.counter)
    await till.panel("paid")
    lane = till.shop.running.service.lane(till.counter)
    sale = lane.last_sale or ""
    attempt = till.shop.running.service.book.sale(sale).attempts[0].id
    receipt = f"{attempt}:receipt"
    lane.paper.listed[receipt] = (Owed(receipt, "receipt", till.counter, sale, 1, 0, {"receipt": receipt}), "old")
    lane.tell(InvalidRequest("code_product"))
    await till.says(".plain-note", "product's barcode")  # leaves by itself
    await till.says("#notices", "is old. Print it now?")
    await till.page.get_by_role("button", name="Do not print").click()
    await till.page.get_by_text("is old. Print it now?").wait_for(state="detached")
    assert lane.paper.listed == {}
    alerts = till.shop.running.service.alerts
    for _ in range(3):
        await alerts.refused("wechatpay", "signature_wrong")
    await till.says("#notices", "prove nothing were refused: 3 (WeChat Pay)")  # one line, however many there are
    await till.page.get_by_role("button", name="Seen").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await till.page.get_by_text("prove nothing").wait_for(state="detached")
    assert alerts.waiting() == []
