"""Pages of care: help for everybody without a network, complaints for who sells; every link on them leads."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC
from html import unescape
from pathlib import Path

import pytest

from terminal.care.shop import Link, ShopCare
from terminal.help import guides
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.web.app import Beside, make_app
from terminal.web.desks.care import CareParts, EndingCertificate
from terminal.web.listen import listen
from tests.flows.api_rig import Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings
from tests.flows.test_pages_roles import asked_by

CARE = ShopCare(
    "Tea", "m1", "s1", "400 <b>1</b>", "8-22", "Bank <i>", (Link("Merchants", "https://bank.example/m"),)
)
OPEN = ("/help", "/help/contact", "/help/safety", *(f"/help/guide/{name}" for name in guides.NAMES))


@asynccontextmanager
async def pages(folder: Path, parts: CareParts | None = None) -> AsyncIterator[tuple[Shop, str]]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        app = make_app(
            shop.service,
            shop.people,
            settings(folder),
            clock=shop.clock,
            entropy=shop.entropy,
            beside=Beside(care=parts or CareParts(CARE)),
        )
        yield shop, await listen(stack, app, "127.0.0.1", 0)


async def body(client: Client, url: str, path: str, language: str = "en") -> str:
    told = await asked_by(client, url, language).get(f"{url}{path}")
    assert told.status == 200, path
    return str(told.body)


@pytest.mark.row(153, 154)
async def test_help_opens_for_everybody_in_every_language_and_every_link_on_it_leads(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        stranger = shop.client()
        seen: set[str] = set()
        for language in LANGUAGES:
            for path in OPEN:
                html = await body(stranger, url, path, language)
                assert f'<html lang="{language}"' in html
                seen |= set(re.findall(r'(?:href|src)="([^"#]+)', html))
        outside = {each for each in seen if "://" in each}
        assert outside == {"https://bank.example/m"}, "only what the settings name, and only as a link"
        for link in sorted(seen - outside):
            told = await asked_by(stranger, url, "en").get(f"{url}{unescape(link)}")
            assert told.status in {200, 303}, link
        for name in ("nothing", "..%2Ferrors", "shopkeeper.md"):
            assert (await asked_by(stranger, url, "en").get(f"{url}/help/guide/{name}")).status == 404


@pytest.mark.row(36)
async def test_the_contact_page_tells_which_certificate_of_the_machine_ends_and_what_to_do(tmp_path: Path) -> None:
    asked: list[int] = []

    async def certificates(now_ms: int) -> list[EndingCertificate]:
        asked.append(now_ms)
        ends = [EndingCertificate("machine", "a.pem", 1_800_000_000_000, ended=each) for each in (False, True)]
        return [*ends, EndingCertificate("phones", "b.pem", 1_800_000_000_000, ended=False)]

    async with pages(tmp_path, CareParts(CARE, certificates=certificates)) as (shop, url):
        begun_ms = shop.clock.wall_ms()
        for language in LANGUAGES:
            words = Catalogue.load(language)
            html = await body(shop.client(), url, "/help/contact", language)
            told = unescape(html.partition('aria-labelledby="ending"')[2].partition("</section>")[0])
            until = words.date(1_800_000_000_000, UTC)
            for key in ("machine_ends", "machine_ended", "phones_ends"):
                assert words.text(f"care.certificate_{key}", until=until) in told
            assert told.count("countertop security rotate") == 3
        assert begun_ms <= min(asked) <= max(asked) <= shop.clock.wall_ms()
    async with pages(tmp_path / "well") as (shop, url):
        assert 'aria-labelledby="ending"' not in await body(shop.client(), url, "/help/contact")


async def test_s60_the_contact_page_names_whom_to_call_and_takes_settings_as_text(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        html = await body(shop.client(), url, "/help/contact")
        assert "400 &lt;b&gt;1&lt;/b&gt;" in html
        assert "Bank &lt;i&gt;" in html
        assert "m1/s1" in html
        assert "<svg" in html
        found = re.search(r'class="mono big">([2-9A-Z]{4}-[2-9A-Z]{4})<', html)
        assert found, "the terminal's own name"


@pytest.mark.row(154)
async def test_a_search_finds_guides_beside_codes(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        html = await body(shop.client(), url, "/help?q=sticker")
        assert 'href="/help/guide/shopkeeper#s' in html
        hostile = await body(shop.client(), url, "/help?q=%3Cscript%3Ealert(1)%3C/script%3E")
        assert "<script>alert" not in hostile


async def test_the_safety_page_says_what_is_so_here(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        for language in LANGUAGES:
            html = unescape(await body(shop.client(), url, "/help/safety", language))
            words = Catalogue.load(language)
            assert words.text("care.safe_green") in html
            assert words.text("care.safe_test") in html, "this shop is a test shop"
            assert words.text("care.safe_second_step") in html


async def test_complaints_are_for_who_sells(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url):
        told = await asked_by(shop.client(), url, "en").get(f"{url}/cases")
        assert (told.status, told.headers["Location"]) == (303, "/sign-in?next=/cases")
        assert 'id="reason"' not in await body(await shop.till(), url, "/cases")
        assert 'id="reason"' in await body(await shop.till(), url, "/cases?sale=01ABC")
        hostile = await body(await shop.till(), url, "/cases?sale=%22%3E%3Cscript%3E")
        assert '"><script>' not in hostile
