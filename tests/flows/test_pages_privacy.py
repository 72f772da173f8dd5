"""The pages of privacy: a notice for everybody, the owner's panel, a bundle for who helps."""

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import Path

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.people.roles import Role
from terminal.privacy.datamap import data_map
from terminal.privacy.ledger import Entry
from terminal.privacy.notice import Provider
from terminal.web.app import Beside, make_app
from terminal.web.listen import listen
from terminal.web.pages.privacy import PrivacyDesk
from tests.flows.api_rig import Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings
from tests.flows.test_pages_roles import asked_by
from tests.flows.test_roles_matrix import visitor

SENT = Entry("api.bank.example", "wechatpay", "POST /v3/pay/<b>", ("amount.total", "out_trade_no"), 1, 1, 3)
FILES = {"settings.json": b'{"a": "<script>"}\n', "events.json": b"[]\n"}


@asynccontextmanager
async def pages(folder: Path, *providers: Provider) -> AsyncIterator[tuple[Shop, str]]:
    async def bundle() -> Mapping[str, bytes]:
        return FILES

    desk = PrivacyDesk(providers, data_map().with_days("bills", 123), lambda: [SENT], bundle)
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        app = make_app(
            shop.service,
            shop.people,
            settings(folder),
            clock=shop.clock,
            entropy=shop.entropy,
            beside=Beside(privacy=desk),
        )
        yield shop, await listen(stack, app, "127.0.0.1", 0)


async def body(client: Client, url: str, path: str, language: str = "en") -> str:
    told = await asked_by(client, url, language).get(f"{url}{path}")
    assert told.status == 200, path
    return str(told.body)


@pytest.mark.row(121, 122, 135)
async def test_pr7_pr4_pr10_the_notice_is_for_everybody_the_panel_for_the_owner_the_bundle_is_shown_before(
    tmp_path: Path,
) -> None:
    async with pages(tmp_path, Provider("WeChat Pay", "wechatpay"), Provider("Giro", "any_bank", "eu")) as (
        shop,
        url,
    ):
        stranger, owner = shop.browser(), await shop.owner()
        for language in LANGUAGES:
            words = Catalogue.load(language)
            text = unescape(await body(stranger, url, "/help/privacy", language))
            for place in ("cn", "eu"):
                assert words.text("privacy.provider", place=data_map().places[place].say(language)) in text
            assert "123 " in text  # this shop's own period, not the map's
            assert data_map().kinds["code_hash"].purpose.say(language) in text
            panel = await body(owner, url, "/privacy", language)
            assert words.text("privacy.no_switches") in panel
            assert "<input" not in panel.partition("<main")[2]  # no switch that would do nothing
        assert "POST /v3/pay/&lt;b&gt;" in panel
        assert "amount.total, out_trade_no" in panel
        shown = await body(owner, url, "/support/bundle")
        assert "{&#34;a&#34;: &#34;&lt;script&gt;&#34;}" in shown
        async with shop.session.get(
            f"{url}/support/bundle.zip", headers={k: v for k, v in owner.headers.items() if k != "Origin"}
        ) as answer:
            with zipfile.ZipFile(io.BytesIO(await answer.read())) as box:
                assert {name: box.read(name) for name in box.namelist()} == FILES


async def test_pr7_a_shop_without_a_wallet_says_so(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        assert Catalogue.load("en").text("privacy.no_provider") in await body(shop.browser(), url, "/help/privacy")


@pytest.mark.row(135)
async def test_pr10_support_may_have_the_bundle_and_sees_no_sale_nor_report(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        await shop.owner()
        helper = await visitor(shop, Role.SUPPORT)
        asked = asked_by(helper, url, "en")
        found = {path: (await asked.get(f"{url}{path}")).status for path in SUPPORTED}
        assert found == SUPPORTED


SUPPORTED = {"/support/bundle": 200, "/privacy": 403, "/sales": 403, "/reports/z": 403}
