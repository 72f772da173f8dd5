"""The whole demo in a real browser: till in one window, the lab's phone, glass, paper and speaker in the other."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pytest
import pytest_asyncio
from playwright.async_api import ConsoleMessage, Locator, Page, async_playwright, expect

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
WAIT_MS = 30_000


@dataclass
class Windows:
    lab: Page
    till: Page
    key: str
    owner_pin: str
    complaints: list[str] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)

    async def press(self, button: str) -> None:
        """In front: of a window behind another one Chromium draws a frame a second, and a click waits for two."""
        await self.lab.bring_to_front()
        await self.lab.click(button)

    async def type(self, keys: str) -> None:
        for key in keys:
            await self.till.keyboard.press(key)
            await self.till.wait_for_timeout(40)  # like fingers, not like a scanner
        await self.till.keyboard.press("Enter")

    async def open_sale(self, keys: str) -> None:
        await self.type(keys)
        await expect(self.lab.locator("#glass-says")).to_have_text("code")

    async def break_it(self, slug: str, **params: str) -> None:
        """Choose a fault by its name and press the button; what must happen stands beside it."""
        await self.lab.select_option("#fault-slug", slug)
        await expect(self.lab.locator("#fault-expected")).not_to_be_empty()
        for name, value in params.items():
            await self.lab.fill(f"[data-param={name}]", value)
        await self.press("#fault button[type=submit]")
        begun = self.lab.locator("#lines .lab", has_text=f"{slug} begins")
        self.begun[slug] = self.begun.get(slug, 0) + 1
        await expect(begun).to_have_count(self.begun[slug])

    async def pay(self) -> None:
        """The customer scans the glass and pays."""
        await self.press("#scan-glass")
        await self.press("#order-acts [data-act=pay]")

    async def heard(self, amount: str) -> None:
        await expect(self.lab.locator("#spoken li", has_text=amount)).to_have_count(1)

    async def paper(self, number: int) -> str:
        """What stands on a slip; 0 hangs on the roll."""
        text = await self.lab.evaluate("(no) => fetch(`/lab/paper/${no}.txt`).then((told) => told.text())", number)
        return str(text)

    async def last_sale(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = await self.till.evaluate(
            """async () => {
                const ask = async (path) => (await fetch(`/api/v1${path}`)).json();
                const [last] = (await ask("/sales?limit=1")).sales;
                return (await ask(`/sales/${last.id}/events`)).events;
            }"""
        )
        return told

    async def journal(self) -> list[str]:
        """The last sale's events, attempts by the state they moved to."""
        told = await self.last_sale()
        return [each["body"]["to"] if each["type"] == "attempt_moved" else each["type"] for each in told]

    async def notified(self, end: str) -> Locator:
        """The timeline's lines of notifications of the last sale's order that ended this way."""
        order = next(each["body"]["attempt"] for each in await self.last_sale() if "attempt" in each["body"])
        return self.lab.locator("#lines .bank", has_text=re.compile(f"TRANSACTION.SUCCESS .*{order} .*: {end}"))

    async def events(self, after: int) -> dict[str, Any]:
        """Journal events as a script with the demo's key reads them."""
        address = f"{urljoin(self.till.url, '/api/v1/events')}?after={after}"
        told = await self.till.request.get(address, headers={"Authorization": f"Bearer {self.key}"})
        return dict(await told.json())

    async def green(self, amount: str) -> None:
        await expect(self.till.locator("#panel.tone-paid #panel-amount")).to_have_text(amount)

    async def slips(self) -> int:
        """How many were cut so far, read where a person sees them."""
        newest = self.lab.locator("#roll img:not(.hanging)")
        return int((await newest.first.get_attribute("alt") or "").split()[-1]) if await newest.count() else 0

    async def paid(self, amount: str, slip: int) -> None:
        """Green, and this slip is out: the newest one."""
        await self.green(amount)
        newest = self.lab.locator("#roll img:not(.hanging)").first
        await expect(newest).to_have_attribute("alt", re.compile(rf"\D{slip}$"))


def _is_wrong(line: ConsoleMessage) -> bool:
    """A killed service refuses connections and an act asks for a PIN: their stories, no mistakes of a page."""
    expected = ("ERR_CONNECTION", "status of 401")
    return line.type == "error" and not any(each in line.text for each in expected)


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
        pin = re.search(r"owner (\d+)", run.said)
        assert pin is not None
        key = (places.state / "api-key").read_text().strip()
        opened = Windows(await context.new_page(), await context.new_page(), key, pin[1])
        for page in (opened.lab, opened.till):
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            page.on(
                "console",
                lambda line: opened.complaints.append(line.text) if _is_wrong(line) else None,
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
    for amount in ("十一元", "十二元", "十三元", "十四元", "十五元", "十六元"):
        assert spoken.count(amount) == 1, (amount, spoken)


async def test_the_lab_fits_its_screens_and_no_script_or_policy_complains(windows: Windows) -> None:
    for width, height in ((1280, 800), (1024, 600), (390, 844)):
        await windows.lab.set_viewport_size({"width": width, "height": height})
        over = await windows.lab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, (width, over)
    assert windows.complaints == []
