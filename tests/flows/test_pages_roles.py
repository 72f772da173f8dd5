"""Every page of the service, asked for by everybody in every language: it opens, or says why it does not (S30)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from terminal.help.languages import LANGUAGES
from terminal.web.app import make_app
from terminal.web.calls import PREFIX
from terminal.web.listen import listen
from tests.flows.api_rig import Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings


@asynccontextmanager
async def pages(folder: Path) -> AsyncIterator[tuple[Shop, str, list[str]]]:
    """The shop, its pages' address, and the path of every page."""
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        app = make_app(shop.service, shop.people, settings(folder), clock=shop.clock, entropy=shop.entropy)
        found = {each.resource.canonical for each in app.router.routes() if each.method == "GET" and each.resource}
        url = await listen(stack, app, "127.0.0.1", 0)
        left_out = (PREFIX, "/static", "/link", BOOK, LAN, GUESTS, BRAND)
        yield shop, url, sorted(each for each in found if not each.startswith(left_out))


LAN: Final = "/setup/lan"  # for everybody, where phones come in: tests/flows/test_lan.py asks for it
GUESTS: Final = "/r/"  # for whoever has the address: tests/flows/test_digital_receipt.py asks for it
BRAND: Final = "/brand/"  # a bank's sign, no page: tests/flows/test_brand.py asks for it
BOOK: Final = "/reports/daybook.xlsx"  # a file, no page; tests/flows/test_pages_reports.py asks for it
HELP: Final = {
    "/help",
    "/help/{code}",
    *(f"/help/{each}" for each in ("privacy", "contact", "safety", "guide/{name}")),
}
OPEN: Final = {"/", "/api", "/checkout", "/display", "/sign-in"} | HELP
GLASS: Final = {"/c/{counter}/display", "/c/{counter}/code.svg", "/c/{counter}/receipt.svg"}
AT_A_TILL: Final = {"/c/{counter}/till"}
SELLING: Final = (
    OPEN
    | GLASS
    | AT_A_TILL
    | {"/c/{counter}/attention", "/sales", "/sales/{sale}", "/cases", "/setup", "/devices"}
    | {"/reports/today"}
    | {"/setup/sheet", "/setup/visit.svg", "/setup/cards", "/setup/cards/{card}.{kind}"}
    | {"/train"}
)
VISIT: Final = {"/setup/pack", "/setup/visit", "/setup/visit/{step}", "/setup/visit/record.pdf"}
REPORTS: Final = {f"/reports/{each}" for each in ("z", "z/{n}", "differences", "fees", "month")}
OWNERS: Final = {"/people", "/me", "/privacy", "/support/bundle", "/support/bundle.zip"} | REPORTS | VISIT


def asked_by(client: Client, url: str, language: str) -> Client:
    """The same cookies or key at the pages' own address."""
    kept = {name: value for name, value in client.headers.items() if name != "Origin"}
    return Client(url, client.session, {**kept, "Accept": "text/html", "Accept-Language": language})


@pytest.mark.row(124)
async def test_s30_every_page_opens_for_whom_it_is_in_every_language_and_for_nobody_else(tmp_path: Path) -> None:
    async with pages(tmp_path) as (shop, url, paths):
        sale = (await shop.shown(await shop.machine()))["id"]
        parts = {"{counter}": "1", "{sale}": sale, "{code}": "A-05", "{n}": "1", "{name}": "shopkeeper"}
        parts |= {"{card}": "quick", "{kind}": "png", "{step}": "sheet", "{exam}": "e1", "{lesson}": "take-money"}
        # no code, no receipt, no record, nobody draws here, and nobody practises
        nothing_yet = ("code.svg", "receipt.svg", "record.pdf", "cards/", "/train/")

        async def status(client: Client, path: str, language: str = "en") -> int:
            for name, value in parts.items():
                path = path.replace(name, value)
            assert "{" not in path, "this test does not know how to ask for it"
            return (await asked_by(client, url, language).get(url + path)).status

        owner, cashier, till = await shop.owner(), await shop.cashier(), await shop.till("1")
        display, stranger = await shop.display("1"), shop.browser()
        await owner.post("/reports/z", {"empty": True}, key="close-the-day-1")
        for path in paths:
            there = {303} if path in {"/checkout", "/display"} else {200}
            there |= {404} if any(each in path for each in nothing_yet) else set()
            assert {await status(owner, path, each) for each in LANGUAGES} <= there, path
            if path in SELLING:
                assert await status(till, path) in there, path
                assert await status(cashier, path) in ({403} if path in AT_A_TILL else there), path
            if path in OWNERS:
                assert (await status(till, path), await status(cashier, path)) == (303, 403), path
            assert await status(display, path) in (there if path in OPEN | GLASS else {303, 403}), path
            assert await status(stranger, path) in (there if path in OPEN else {303, 401}), path
        other = {path for path in paths if "{counter}" in path}
        parts["{counter}"] = "2"
        assert {await status(till, path) for path in other} <= {303, 401}, (
            "another counter's pages are not its own"
        )
