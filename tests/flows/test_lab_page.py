"""The whole demo in a real browser: till in one window, the lab's phone, glass, paper and speaker in the other.

One demo for all stories, for each costs seconds to start: the last ones pull plugs and choose another printer.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.async_api import Locator, expect

from firmware_stubs.cables import PtyCable
from firmware_stubs.paper import text_view
from firmware_stubs.printer import PrinterStub
from terminal.lab.eye import digits_heard
from tests.flows.browser.axe import violations
from tests.flows.browser.chromium import MISSING, find_chromium
from tests.flows.lab_windows import Windows, windows
from tests.flows.page_commands import played, script
from tests.flows.test_lab_serve import curls

__all__ = ["windows"]  # the fixture is found by its name

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not find_chromium(), reason=MISSING),
]
SIGN_IN = """async ([pin]) => {
    const { people } = await (await fetch("/api/v1/people")).json();
    const person = people.find((each) => each.role === "owner").id;
    const headers = { "Content-Type": "application/json", "X-Requested-With": "countertop" };
    await fetch("/api/v1/sign-in", { method: "POST", headers, body: JSON.stringify({ person, pin }) });
}"""
SEEN = """(node) => ({ shown: new Promise((done) => {
    const look = () => node.hidden || done(true);
    new MutationObserver(look).observe(node, { attributes: true });
}) })"""
ROLES = ("display", "scanner", "printer", "speaker")


@pytest.mark.row(143, 147, 152)
async def test_typed_shown_scanned_from_the_glass_and_paid_on_the_phone(windows: Windows) -> None:
    lab = windows.lab
    await windows.open_sale("2850")
    await windows.press("#scan-glass")
    await expect(lab.locator("#order-amount")).to_have_text("¥ 28.50")
    await expect(lab.locator("#order-shop")).to_contain_text("Countertop")
    await windows.press("#order-acts [data-act=pay]")
    await windows.green("¥28.50")
    await expect(lab.locator("#glass-says")).to_have_text("result")
    slip = lab.locator("#roll img:not(.hanging)")  # cut: the next story counts from it
    await expect(slip).to_have_count(1)
    await expect(slip).to_have_js_property("naturalWidth", 640)  # 80 mm of paper
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


@pytest.mark.row(143, 111, 28)
async def test_a_code_that_any_bank_pays_is_scanned_paid_and_proven_by_the_statement_the_button_delivers(
    windows: Windows,
) -> None:
    lab, slips = windows.lab, await windows.slips()
    sale = await windows.sale_by_script(450, "EUR")
    await lab.select_option("#account-slug", "intraday-missing")
    await windows.press("#account-fault button")
    await expect(lab.locator("#account-broken")).to_have_text("No notice today, only the statement")
    await windows.press("#scan-glass")
    await expect(lab.locator("#order-amount")).to_have_text("€ 4.50")
    await expect(lab.locator("#order-shop")).to_contain_text("Countertop Demo · RF")
    await windows.press("#order-acts [data-act=pay]")
    await expect(lab.locator("#account-balance")).to_have_text("€ 1004.50")
    await expect(lab.locator("#account-says")).to_contain_text("Not in a statement yet: 1")
    await expect(lab.locator("#messages li").first).to_contain_text("Paid € 4.50")
    assert (await windows.sale(sale))["word"] == "waiting", "nothing but the statement proves it"
    await windows.press("#deliver")
    await expect(lab.locator("#account-says")).to_contain_text("camt053.xml")
    await windows.paid("€4.50", slips + 1)

    rupees = await windows.sale_by_script(1000, "INR")
    await windows.pay()
    await lab.select_option("#account-currency", "INR")
    await expect(lab.locator("#account-balance")).to_have_text("₹ 1010.00")
    await windows.press("#deliver")
    await expect(lab.locator("#account-says")).to_contain_text("mt940.sta")
    await windows.paid("₹10.00", slips + 2)
    await windows.settled(sale, rupees)
    assert windows.complaints == []


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
    await windows.pay(looks=5)  # it still shows the code, but while a start asks the bank for one not yet kept
    await windows.paid("¥16.00", slips + 1)
    await windows.heard("十六元")
    seen = await lost.evaluate_handle(SEEN)  # before it happens: a quick restart is over before one looks
    await windows.break_it("kill-mid-sale", when="now")
    async with asyncio.timeout(30):  # a watchdog
        await seen.evaluate("(seen) => seen.shown")
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


@pytest.mark.slow  # lab run plays it without a page in every run of the suite
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
    async with asyncio.timeout(30):  # a watchdog: the glass may be quicker than the record of it
        while "shown" not in await windows.journal():  # noqa: ASYNC110  # asked over HTTP
            await asyncio.sleep(0.05)
    number = (await windows.events(0))["newest"]
    await windows.break_it("forged-notification")
    await expect(await windows.notified("refused")).to_have_count(1)
    await expect(till.locator("#panel.tone-waiting #panel-word")).to_have_text("Waiting for customer")
    await expect(lab.locator("#glass-says")).to_have_text("code")
    told = (await windows.events(number))["events"]
    refused = [each["body"]["slug"] for each in told if each["type"] == "notification_refused"]
    assert refused == ["signature_wrong"]
    others = {"voice_ended", "effect_done"}  # the sale before may be saying its sentence yet
    heard = {each["type"] for each in told} - others
    assert heard <= {"notification_refused", "risk_alert_raised"}, "no sale hears of it"
    await windows.pay()
    await windows.paid("¥13.00", slips + 1)


@pytest.mark.slow  # as above
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


@pytest.mark.row(149)
async def test_the_curl_lines_of_the_lab_s_page_work_as_they_stand(windows: Windows, tmp_path: Path) -> None:
    slips = await windows.slips()
    lab = urlsplit(windows.lab.url)
    ready = {
        "api": urljoin(windows.till.url, "/api/v1"),
        "key": windows.key,
        "control": f"{lab.scheme}://{lab.netloc}/lab/api",
        "token": (windows.root / "lab" / "lab-key").read_text().strip(),
    }
    (tmp_path / "lab-ready.json").write_text(json.dumps(ready))
    code, said = await curls(tmp_path)
    assert code == 0, said
    await windows.paid("¥28.50", slips + 1)
    await expect(windows.lab.locator("#active code")).to_have_count(0)


HOUR = ('"order_no":"H-1"', '"result":"paid"', '"word":"paid"', "NotPaid(", "Paid at once; the slip is kept")
PAGE = (
    '"order_no":"A-1001"',  # curl opens a sale
    '"result":"paid"',  # the customer pays
    '"state":"paid"',  # and it is read
    '"direction":"pull"',  # the till's own scanner
    '"events":',
    "sale_opened",  # over the WebSocket
    "refund_needs_approval",
    '"refund":',
    '"auth_code"',  # a customer of the other wallet
    "hand over the goods",  # the Python client
    "paid A-2002",  # the JavaScript client
)


@pytest.mark.row(88, 89, 90, 143, 144)
@pytest.mark.parametrize(("page", "wanted"), [("integrate/first-hour.md", HOUR), ("for-integrators.md", PAGE)])
async def test_every_command_of_an_integrators_page_works_the_first_time(
    windows: Windows, tmp_path: Path, page: str, wanted: tuple[str, ...]
) -> None:
    """Installing and building have tests of their own; ports and folder are this run's."""
    (tmp_path / ".demo").symlink_to(windows.root)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    service = urlsplit(windows.till.url).port or 0
    ports = {7600: service, 7610: service + 10, 7620: urlsplit(windows.lab.url).port or 0}
    code, said = await played(script(page, ports), tmp_path)
    assert code == 0, said
    at = 0
    for words in wanted:
        at = said.find(words, at)
        assert at >= 0, f"{words}\n{said}"


