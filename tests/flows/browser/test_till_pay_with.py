"""The key that moves a sale to another channel: never two codes, and every way it can end in words (row 35)."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.flows.browser.conftest import Till
from tests.flows.browser.shop import BOTH

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

_NEXT = """async () => {
    const till = document.querySelector("script[src*='till.js']").src;
    const { nextWay } = await import(new URL("pay_with.js", till).href);
    return nextWay({ moves: ["alipay", "wechatpay"], sale: { attempts: [{ provider: "of old" }] }, bank: {} });
}"""


@pytest.fixture
def new_counter() -> Callable[[], str]:
    """The one with two channels."""
    return lambda: BOTH


def went(till: Till) -> list[tuple[str, str]]:
    service = till.shop.running.service
    sale = service.book.sale(service.lane(till.counter).last_sale or "")
    return [(each.provider, each.state.value) for each in sale.attempts]


async def opened(till: Till, way: str) -> None:
    await expect(till.page.locator("#keys")).to_contain_text("F5")
    await till.press("F5")
    await till.says("#pay-with-ways", way)


async def choose(till: Till, way: str) -> None:
    """The key, and the only other way by its number."""
    await opened(till, way)
    await till.press("1")


async def code_up_when(till: Till, word: str) -> bool:
    """Wait for a word that leaves by itself; whether a code was up in the turn it was seen."""
    seen = await till.page.wait_for_function(
        """(word) => {
            const up = document.querySelector("#turned:not([hidden])") !== null;
            return document.getElementById("panel-word").innerText.trim() === word && { up };
        }""",
        arg=word,
        polling=50,  # not by frames: a window Chromium believes hidden draws none
    )
    return bool((await seen.json_value())["up"])


@pytest.mark.row(35, 4)
async def test_i15_f5_shows_another_wallets_code_once_the_old_one_is_proven_closed(till: Till) -> None:
    await till.type("1500")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("slow-answer", count=1, params={"call": "close", "delay_ms": 1500})
    assert await till.page.evaluate(_NEXT) == {"channel": "alipay", "title": "Alipay"}, "as the service says"
    await choose(till, "Alipay")
    assert not await code_up_when(till, "Closing the old code first – do not show both")
    await till.says("#panel-more", "Now with Alipay. The old code is closed.")
    await till.shown()
    assert went(till) == [("wechatpay", "closed"), ("alipay", "shown")]

    order = await till.shop.customer_scans(till.counter)
    await till.shop.fault("error-500", count=1000, params={"call": "query", "status": 500})
    await opened(till, "WeChat Pay")
    till.shop.paid_at_once(order)  # just before the key: the bank tells of it three seconds later
    await till.press("1")
    async with asyncio.timeout(30):  # a watchdog
        while went(till)[-1] == ("alipay", "shown"):  # noqa: ASYNC110  # the service says nothing of it
            await asyncio.sleep(0.02)
    till.shop.heal()
    assert await till.panel("paid") == "Customer had already paid"
    assert went(till) == [("wechatpay", "closed"), ("alipay", "paid")], "nothing else was begun"


@pytest.mark.slow  # five minutes hold no more pages; make test-long
@pytest.mark.row(35, 10)
async def test_i15_without_proof_the_till_says_what_to_ask_and_the_key_works_again_later(till: Till) -> None:
    await till.type("1600")
    await till.press("Enter")
    await till.shown()
    await till.shop.fault("error-500", count=200, params={"call": "close", "status": 500})
    await choose(till, "Alipay")
    await till.panel("checking")
    asks = "Does the customer's phone show a payment? If not, press F5 again. (A-81)"
    await till.says("#panel-more", asks)
    inside = "() => document.getElementById('panel-acts').getBoundingClientRect().bottom < innerHeight - 70"
    assert await till.page.evaluate(inside), "all of it stands on the screen"
    assert len(went(till)) == 1
    till.shop.heal()
    await till.panel("not_paid")
    await choose(till, "Alipay")
    await till.shown()
    assert went(till) == [("wechatpay", "closed"), ("alipay", "shown")]
    await till.page.get_by_role("link", name="中文").click()
    await till.says("#keys", "换一种付款")
    await till.press("F5")
    await till.says("#pay-with-ways", "微信支付")
    await till.press("Escape")
    await till.shop.customer_pays(till.counter)
    assert await till.panel("paid") == "已收款"
