"""A bank's brand on a running shop: pages, slips, cards and glass have it at the next look, without a restart."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import aiohttp

from drivers.printer.bitmap import Bitmap
from terminal.brand.brand import parse
from terminal.brand.paper import BankPaper
from terminal.brand.shelf import FILE, SHIPPED, BrandShelf, read_brand
from terminal.care.shop import Link, ShopCare, under
from terminal.counter.ports import IdleScreen
from terminal.payments.receipt import Row
from terminal.peripherals.artwork import Artwork
from terminal.web.app import Beside, make_app
from terminal.web.cards import card_lines
from terminal.web.desks.care import CareParts
from terminal.web.listen import listen
from terminal.web.pages.brand import dressed, enclosed, quoted
from terminal.web.receipts import receipt_lines
from tests.flows.api_rig import Shop, open_shop
from tests.flows.cli_rig import Place, command
from tests.flows.test_api_whole_app import settings
from tests.flows.test_pages_roles import asked_by

HOSTILE = (
    (SHIPPED / "demo-bank.toml")
    .read_text("utf-8")
    .replace("Demo Bank 示例银行", "</style><script>alert(1)</script>")
)


@asynccontextmanager
async def branded(folder: Path, care: ShopCare) -> AsyncIterator[tuple[Shop, BrandShelf, str]]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        shelf = BrandShelf(folder)
        shop.service.parts.slips.bank = BankPaper(shelf)
        app = make_app(
            shop.service,
            shop.people,
            settings(folder),
            clock=shop.clock,
            entropy=shop.entropy,
            beside=Beside(care=CareParts(care, brand=shelf)),
        )
        yield shop, shelf, await listen(stack, app, "127.0.0.1", 0)


async def test_pages_and_the_receipt_on_the_phone_have_it_at_the_next_look_and_lose_it_again(
    tmp_path: Path,
) -> None:
    own = ShopCare("Tea", "m1", "s1", links=(Link("Shop's own", "https://shop.example/"),))
    async with branded(tmp_path, own) as (shop, shelf, url):
        shop.service.receipt_links.base = lambda: url
        owner, sale = await shop.owner(), await shop.paid(await shop.machine())

        async def seen(path: str) -> str:
            told = await asked_by(owner, url, "pt-BR").get(f"{url}{path}")
            assert told.status == 200, path
            return str(told.body)

        phone = f"/r/{shop.service.receipt_links.token(sale['id'])}"
        pages = ("/help/contact", "/c/1/till", "/c/1/display", "/sales", phone)
        for path in pages:
            assert "#0b3d91" not in await seen(path)
        brand = read_brand("demo-bank")
        shelf.keep(brand)
        for path in pages:
            html = await seen(path)
            assert "#0b3d91" in html, path
            assert brand.bank in html or quoted(brand.bank) in html, path
        contact = unescape(await seen("/help/contact"))
        for told in ("0800 000 0000", "https://bank.example/shops", "https://shop.example/"):
            assert told in contact
        assert f"/brand/{brand.digest}.png" in await seen("/c/1/display")
        given = unescape(await seen("/setup/pack"))
        assert f"A marca de {brand.bank} não vai nos códigos" in given, "or the next shop would wait for it"
        shelf.remove()
        assert 'id="brand-stays"' not in await seen("/setup/pack")
        for path in pages:
            html = await seen(path)
            assert "#0b3d91" not in html, path
            assert "0800 000 0000" not in html, path


async def test_the_sign_is_for_whoever_sees_a_page_and_an_old_address_is_nobodys(tmp_path: Path) -> None:
    async with branded(tmp_path, ShopCare()) as (_, shelf, url), aiohttp.ClientSession() as stranger:
        brand = read_brand("demo-bank")
        shelf.keep(brand)
        async with stranger.get(f"{url}/brand/{brand.digest}.png") as answer:
            assert (answer.status, await answer.read()) == (200, brand.logo)
            assert answer.content_type == "image/png"
        for wrong in ("0" * 12, "..%2F..%2Fbrand.toml"):
            async with stranger.get(f"{url}/brand/{wrong}.png") as answer:
                assert answer.status == 404


async def test_the_next_receipt_and_card_carry_the_bank_s_lines_and_a_frozen_one_stays_as_it_was(
    tmp_path: Path,
) -> None:
    async with branded(tmp_path, ShopCare()) as (shop, shelf, _):
        brand, machine = read_brand("demo-bank"), await shop.machine()
        before = await shop.paid(machine)
        service = shop.service
        old = receipt_lines(service, service.book.sale(before["id"]))
        shelf.keep(brand)
        after = receipt_lines(service, service.book.sale((await shop.paid(machine))["id"]))
        language = service.lane("1").settings.language("receipt")
        told = [each.left for each in after if isinstance(each, Row)]
        foot = list(brand.foot(language))
        at = told.index(foot[0])
        assert told[at : at + len(foot)] == foot
        assert foot[0] not in [each.left for each in old if isinstance(each, Row)]
        card = card_lines(service, shop.people, "quick", "https://till.example/help", "en")
        rows = [each.left for each in card if isinstance(each, Row)]
        assert rows[-3:] == [brand.bank, brand.hotline, brand.hours]


def test_s60_a_bank_s_name_can_end_no_style_and_begin_no_script() -> None:
    brand = parse(HOSTILE.encode())
    for dress in (dressed(brand), enclosed(brand)):
        assert dress is not None
        assert "<" not in dress.style
    assert quoted('a"\\</é') == '"a\\22 \\5c \\3c \\2f \\e9 "'


def test_what_the_shop_s_settings_say_goes_before_the_bank_s() -> None:
    mine = under(ShopCare(hotline="1", hours="8-9"), "Bank", "2", "all day", (Link("b", "https://b.example/"),))
    assert (mine.bank, mine.hotline, mine.hours, len(mine.links)) == ("Bank", "1", "8-9", 1)
    bare = under(ShopCare(bank="Own"), "Bank", "2", "all day", ())
    assert (bare.bank, bare.hotline, bare.hours) == ("Own", "2", "all day")


async def test_the_sign_stands_above_the_shop_s_name_while_nobody_pays() -> None:
    asked: list[tuple[int, int]] = []

    def sign(width: int, height: int) -> Bitmap:
        asked.append((width, height))
        return Bitmap(16, (0xFFFF,) * 8)

    art = Artwork(str, lambda amount: amount.plain(), paint=lambda *_: None, sign=sign)
    tile, *rest = [each async for each in art.tiles(IdleScreen("Tea", test=False), 240, 320)]
    assert (tile.x, tile.y + tile.height <= 320 * 22 // 100) == (0, True)
    assert tile.rows.count(0xFF) >= 8
    plain = Artwork(str, lambda amount: amount.plain(), paint=lambda *_: None)
    assert [each async for each in plain.tiles(IdleScreen("Tea", test=False), 240, 320)] == rest
    assert asked


def test_the_command_puts_it_on_shows_it_takes_it_off_and_tells_what_is_wrong(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.example()
    place.state.mkdir()
    wrong = tmp_path / "pale.toml"
    wrong.write_text(HOSTILE.replace("#ffffff", "#3060a0"), "utf-8")

    def run(*words: str) -> tuple[int, str]:
        told = command("brand", *words, "--config", place.config)
        return told.code, told.out + told.err

    assert "No brand is applied. There are: demo-bank" in run("show")[1]
    for words, said in (
        (str(wrong), "people need 4.5"),
        ("nowhere.toml", "No such file"),
        ("other", "No brand is called 'other'"),
    ):
        status, told = run("apply", words)
        assert (status, said in told) == (2, True), told
    assert not (place.state / FILE).exists()
    status, told = run("apply", "demo-bank")
    assert (status, "contrast 10.0" in told) == (0, True), told
    assert '"bank": "Demo Bank 示例银行"' in run("show", "--json")[1]
    assert BrandShelf(place.state)() == read_brand("demo-bank")
    card = command("print", "card", "safety", "--config", place.config)
    assert (card.code, "Demo Bank 示例银行\n0800 000 0000" in card.out) == (0, True), card.out
    applied = BrandShelf(place.state)()
    assert applied is not None
    BrandShelf(place.state).keep(replace(applied, logo=applied.logo[: len(applied.logo) // 2]))
    status, told = run("show")
    assert (status, "damaged, paper and cards come without it: apply the brand again" in told) == (0, True)
    assert "The brand is removed." in run("remove")[1]
    assert "There was no brand." in run("remove")[1]