@pytest.mark.row(105)
async def test_a_trainer_s_phone_breaks_pays_and_heals_and_reads_the_trainee_s_till(windows: Windows) -> None:
    slips = await windows.slips()
    await windows.open_sale("2100")
    phone = await windows.lab.context.new_page()
    await phone.set_viewport_size({"width": 390, "height": 844})
    await phone.goto(urljoin(windows.lab.url, "/lab/trainer"))
    says = phone.locator("#says")
    await expect(says).to_have_text("Waiting for customer")
    await expect(phone.locator("#amount")).to_contain_text("21.00")
    await phone.fill("#search", "new roll keeps")
    await expect(phone.locator("#none")).to_be_visible()
    await phone.fill("#search", "cover")
    button = phone.locator("#faults li:not([hidden]) button")
    await expect(button).to_have_count(1)
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 72
    assert box["x"] + box["width"] <= 390
    await button.click()
    await expect(windows.till.locator("#chip-printer")).to_have_class("fault")
    await phone.click("[data-phone=pay]")
    await expect(says).to_have_text("Paid")
    await phone.click("#heal")
    await expect(phone.locator("#active button")).to_have_count(0)
    await windows.paid("¥21.00", slips + 1)
    await phone.goto(urljoin(windows.lab.url, "/lab/trainer?language=zh-CN"))
    await expect(phone.locator("#heal")).to_have_text("全部恢复")
    await phone.close()
    assert windows.complaints == []


