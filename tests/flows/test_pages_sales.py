"""The pages about sales: whose they are, and what strange addresses get."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from terminal.payments.event import Actor, NewEvent
from terminal.web.app import make_app
from terminal.web.listen import listen
from tests.flows.api_rig import WATCHDOG_S, Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings

ACTOR = Actor("system", "test")


@asynccontextmanager
async def pages(folder: Path, *mine: str) -> AsyncIterator[tuple[Shop, Client]]:
    """A house of three counters, and somebody who may see those named (all when none is)."""
    async with open_shop(folder, counters=("1", "2", "3")) as shop, AsyncExitStack() as stack:
        app = make_app(shop.service, shop.people, settings(folder), clock=shop.clock, entropy=shop.entropy)
        url = await listen(stack, app, "127.0.0.1", 0)
        key = await shop.machine(counters=mine)
        yield shop, Client(url, shop.session, {**key.headers, "Accept": "text/html"})


def _same(text: str) -> str:
    """Without what differs between any two answers: the ids that were asked for, the nonce, the case."""
    return re.sub(r"[0-9A-Z]{26}|nonce=\"[^\"]*\"", "", text)


async def test_where_no_visit_is_open_a_visitor_reads_of_no_sale_of_the_smallest_amount(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, client):
        await shop.paid(await shop.machine(), 1)
        owner = await shop.owner()
        owner.headers.update({"Origin": client.url})
        told = await owner.get(f"{client.url}/setup/visit/cents")
        assert (told.status, told.body) == (200, [])


async def test_s31_the_list_holds_the_sales_of_the_caller_s_own_counters_only(tmp_path: Path) -> None:
    async with pages(tmp_path, "1", "2") as (shop, client):
        pos = await shop.machine()
        sales = [await shop.shown(pos, 2850 + int(each), each, order_no=f"ORDER{each}") for each in "123"]
        listed = (await client.get(f"{client.url}/sales")).body
        assert [each["id"] in listed for each in sales] == [True, True, False]
        by_number = (await client.get(f"{client.url}/sales?q=1")).body
        assert [each["id"] in by_number for each in sales] == [True, True, False]
        by_order = (await client.get(f"{client.url}/sales?q=ORDER3")).body
        assert sales[2]["id"] not in by_order


async def test_s31_another_counter_s_sale_answers_as_one_that_never_was(tmp_path: Path) -> None:
    async with pages(tmp_path, "1", "2") as (shop, client):
        sale = (await shop.shown(await shop.machine(), 2850, "3"))["id"]
        for path in ("", "/lines"):
            forbidden = await client.get(f"{client.url}/sales/{sale}{path}")
            unknown = await client.get(f"{client.url}/sales/{'0' * len(sale)}{path}")
            assert (forbidden.status, unknown.status) == (404, 404)
            assert _same(forbidden.body) == _same(unknown.body)


async def test_s31_a_cursor_that_no_page_wrote_is_none(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, client):
        sale = (await shop.shown(await shop.machine()))["id"]
        for before in ("9" * 20, "9" * 5000, "٣", "-1", "1.5", "x"):
            told = await client.get(f"{client.url}/sales?before={before}")
            assert told.status == 200, before
            assert sale in told.body
        long = await client.get(f"{client.url}/sales?q={'9' * 64}")
        assert long.status == 200


async def test_i1_what_waits_for_a_person_is_told_by_its_row_and_nothing_else_is_read(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, client):
        pos = await shop.machine()
        sale = await shop.shown(pos)
        attempt = sale["attempts"][0]["id"]
        shop.pay_after_close(attempt)
        await pos.post(f"/sales/{sale['id']}/cancel")
        shop.clock.ahead_s += 61
        assert await shop.service.until(sale["id"], lambda now: bool(now.exceptions), WATCHDOG_S)
        live = (await shop.shown(pos))["id"]
        for state, is_open in (("paid", False), ("open", True)):
            row = {"kind": "sale", "state": state, "final": False, "open": is_open, "exceptions": []}
            event = NewEvent("counter:1", "nothing_to_fold", f"S{state}", ACTOR, {"index": {"summary": row}})
            await shop.service.feed.append([event])
        told = await client.get(f"{client.url}/c/1/attention")
        assert told.status == 200, told.body
        assert [each["id"] for each in told.body] == [sale["id"]]
        assert live not in {each["id"] for each in told.body}
        assert (await client.get(f"{client.url}/c/2/attention")).body == []
