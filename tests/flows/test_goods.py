"""A product scanned with no sale open opens its own; a wallet's code never does (row 56)."""

import os
from pathlib import Path

import msgspec
import pytest

from terminal.counter.goods import Article, Goods, read_goods
from terminal.counter.ports import CodeScreen
from terminal.counter.settings import House
from terminal.errors import BadSettings
from terminal.payments.money import Money
from terminal.settings import Loaded, Secrets
from terminal.wiring.goods import GoodsKeeper, goods_of
from tests.flows.shop import Shop, refused, story
from tests.flows.test_api_whole_app import settings
from tests.flows.test_scans import refusals

TEA, WATER = "4006381333931", "96385074"
LIST = f"code,name,price_minor\n{TEA},Green tea 绿茶,2850\n{WATER},Water,200\n036000291452,Tissues,599\n"


def stocked(shop: Shop) -> Shop:
    shop.service.goods.articles = read_goods(LIST, 500_000)
    return shop


@pytest.mark.row(56)
@story()
async def test_a_product_of_the_list_opens_its_sale_with_name_price_and_code(shop: Shop) -> None:
    stocked(shop)
    shop.counter.scanner.reads(TEA)
    await shop.until(lambda: isinstance(shop.counter.glass.lit, CodeScreen), 5)
    assert shop.lane().current is not None
    sale = shop.service.book.sale(shop.lane().current or "")
    assert (sale.title, sale.amount) == ("Green tea 绿茶", Money(2850, "CNY"))
    shop.counter.scanner.reads(TEA)
    await shop.until(lambda: len(shop.counter.scanner.beeps) == 2, 5)
    assert (shop.counter.scanner.beeps, refusals(shop)) == ([True, False], ["code_product"]), "one sale, one price"
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state == "paid", 5)
    shop.counter.scanner.reads("]E00036000291452")
    await shop.until(lambda: shop.lane().current is not None, 5)
    assert shop.service.book.sale(shop.lane().current or "").title == "Tissues", "a UPC is the EAN with a zero"


@pytest.mark.row(56)
@story()
async def test_a_wallets_code_opens_nothing_and_an_unknown_product_says_so(shop: Shop) -> None:
    stocked(shop)
    code = shop.customer_code()
    for text in (code, "5901234123457", "https://example.com/x", "4006381333930"):
        shop.counter.scanner.reads(text)
        await shop.wait(0.5)
    assert refusals(shop) == ["scan_without_sale", "product_unlisted", "scan_without_sale", "scan_without_sale"]
    assert shop.counter.scanner.beeps == [False] * 4
    assert shop.events("sale_opened") == []
    assert code not in str([each.body for each in shop.events()])


@pytest.mark.row(56)
@story()
async def test_without_a_list_a_product_opens_nothing(shop: Shop) -> None:
    assert (await refused(shop.scan(TEA))).slug == "scan_without_sale"
    assert shop.events("sale_opened") == []


@pytest.mark.row(56)
@story()
async def test_a_till_that_asks_for_products_gets_them_before_the_list_does(shop: Shop) -> None:
    stocked(shop)
    lane = shop.lane()
    assert await lane.products.take(0.1) is None
    shop.counter.scanner.reads(TEA)
    assert await lane.products.take(5) == TEA
    assert shop.events("sale_opened") == []


@pytest.mark.row(56)
@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("", 0),
        ("name,code\n", 1),
        (f"{TEA},Tea,2850\n", 1),
        ("code,name,price_minor\n4006381333930,Tea,2850\n", 2),
        ("code,name,price_minor\n134567890123456789,Tea,2850\n", 2),
        ("code,name,price_minor\n12345,Tea,2850\n", 2),
        (f"code,name,price_minor\n{TEA},Tea\n", 2),
        (f"code,name,price_minor\n{TEA},,5\n", 2),
        (f"code,name,price_minor\n{TEA},{'x' * 61},5\n", 2),
        (f"code,name,price_minor\n{TEA},a\x1bb,5\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,0\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,500001\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,28.50\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,٣\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,{'9' * 5000}\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,{'0' * 17}1{'9' * 9}\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,{'0' * 17}1{'9' * 5000}\n", 2),
        (f"code,name,price_minor\n{TEA},Tea,1\n\n{TEA},Tea,2\n", 4),
        (f'code,name,price_minor\n{TEA},"Tea,1\n', 2),
        ("code,name,price_minor\n036000291452,A,1\n0036000291452,B,1\n", 3),
    ],
)
def test_f1_a_wrong_line_is_named(rows: str, line: int) -> None:
    with pytest.raises(BadSettings) as wrong:
        read_goods(rows, 500_000)
    assert str(wrong.value.facts["why"]).startswith(f"line {max(line, 1)}:")


@pytest.mark.row(56)
def test_a_spreadsheets_own_marks_are_no_trouble() -> None:
    text = "\ufeff" + LIST.replace("\n", "\r\n")
    assert read_goods(text, 500_000) == read_goods(LIST, 500_000)
    assert read_goods(LIST, 500_000)["0036000291452"] == Article("Tissues", 599)


class Holder:
    """What the keeper fills."""

    def __init__(self) -> None:
        self.goods = Goods(House("m", "s", "Tea"), {})


def loaded(folder: Path) -> Loaded:
    plain = settings(folder)
    shop = msgspec.structs.replace(plain.settings.shop, products="products.csv")
    return Loaded(msgspec.structs.replace(plain.settings, shop=shop), folder, Secrets({}))


@pytest.mark.row(56)
@pytest.mark.parametrize("what", ["pipe", "zeros", "folder"])
def test_f1_bad_input_a_list_that_never_ends_is_not_read(what: str, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    {"pipe": os.mkfifo, "zeros": lambda at: at.symlink_to("/dev/zero"), "folder": Path.mkdir}[what](file)
    with pytest.raises(BadSettings, match="config_unreadable") as wrong:
        goods_of(loaded(tmp_path))
    assert wrong.value.facts["why"] in ("not a plain file", "Is a directory")


@pytest.mark.row(56)
async def test_other_prices_are_taken_up_and_a_spoilt_file_leaves_yesterdays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, holder = tmp_path / "products.csv", Holder()
    with pytest.raises(BadSettings, match="config_missing"):
        goods_of(loaded(tmp_path))
    file.write_text(LIST, "utf-8")
    keeper = GoodsKeeper(loaded(tmp_path), holder)  # type: ignore[arg-type]  # as above
    assert holder.goods.articles[WATER].price_minor == 200
    file.write_text(LIST.replace("200", "250"), "utf-8")
    os.utime(file, ns=(1, 1))
    await keeper.look()
    assert holder.goods.articles[WATER].price_minor == 250
    file.write_text("code\n", "utf-8")
    await keeper.look()
    await keeper.look()
    assert holder.goods.articles[WATER].price_minor == 250
    assert sum("stay as they were" in each.getMessage() for each in caplog.records) == 1
