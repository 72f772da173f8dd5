"""The whole demo in a real browser: till in one window, the lab's phone, glass, paper and speaker in the other."""

import re

import pytest
from playwright.async_api import expect

from tests.flows.browser.chromium import MISSING, find_chromium
from tests.flows.lab_windows import Windows, windows

__all__ = ["windows"]  # the fixture is found by its name

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not find_chromium(), reason=MISSING),
]


@pytest.mark.row(143, 147, 152)
async def test_typed_shown_scanned_from_the_glass_and_paid_on_the_phone(windows: Windows) -> None:
    lab = windows.lab
    await windows.open_sale("2850")
    await windows.press("#scan-glass")
    await expect(lab.locator("#order-amount")).to_have_text("28.50")
    await expect(lab.locator("#order-shop")).to_contain_text("Countertop")
    await windows.press("#order-acts [data-act=pay]")
    await windows.green("¥28.50")
    await expect(lab.locator("#glass-says")).to_have_text("result")
    await expect(lab.locator("#roll img")).to_have_count(1)
    await expect(lab.locator("#roll img").first).to_have_js_property("naturalWidth", 640)  # 80 mm of paper
    said = lab.locator("#spoken li")
    await expect(said).to_have_count(1)
    await expect(said.first).to_contain_text("二十八元五角")
    await expect(lab.locator("#books tr").first).to_contain_text("SUCCESS")
    await expect(lab.locator("#lines li.display").first).to_be_attached()
    await expect(lab.locator("#lines li.bank").first).to_be_attached()


@pytest.mark.row(7, 143)
async def test_the_cashier_scans_the_phone(windows: Windows) -> None:
    lab, slips = windows.lab, await windows.slips()
    await windows.open_sale("700")
    await windows.press("[data-code=pays]")
    await expect(lab.locator("#my-code-digits")).to_have_text(re.compile(r"^1[0-5]\d{16}$"))
    await windows.press("#scan-phone")
    await windows.paid("¥7.00", slips + 1)
    await expect(lab.locator("#spoken li").first).to_contain_text("七元")


@pytest.mark.row(46, 144)
async def test_l1_an_unplugged_display_is_seen_and_comes_back_with_the_sale_going_on(windows: Windows) -> None:
    lab, till, slips = windows.lab, windows.till, await windows.slips()
    await windows.open_sale("500")
    await lab.select_option("#fault-slug", "unplug-display")
    await expect(lab.locator("#fault-expected")).to_contain_text("cashier's screen")
    await windows.press("#fault button[type=submit]")
    await expect(lab.locator("#active code")).to_have_text("unplug-display")
    await till.locator("#turned:not([hidden]) img").wait_for()  # the code on the cashier's screen
    await windows.press("#heal")
    await expect(lab.locator("#active code")).to_have_count(0)
    await expect(lab.locator("#glass-says")).to_have_text("code")
    await windows.pay()
    await windows.paid("¥5.00", slips + 1)


@pytest.mark.row(129, 144)
async def test_d1_killed_from_the_page_with_a_code_on_the_glass_and_again_when_paid(windows: Windows) -> None:
    lab, till, slips = windows.lab, windows.till, await windows.slips()
    await windows.break_it("kill-mid-sale")
    await windows.type("1600")
    lost = till.locator("#lost")
    await expect(lost).to_contain_text("do not hand over goods")
    await expect(till.locator("#bar .ok")).to_have_count(0)  # nobody can tell how a device is
    await windows.pay()  # the glass still shows the code, and the bank is not down
    await windows.paid("¥16.00", slips + 1)
    await windows.heard("十六元")
    await windows.break_it("kill-mid-sale", when="now")
    await expect(lost).to_be_visible()
    await expect(lost).to_be_hidden()
    await expect(till.locator("#last")).to_contain_text("¥16.00 · Paid")
    await expect(lab.locator("#glass-says")).to_have_text("idle")
    assert await windows.slips() == slips + 1
    told = await windows.journal()
    assert [each for each in told if each in ("paid", "print_started")] == ["paid", "print_started"]


@pytest.mark.row(61, 64, 144)
async def test_p1_paper_that_ends_inside_a_slip_delays_no_result_and_prints_whole_as_a_copy(
    windows: Windows,
) -> None:
    lab, slips = windows.lab, await windows.slips()
    await windows.break_it("paper-out-mid-slip")
    await windows.open_sale("1400")
    await windows.pay()
    await windows.green("¥14.00")
    await expect(windows.till.locator("#chip-printer.fault")).to_contain_text("Paper – slip kept")
    await expect(lab.locator("#roll .hanging")).to_have_count(1)
    assert "14.00" not in await windows.paper(0)
    await windows.press("#load")
    await expect(lab.locator("#active code")).to_have_count(0)
    await windows.paid("¥14.00", slips + 2)  # what had come out was torn off with the old roll
    whole = await windows.paper(slips + 2)
    assert "副本 1" in whole
    assert "14.00" in whole
    await expect(windows.till.locator("#chip-printer.ok")).to_be_visible()
    told = await windows.journal()
    assert told.index("paid") < told.index("print_stopped"), "the result did not wait for paper"
    assert told.count("print_started") == 2


