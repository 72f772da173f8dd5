"""API and pages behind one address: links pair browsers with the right cookie, the page of the API is readable."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from terminal.settings import CounterTable, Loaded, Secrets, Settings
from terminal.settings import Shop as ShopTable
from terminal.settings.channel_tables import WeChatPayTable
from terminal.web.app import make_app
from terminal.web.callers import DISPLAY, SESSION, TILL
from terminal.web.listen import listen
from terminal.web.routes.table import OPERATIONS
from tests.flows.api_rig import Client, Shop, open_shop


def settings(folder: Path) -> Loaded:
    channel = WeChatPayTable(mchid="m", appid="a", merchant_serial="s", merchant_key_file="k", sandbox=True)
    made = Settings(
        mode="test",
        shop=ShopTable(merchant="m1", store="s1", title="Tea 茶"),
        channels={"wechatpay": channel},
        counters=(CounterTable(id="1"), CounterTable(id="2")),
    )
    return Loaded(made, folder, Secrets({}))


async def whole(stack: AsyncExitStack, shop: Shop, folder: Path) -> Client:
    app = make_app(shop.service, shop.people, settings(folder), clock=shop.clock, entropy=shop.entropy)
    url = await listen(stack, app, "127.0.0.1", 0)
    return Client(url, shop.session, {"Accept": "text/html"})


@pytest.mark.row(88)
async def test_the_page_of_the_api_names_every_call_and_fetches_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        told = await shop.client().get(f"{shop.url}/api")
        for operation in OPERATIONS:
            assert f"{operation.method} /api/v1{operation.path}" in told.body
        assert "<script" not in told.body
        assert re.findall(r"(?:href|src|action)=['\"]?(?:https?:)?//", told.body) == []
        document = await shop.client().get("/openapi.json")
        assert document.body["openapi"].startswith("3.1")
        assert len(document.body["paths"]) > 15


async def test_a_link_pairs_a_till_or_a_display_and_signs_in_with_the_right_cookies(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        await shop.owner()
        browser = await whole(stack, shop, tmp_path)
        till = await browser.get(f"{browser.url}/link/{shop.people.new_link('1', shop.owner_id)}?to=/c/1/till")
        assert till.status == 200
        assert set(till.cookies) == {TILL, SESSION}
        display = await browser.get(f"{browser.url}/link/{shop.people.new_link('2', display=True)}")
        assert set(display.cookies) == {DISPLAY}
        link = f"{browser.url}/link/{shop.people.new_link('2')}"
        assert (await browser.get(link, Accept_Language="zh-CN")).status == 200
        who = shop.people.who(till.cookies[TILL], till.cookies[SESSION])
        labels = [each.label for each in shop.people.devices(who)]
        assert labels[-1] == "本机浏览器", "reports name it to people who read no English"
        again = await browser.get(f"{browser.url}/link/{shop.people.new_link('1')[:-4]}AAAA")
        assert again.status == 401
        assert again.headers["Content-Type"].startswith("text/html")


async def test_pages_stand_behind_the_same_guards_and_their_errors_are_pages(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        browser = await whole(stack, shop, tmp_path)
        home = await browser.get(f"{browser.url}/")
        assert (home.status, home.headers["Server"]) == (200, "countertop")
        assert home.headers["X-Frame-Options"] == "DENY"
        assert (await browser.get(f"{browser.url}/", Host="evil.example")).status == 421
        lost = await browser.get(f"{browser.url}/no/such/page")
        assert (lost.status, lost.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        stranger = await browser.get(f"{browser.url}/c/1/till")
        assert (stranger.status, stranger.headers["Location"]) == (303, "/sign-in?next=/c/1/till")
        api = await browser.get("/nothing")
        assert api.headers["Content-Type"] == "application/problem+json"
