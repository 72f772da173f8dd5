"""A sale paid in part, on the till: what was received, what is still to pay, in every language (row 33)."""

import pytest

from terminal.counter.book import SYSTEM, here
from terminal.payments.attempt import Signal
from terminal.payments.decide import hear
from terminal.payments.notice import Notice, Trade
from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


async def approve(till: Till, minor: int) -> str:
    """What a channel that approves in part would have proven of the code on the glass."""
    service = till.shop.running.service
    sale = service.lane(till.counter).current
    assert sale is not None
    order, who = service.book.sale(sale).attempts[-1].id, service.provider("wechatpay").account
    proof = Notice(
        who.provider, "query", "e-part", who.merchant_id, who.app_id, order, Trade.PAID, minor, "CNY", "T-PART"
    )
    at_ms = service.parts.clock.wall_ms()
    await service.book.commit(
        sale, lambda now: hear(here(now), order, Signal.SUCCESS, at_ms=at_ms, evidence=proof), SYSTEM
    )
    return sale


@pytest.mark.row(33)
async def test_the_till_says_what_was_received_and_asks_for_the_rest_by_itself(till: Till) -> None:
    await till.type("2850")
    await till.press("Enter")
    await till.shown()
    sale = await approve(till, 2000)
    await till.says("#panel-word", "¥20.00 received, ¥8.50 still to pay", whole=True)
    await till.says("#panel-amount", "¥8.50", whole=True)
    service = till.shop.running.service
    assert await service.until(sale, lambda now: len(now.attempts) == 2 and bool(now.attempts[-1].payload), 30)
    await till.page.get_by_role("link", name="中文").click()
    await till.says("#panel-word", "已收 ¥20.00，还需支付 ¥8.50", whole=True)
    await till.page.get_by_role("link", name="Português").click()
    await till.says("#panel-word", "¥ 20,00 recebidos, falta pagar ¥ 8,50", whole=True)
    await till.page.get_by_role("link", name="English").click()
    await till.shown()
    await till.shop.customer_pays(till.counter)
    word, amount, _ = await till.whole_panel("paid")
    assert (word, amount) == ("Paid", "¥28.50")