@pytest.mark.row(29, 144)
async def test_b7_three_notifications_are_one_payment_one_receipt_and_one_sentence(windows: Windows) -> None:
    slips = await windows.slips()
    await windows.break_it("notify-3-times")
    await windows.open_sale("1100")
    await windows.pay()
    await windows.paid("¥11.00", slips + 1)
    await expect(await windows.notified("taken")).to_have_count(3)
    told = await windows.journal()
    assert [each for each in told if each in ("paid", "print_started", "exception_opened")] == [
        "paid",
        "print_started",
    ]


@pytest.mark.row(28, 144)
async def test_b6_a_wrong_amount_is_never_paid_by_its_message_and_goes_to_a_person(windows: Windows) -> None:
    till, slips = windows.till, await windows.slips()
    await windows.break_it("notify-wrong-amount")
    await windows.open_sale("1200")
    await windows.pay()
    await till.get_by_text("The bank's message does not match").wait_for()
    await windows.paid("¥12.00", slips + 1)  # a query proved it
    told = await windows.journal()
    assert told.index("evidence_refused") < told.index("exception_opened") < told.index("paid")
    await till.bring_to_front()
    await till.get_by_role("button", name="Seen").click()
    await till.locator("#pin-code").fill(windows.owner_pin)
    await till.keyboard.press("Enter")
    await till.get_by_text("The bank's message does not match").wait_for(state="detached")
    assert (await windows.journal())[-1] == "exception_closed"
    await windows.heard("十二元")  # what waits longer than 10 s to be said is shown only (I11)


@pytest.mark.row(28, 144)
async def test_b5_a_forged_notification_moves_nothing_and_is_recorded(windows: Windows) -> None:
    lab, till, slips = windows.lab, windows.till, await windows.slips()
    await windows.open_sale("1300")
    number = (await windows.events(0))["newest"]
    await windows.break_it("forged-notification")
    await expect(await windows.notified("refused")).to_have_count(1)
    await expect(till.locator("#panel.tone-waiting #panel-word")).to_have_text("Waiting for customer")
    await expect(lab.locator("#glass-says")).to_have_text("code")
    told = (await windows.events(number))["events"]
    assert [(each["type"], each["body"].get("slug")) for each in told] == [
        ("notification_refused", "signature_wrong")
    ]
    await windows.pay()
    await windows.paid("¥13.00", slips + 1)


@pytest.mark.row(10, 144)
async def test_b1_an_answer_lost_after_the_debit_is_checked_until_proven_and_charged_once(
    windows: Windows,
) -> None:
    lab, till, slips = windows.lab, windows.till, await windows.slips()
    await windows.break_it("answer-lost-after-debit", how="cut")
    await windows.open_sale("1500")
    await windows.press("[data-code=pays]")
    await expect(lab.locator("#my-code-digits")).to_have_text(re.compile(r"^1[0-5]\d{16}$"))
    await windows.press("#scan-phone")
    await expect(till.locator("#panel.tone-checking #panel-word")).to_contain_text("keep the goods")
    await expect(lab.locator("#glass")).to_have_attribute("alt", re.compile("15.00"))
    await till.keyboard.press("Enter")  # check again
    await windows.paid("¥15.00", slips + 1)
    await expect(lab.locator("#books tr").first).to_contain_text("SUCCESS")
    await windows.heard("十五元")
    told = await windows.journal()
    assert told.index("unknown") < told.index("paid")
    assert told.count("print_started") == 1
    spoken = " ".join(await lab.locator("#spoken li").all_inner_texts())
    assert spoken.count("十五元") == 1, spoken
    for amount in ("十一元", "十二元", "十三元", "十四元", "十六元"):  # the list is short: they may have left it
        assert spoken.count(amount) <= 1, (amount, spoken)


async def test_the_lab_fits_its_screens_and_no_script_or_policy_complains(windows: Windows) -> None:
    for width, height in ((1280, 800), (1024, 600), (390, 844)):
        await windows.lab.set_viewport_size({"width": width, "height": height})
        over = await windows.lab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, (width, over)
    assert windows.complaints == []