async def turn(windows: Windows, *, plugged: bool) -> None:
    """All four plugs, one after the other, until the till's bar has seen each."""
    for role in ROLES:  # not ``click``: behind the till's window it waits a second for a frame
        button = windows.lab.locator(f"[data-plug={role}][aria-pressed={str(not plugged).lower()}]")
        await button.dispatch_event("click")
    for role in ROLES:
        chip = windows.till.locator(f"#chip-{role}")
        await expect(chip).to_have_class("ok" if plugged else "fault")
        await expect(chip).to_contain_text("OK" if plugged else "Fault")


def told(root: Path, role: str) -> list[str]:
    """What the service's log says of a device: one line a change of state."""
    log = (root / "logs" / "service.log").read_text("utf-8")
    return re.findall(rf"\b{role} (?:at \S+|of counter \S+): (\w+)", log)  # not of which sale it was seen in


@pytest.mark.row(43, 44, 45)
async def test_l1_every_plug_pulled_and_put_back_idle_and_in_a_sale(windows: Windows) -> None:
    lab, till, slips = windows.lab, windows.till, await windows.slips()
    for role in ROLES:
        await expect(till.locator(f"#chip-{role}")).to_have_class("ok")
    await till.bring_to_front()
    before = {role: len(told(windows.root, role)) for role in ROLES}

    await turn(windows, plugged=False)
    await till.locator("#chip-printer button").click()
    await expect(till.get_by_text("The printer is not connected. The receipt is kept.")).to_be_visible()
    await till.keyboard.press("Escape")
    await turn(windows, plugged=True)
    await expect(lab.locator("#glass-says")).to_have_text("idle")
    for role in ROLES:
        assert told(windows.root, role)[before[role] :] == [f"{role}_gone", "ok"], role

    await windows.open_sale("2900")
    await turn(windows, plugged=False)
    await expect(till.locator("#turned:not([hidden]) img")).to_be_visible()  # the code stands on the till
    await expect(till.locator("#panel.tone-waiting #panel-word")).to_have_text("Waiting for customer")
    await turn(windows, plugged=True)
    await expect(lab.locator("#glass-says")).to_have_text("code")
    await windows.pay()
    await windows.paid("¥29.00", slips + 1)
    await windows.heard("二十九元")
    for role in ROLES:
        assert told(windows.root, role)[before[role] :] == [f"{role}_gone", "ok"] * 2, role
    journal = await windows.journal()
    assert [each for each in journal if each in ("paid", "print_started", "exception_opened")] == [
        "paid",
        "print_started",
    ]
    assert windows.complaints == []


