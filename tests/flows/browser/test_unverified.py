"""Selling while nobody can confirm, with the till's keys: violet, never green, and an owner's answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from terminal.counter.service import Service
from terminal.payments.event import Actor, NewEvent
from tests.flows.browser.conftest import Till
from tests.flows.browser.shop import OWNER_PIN, Shop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]
ASKED = "01KAK3V5M3F0R8H2J5K7M9N4PQ"
WATCHDOG_S = 30


@asynccontextmanager
async def nobody_answers(shop: Shop) -> AsyncIterator[None]:
    """The bank fails at everything, and is asked so often that the channel stays down."""
    await shop.fault("error-500", count=100_000)
    provider = shop.running.service.provider("wechatpay")

    async def ask() -> None:
        while True:
            await provider.query(ASKED)
            await asyncio.sleep(0.2)

    async with asyncio.timeout(WATCHDOG_S):
        while not provider.trouble():
            await provider.query(ASKED)
    for lane in shop.running.service.lanes.values():
        lane.on_change()  # pages look round by themselves every few seconds
    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        shop.heal()
        async with asyncio.timeout(WATCHDOG_S):
            while provider.trouble():
                await provider.query(ASKED)


async def confirmed(till: Till, number: str = "") -> None:
    """The owner's dialog, and the PIN where it is asked for."""
    if number:
        await till.page.locator("#override-number").fill(number)
    await till.page.locator("#override-go").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")


async def left_over(service: Service, minor: int) -> None:
    at = datetime.fromtimestamp(service.parts.clock.wall_ms() // 1000, UTC).isoformat()
    credit = {"line": 1, "entry": "E1", "amount_minor": minor, "currency": "CNY", "at": at, "why": "no_reference"}
    row = {"kind": "statement", "state": "done", "final": True, "open": False, "channel": "wechatpay"}
    body = {"channel": "wechatpay", "credits": [credit], "index": {"summary": row}}
    reader = Actor("system", "statements")
    await service.feed.append([NewEvent("store:s1", "statement_unmatched", "statement:e1", reader, body)])
    service.posters.told()


@pytest.mark.row(39, 11, 22)
async def test_i2_listed_with_f4_claimed_by_an_owner_and_matched_to_a_transfer(till: Till) -> None:
    service = till.shop.running.service
    await till.type("4321")
    async with nobody_answers(till.shop):
        await expect(till.page.locator("#keys")).to_contain_text("F4")
        await till.press("F4")
        word, amount, _ = await till.whole_panel("checking")
        assert (word, amount) == ("Not verified – the bank has not confirmed", "¥43.21")
    sale = service.book.sale(service.lane(till.counter).last_sale or "")
    assert (sale.word, sale.paid_minor) == ("unverified", 0)
    await till.says("#notices", "¥43.21 not verified for")
    await till.page.get_by_role("button", name="Claim").click()
    await confirmed(till, "TX4711")
    await till.says("#notices", "claimed with TX4711")
    assert await till.page.get_by_role("button", name="Claim").count() == 0
    await left_over(service, 4321)
    await till.says("#notices", "without a reference (E1)")
    await till.page.get_by_role("button", name="It is sale").click()
    await till.page.locator("#pin-code").fill(OWNER_PIN)
    await till.press("Enter")
    await expect(till.page.locator("#notices")).not_to_contain_text("E1")
    assert await service.until(sale.id, lambda now: now.word == "paid", 30.0)
    assert till.complaints == []
