"""See inside a shop: metrics of what happened, a sale's story on its page, and the one that may be passed on."""

import asyncio
import html
import re
from contextlib import AsyncExitStack
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

from terminal.help.languages import LANGUAGES
from terminal.help.registry import by_code, describe, registry
from terminal.observe.exposition import CONTENT_TYPE
from terminal.web.listen import listen
from terminal.web.metrics import metrics_app
from tests.flows.api_rig import WATCHDOG_S, Client
from tests.flows.see_inside_rig import Inside, inside
from tests.unit.observe.grammar import Metric, read

PAYER = "CANARY-13800138001-maria@example.com"
CODE_LINK: Final = r'href="(/help/[A-Z]-[0-9]+)"'


async def scraped(shop: Inside, client: Client, name: str, holds: Any) -> dict[str, Metric]:
    """The metrics once ``holds`` of the one called ``name``: what is counted follows what is durable."""
    async with asyncio.timeout(WATCHDOG_S):
        while True:
            told = await client.get(f"{shop.url}/metrics")
            assert told.status == 200
            found = read(told.body)
            if holds(found[name]):
                return found
            await asyncio.sleep(0.01)


@pytest.mark.row(134)
async def test_metrics_tell_of_sales_calls_messages_devices_journal_and_machine(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        pos = shop.client(await shop.shop.machine())
        health = shop.client(await shop.shop.machine("health"))
        paid = await shop.shop.paid(pos)
        await pos.post(f"/sales/{(await shop.shop.shown(pos))['id']}/cancel", {})
        forged = await shop.shop.notice(b"{}", {"Content-Type": "application/json"})
        assert forged.status == 401
        found = await scraped(shop, health, "countertop_sales_ended_total", lambda m: sum(m.samples.values()) == 2)
        assert found["countertop_sales_ended_total"].value(end="paid") == 1
        assert found["countertop_time_to_green_seconds"].value("_count") == 1
        assert found["countertop_sales_checking"].value() == 0
        calls = found["countertop_bank_call_seconds"]
        assert calls.value("_count", act="order", outcome="code") == 2
        refused = found["countertop_messages_refused_total"]
        assert refused.value(channel="wechatpay", reason="signature_missing") == 1
        assert found["countertop_journal_commit_seconds"].value("_count") > 5
        assert found["countertop_journal_last_event"].value() > 5
        assert found["process_resident_memory_bytes"].value() > 10**6
        assert found["countertop_device_state"].value(counter="1", role="printer", state="ok") in {0, 1}
        assert found["countertop_build_info"].value() == 1
        assert set(found["countertop_spool_depth"].samples)
        for number in (paid["id"], paid["attempts"][0]["id"], paid["attempts"][0]["provider_txn"]):
            assert not any(number in str(metric.samples) for metric in found.values()), "labels name no sale"


@pytest.mark.row(134)
async def test_a_notification_that_comes_again_is_counted_as_saying_nothing_new(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        shop.shop.stop_post()
        pos, health = await shop.shop.machine(), shop.client(await shop.shop.machine("health"))
        sale = await shop.shop.shown(pos)
        shop.shop.pay(sale["attempts"][0]["id"])
        (delivery,) = shop.shop.bank.due(shop.shop.clock.wall_ms())
        for _ in range(3):
            assert (await shop.shop.notice(delivery.body, dict(delivery.headers))).status in {200, 204}
        found = read((await health.get(f"{shop.url}/metrics")).body)
        assert found["countertop_notifications_repeated_total"].value(channel="wechatpay") == 2


@pytest.mark.row(134)
async def test_s20_metrics_are_for_those_who_may_see_health_and_for_no_stranger(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        stranger = shop.client(shop.shop.client())
        assert (await stranger.get(f"{shop.url}/metrics")).status == 401
        reader = shop.client(await shop.shop.machine("sales:read"))
        assert (await reader.get(f"{shop.url}/metrics")).status == 403
        health = shop.client(await shop.shop.machine("health"))
        told = await health.get(f"{shop.url}/metrics")
        assert (told.status, told.headers["Content-Type"]) == (200, CONTENT_TYPE)
        assert (await health.get("/sales")).status == 403, "that key sees nothing else"
        assert (await shop.shop.client().get(f"{shop.shop.url}/metrics")).status == 404, (
            "without a watch there is none"
        )


async def test_s21_the_listener_of_its_own_answers_to_this_machine_s_names_and_to_no_page(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop, AsyncExitStack() as stack:
        url = await listen(stack, metrics_app(shop.watching.meters.scrape), "127.0.0.1", 0)
        client = shop.shop.client()
        assert read((await client.get(f"{url}/metrics")).body)
        assert (await client.get(f"{url}/metrics", Host="evil.example:80")).status == 403
        assert (await client.get(f"{url}/metrics", Origin="https://evil.example")).status == 403
        assert (await client.get(f"{url}/sales")).status == 404


async def told_lines(shop: Inside, client: Client, sale: str, piece: str) -> dict[str, Any]:
    """What the page reads again, once the sale's time has this piece."""
    async with asyncio.timeout(WATCHDOG_S):
        while True:
            told = dict((await client.get(f"{shop.url}/sales/{sale}/lines")).body)
            if piece in {each["name"] for each in told["bars"]}:
                return told
            await asyncio.sleep(0.01)


@pytest.mark.row(133)
async def test_a_sale_s_page_says_where_its_time_went_and_every_call_of_this_run(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        pos = shop.client(await shop.shop.machine())
        sale = await shop.shop.paid(pos)
        told = await told_lines(shop, pos, sale["id"], "paper")
        assert told["bars"][0]["name"] == "bank_code"
        assert {"customer", "voice", "paper"} >= {told["bars"][-1]["name"]}
        assert all(0 <= each["left"] <= 1000 and each["width"] >= 1 for each in told["bars"])
        assert told["green_ms"] >= 0
        assert told["calls"][0]["text"] == "Order: code received"
        page = (await pos.get(f"{shop.url}/sales/{sale['id']}")).body
        assert page.count("<rect") == len(told["bars"])
        assert "Only calls since the program was started" in page
        assert f"/api/v1/sales/{sale['id']}/story?format=html" in page


class Alone(HTMLParser):
    """What a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "link", "img", "object", "form", "base"}:
            self.wanted.append(tag)
        self.wanted += [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]


@pytest.mark.row(133)
async def test_pr10_the_story_that_is_passed_on_opens_alone_and_names_nobody(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        pos = shop.client(await shop.shop.machine())
        sale = await shop.shop.paid(pos, order_no="ORDER-CANARY-77", reference=PAYER, title=f"Tea {PAYER}")
        owner = await shop.shop.owner()
        refund = await owner.post(
            f"/sales/{sale['id']}/refunds", {"reason": f"{PAYER} <script>", "amount_minor": 50}
        )
        assert refund.status in {200, 201, 202}, refund.body
        attempt = sale["attempts"][0]
        secrets = [sale["id"], "ORDER-CANARY-77", PAYER, "13800138001", "maria@example.com", attempt["id"]]
        secrets += [attempt["provider_txn"], shop.shop.owner_id, "Owner", "2850", "28.50", "0.50", "CNY"]
        for query in ("?format=html", "", "?format=html&amounts=no"):
            told = await pos.get(f"/sales/{sale['id']}/story{query}")
            assert told.status == 200, told.body
            text = str(told.body)
            assert [each for each in secrets if each in text] == []
        page = (await pos.get(f"/sales/{sale['id']}/story?format=html&amounts=yes")).body
        assert "28.50" in page
        seen = Alone()
        seen.feed(page)
        assert seen.wanted == []
        assert "default-src 'none'" in html.unescape(page)
        assert not re.search(r"https?://", page)
        data = (await pos.get(f"/sales/{sale['id']}/story?amounts=yes")).body
        assert (data["format"], data["version"], data["amount_minor"]) == ("countertop-sale", 1, 2850)
        assert {each["type"] for each in data["lines"]} >= {"sale_opened", "attempt_moved", "refund_started"}
        other = shop.client(await shop.shop.machine("sales:read", counters=("2",)))
        assert (await other.get(f"/sales/{sale['id']}/story")).status == 404


@pytest.mark.row(136, 154)
async def test_help_answers_strangers_offline_and_every_link_on_it_leads_to_a_page(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        stranger = shop.client(shop.shop.client(Accept="text/html"))
        pages = [(await stranger.get(f"{shop.url}/help{query}")).body for query in ("", "?q=paper")]
        symptoms = pages[0].partition("<h2>All codes")[0]
        assert "The receipt does not come out" in symptoms
        links = {link for page in pages for link in re.findall(CODE_LINK, page)}
        assert len(links) == len(registry().errors)
        named = set(re.findall(CODE_LINK, symptoms))
        for number, link in enumerate(sorted(named)):
            language = LANGUAGES[number % len(LANGUAGES)]
            told = await stranger.get(f"{shop.url}{link}", Accept_Language=language)
            slug = by_code(link.rpartition("/")[2])
            assert told.status == 200
            assert slug is not None
            assert describe(slug, {}, language).fix in html.unescape(told.body)
        assert (await stranger.get(f"{shop.url}/help/Z-99")).status == 404