@pytest.mark.row(97)
async def test_the_command_has_the_running_service_prove_its_devices(windows: Windows) -> None:
    address = urlsplit(windows.till.url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from terminal.cli import main; main()"),
        *("devices", "test", "display", "scanner", "printer", "--json"),
        *("--url", f"{address.scheme}://{address.netloc}"),
        *("--key-file", str(windows.root / "state" / "api-key")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    told = json.loads(out)
    assert (process.returncode, told["where"], told["passed"]) == (0, "service", True), told
    assert [each["role"] for each in told["proofs"]] == ["display", "scanner", "printer"]


async def typed(windows: Windows, role: str, digits: str) -> None:
    await windows.till.fill(f"#place-{role} .answer input", digits)
    await windows.till.keyboard.press("Enter")


def passed(windows: Windows, role: str) -> Locator:
    return windows.till.locator(f"#place-{role} .verdict.passed")


@pytest.mark.row(42, 44, 45, 97)
async def test_the_set_up_page_tests_each_device_and_takes_another_printer(windows: Windows) -> None:
    page, here = windows.till, urljoin(windows.till.url, "/")[:-1]
    await page.bring_to_front()  # behind another window every click waits seconds for its frames
    await page.set_viewport_size({"width": 1024, "height": 600})
    await page.evaluate(SIGN_IN, [windows.owner_pin])
    await page.goto(f"{here}/")
    await page.get_by_role("link", name="Devices", exact=True).press("Enter")
    for role in ("display", "scanner", "printer"):
        await windows.test(role)
        await expect(passed(windows, role)).to_be_visible()
    await page.click("[data-test=speaker]")
    await expect(page.locator("[data-test=display]")).to_be_disabled()  # one test at a time
    await expect(page.locator("[data-test=display]")).to_have_css("cursor", "default")  # and it looks so
    said = windows.lab.locator("#spoken li", has_text=re.compile("[一二三四五六七八九]{4}"))
    await expect(said).to_have_count(1)
    await typed(windows, "speaker", digits_heard(await said.inner_text()))
    await expect(passed(windows, "speaker")).to_be_visible()
    await expect(page.locator("#place-display .measured")).to_contain_text("read CT-PROOF-")

    spare = PrinterStub()
    cable = PtyCable(spare, windows.root / "lab" / "dev" / "spare")
    await cable.plug()
    try:
        row = page.locator("#ports li", has_text="spare")
        await expect(row.locator(".new")).to_be_visible()
        await expect(row).to_contain_text("This looks like")
        await row.get_by_role("button", name="Use it").click()
        await expect(page.locator("#choose-role")).to_have_value("printer")
        await page.select_option("#choose-baud", "115200")
        for role in ("scanner", "printer"):  # which would be silent at another's speed
            await page.select_option("#choose-role", role)
            await expect(page.locator("#choose-baud")).to_have_value("0")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#told")).to_contain_text("Saved: Printer")
        await expect(page.locator("#place-printer .state.ok")).to_be_visible()
        await page.click("[data-test=printer]")
        await expect(page.locator("#place-printer .answer")).to_be_visible()
        await until(lambda: len(spare.slips) == 1)
        lines = [line.strip() for line in text_view(spare.slips[0], spare.head.width_dots)]
        await typed(windows, "printer", next(line for line in lines if re.fullmatch(r"[1-9]{4}", line)))
        await expect(passed(windows, "printer")).to_be_visible()
    finally:
        await cable.unplug()
    await expect(page.locator("#place-printer .state.fault")).to_be_visible()
    for language in ("zh-CN", "pt-BR", "en"):
        await page.goto(f"{here}/devices?language={language}")
        await expect(page.locator("#place-printer .state.fault")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert 'port = "link:' in (windows.root / "state" / "devices.toml").read_text("utf-8")
    assert (await windows.events(0))["newest"] > 0
    assert windows.complaints == []


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):  # a watchdog
        while not holds():  # noqa: ASYNC110  # a simulated printer has nothing to wait for
            await asyncio.sleep(0.05)


async def test_the_page_for_an_audience_fits_and_axe_finds_nothing_serious(windows: Windows) -> None:
    page = await windows.lab.context.new_page()
    for language, start in (("zh-CN", "开始"), ("pt-BR", "Começar"), ("en", "Start")):
        await page.goto(urljoin(windows.lab.url, f"/lab/show?language={language}"))
        await expect(page.locator("#pause")).to_have_text(start)
        await expect(page.locator("#place")).to_have_text("1/6")
        for width, height in ((1024, 600), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate("document.documentElement.scrollWidth") == width, language
    assert await violations(page) == []
    await page.close()


async def test_the_lab_fits_its_screens_and_no_script_or_policy_complains(windows: Windows) -> None:
    for width, height in ((1280, 800), (1024, 600), (390, 844)):
        await windows.lab.set_viewport_size({"width": width, "height": height})
        over = await windows.lab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, (width, over)
    assert windows.complaints == []
