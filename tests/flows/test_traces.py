"""Ended sales as spans: a small receiver on this machine gets them, the ledger knows, nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from terminal.banks.client import OUTBOUND
from terminal.errors import BadSettings
from terminal.observe.spans import trace_id
from terminal.privacy.ledger import Ledger
from tests.flows.api_rig import WATCHDOG_S
from tests.flows.ports import claim
from tests.flows.see_inside_rig import Inside, inside


@asynccontextmanager
async def collector(statuses: list[int]) -> AsyncIterator[tuple[str, "asyncio.Queue[Any]"]]:
    """Answers with these statuses, then with 200; what it was sent waits in the queue."""
    got: asyncio.Queue[Any] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        await got.put(msgspec.json.decode(await request.read()))
        return web.json_response({"partialSuccess": {}}, status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces", got
    finally:
        await runner.cleanup()


async def counted(shop: Inside, name: str) -> None:
    """Return once this counter of the exporter stands at one."""
    async with asyncio.timeout(WATCHDOG_S):
        while f"{name} 1\n" not in shop.watching.meters.scrape():  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.01)


async def test_an_ended_sale_is_sent_once_with_its_calls_and_stands_in_the_ledger(tmp_path: Path) -> None:
    async with collector([]) as (url, got):
        clock = Ticks()
        ledger = Ledger(clock)
        token = OUTBOUND.set(ledger)
        try:
            async with inside(tmp_path, traces=url) as shop:
                sale = await shop.shop.paid(await shop.shop.machine())
                async with asyncio.timeout(WATCHDOG_S):
                    told = await got.get()
                await counted(shop, "countertop_spans_sent_total")
        finally:
            OUTBOUND.reset(token)
        (scope,) = told["resourceSpans"][0]["scopeSpans"]
        names = [each["name"] for each in scope["spans"]]
        assert names[0] == "sale"
        assert "bank order" in names
        assert {each["traceId"] for each in scope["spans"]} == {trace_id(sale["id"])}
        text = msgspec.json.encode(told).decode()
        attempt = sale["attempts"][0]
        assert [
            each for each in (sale["id"], attempt["id"], attempt["provider_txn"], "2850") if each in text
        ] == []
        assert got.empty()
        (entry,) = [each for each in ledger.entries() if each.requests]
        assert (entry.host, entry.operation) == (url.split("/")[2], "POST /v1/traces")


class Ticks:
    def wall_ms(self) -> int:
        return 1_700_000_000_000

    def mono_ns(self) -> int:
        return 0


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_a_collector_that_does_not_want_them_is_not_asked_again(tmp_path: Path, status: int) -> None:
    async with collector([status]) as (url, got), inside(tmp_path, traces=url) as shop:
        await shop.shop.paid(await shop.shop.machine())
        await counted(shop, "countertop_spans_lost_total")
        assert got.qsize() == 1


async def test_sales_go_on_while_nobody_takes_spans(tmp_path: Path) -> None:
    async with inside(tmp_path, traces=f"http://127.0.0.1:{claim()}/v1/traces") as shop:
        pos = await shop.shop.machine()
        for _ in range(3):
            assert (await shop.shop.paid(pos))["state"] == "paid"


async def test_s16_spans_leave_this_machine_by_tls_alone(tmp_path: Path) -> None:
    for endpoint in ("http://collector.example/v1/traces", "ftp://127.0.0.1/x", "collector", "https://"):
        with pytest.raises(BadSettings, match="config_value_wrong"):
            async with inside(tmp_path, traces=endpoint):
                pass
