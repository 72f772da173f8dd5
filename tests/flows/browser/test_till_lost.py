"""The till while its line to the service is lost: what it knew last, as old, and nothing that could be pressed."""

import re
from typing import Final

import pytest
from playwright.async_api import Route

from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
AS_OF: Final = re.compile(r"As of \d\d:\d\d:\d\d – not current")
WATCH_GREEN: Final = """
() => {
    window.green = false;
    const panel = document.getElementById("panel");
    new MutationObserver(() => { window.green ||= !panel.hidden && panel.classList.contains("tone-paid"); })
        .observe(panel, { attributes: true });
}
"""


@pytest.mark.row(10)
async def test_when_the_line_drops_nothing_is_assumed_and_it_heals(till: Till) -> None:
    await till.type("300")
    await till.press("Enter")
    await till.shown()
    await till.cut_line()
    lost = till.page.locator("#lost:not([hidden])")
    await lost.wait_for()
    assert "do not hand over goods" in await lost.inner_text()
    word, amount, more = await till.whole_panel("old")
    assert AS_OF.fullmatch(word)
    assert amount == "¥3.00"
    assert more.startswith("Last known: Waiting for customer\nSale ")
    for gone in ("#seconds", "#turned", "#panel-acts button", "#keys button", "#ready:not([inert])"):
        assert await till.page.locator(gone).locator("visible=true").count() == 0, gone
    await till.press("Escape")  # nothing is cancelled unseen
    await till.shop.customer_pays(till.counter)
    till.cut = False
    assert await till.panel("paid") == "Paid"
    assert await till.page.locator("#lost").is_hidden()


@pytest.mark.row(10)
async def test_a_paid_that_was_shown_stays_as_old_while_the_line_is_lost_and_never_comes_back_green(
    till: Till,
) -> None:
    clock = till.page.clock
    await clock.install()
    await till.open()
    await till.type("300")
    await till.press("Enter")
    await till.shown()
    await clock.pause_at(
        await till.page.evaluate("Date.now() + 1000")
    )  # its three seconds end when this test says
    await till.shop.customer_pays(till.counter)
    assert await till.panel("paid") == "Paid"
    await till.cut_line()
    await till.panel("old")
    await clock.run_for(10_000)
    word, amount, more = await till.whole_panel("old")
    assert (AS_OF.fullmatch(word) is not None, amount) == (True, "¥3.00")
    assert more.startswith("Last known: Paid\n¥3.00 with WeChat Pay\nSale ")
    await till.type("7")
    await till.page.evaluate(WATCH_GREEN)
    till.cut = False
    await clock.resume()
    await till.page.locator("#ready:not([hidden]):not([inert])").wait_for()
    assert not await till.page.evaluate("window.green")
    assert await till.text("#amount") == "¥0.00"
    await till.says("#last", "Paid")


@pytest.mark.row(10)
async def test_a_till_that_lost_its_line_is_left_only_while_somebody_answers(till: Till) -> None:
    await till.type("300")
    await till.press("Enter")
    await till.shown()
    await till.page.route("**/api/v1/health", lambda route: route.abort())
    await till.cut_line()
    await till.panel("old")
    for leave in (till.press("F5"), till.page.locator(".languages a").last.click()):
        async with till.page.expect_event("requestfailed"):
            await leave
    assert await till.page.locator("#panel.tone-old").is_visible()
    assert {line.split("ERR_")[-1] for line in till.complaints} == {"FAILED"}
    till.complaints.clear()
    await till.page.unroute("**/api/v1/health")
    async with till.page.expect_navigation():
        await till.press("F5")
    till.cut = False
    await till.shown()


@pytest.mark.row(10)
async def test_no_dialog_that_was_open_when_the_line_dropped_takes_a_payment(till: Till) -> None:
    await till.type("300")
    await till.press("Enter")
    await till.shown()
    await till.press("F2")
    await till.page.locator("#scan[open]").wait_for()
    await till.cut_line()
    await till.panel("old")
    assert await till.page.locator("dialog[open]").count() == 0
    await till.press("F2")
    till.cut = False
    await till.shown()
    assert await till.page.locator("dialog[open]").count() == 0


@pytest.mark.row(10)
async def test_a_sale_is_not_left_by_an_answer_that_came_when_the_line_was_back(till: Till) -> None:
    held = list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    await till.page.evaluate("window.same = true")
    await till.page.route("**/api/v1/health", hold)
    await till.type("300")
    await till.press("Enter")
    await till.shown()
    await till.cut_line()
    await till.panel("old")
    async with till.page.expect_request("**/api/v1/health"):
        await till.press("F5")
    till.cut = False
    await till.shown()
    for route in held:
        await route.fulfill(body="{}")
    await till.press("Escape")
    await till.panel("not_paid")
    assert await till.page.evaluate("window.same"), "the page was read anew"


@pytest.mark.row(10)
async def test_a_page_that_opens_beside_the_till_never_takes_its_place(till: Till) -> None:
    await till.cut_line()
    await till.page.locator("#lost:not([hidden])").wait_for()
    beside = """
        const link = document.createElement("a");
        Object.assign(link, { href: "/help", target: "_blank" });
        document.body.append(link);
        link.click();
    """
    async with till.page.expect_popup() as opened:
        await till.page.evaluate(beside)
    await (await opened.value).close()
    till.cut = False
    await till.page.locator("#ready:not([inert])").wait_for()
