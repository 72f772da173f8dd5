"""The shop's short list of products: one that is scanned while no sale is open opens its sale (row 56)."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from terminal.counter.ports import Provider
from terminal.counter.scans import product_of
from terminal.counter.settings import House
from terminal.errors import BadSettings, InvalidRequest
from terminal.payments.decide import OpenSale
from terminal.payments.money import Money
from terminal.payments.scan import Product, classify

HEAD: Final = ["code", "name", "price_minor"]
ROWS_MAX: Final = 20_000
NAME_MAX: Final = 60
PRICE_MAX: Final = 18  # digits, zeros before it too
_UPC: Final = 12  # digits: the same product as an EAN-13 with a zero before it (GS1 General Specifications, 3.3)


@dataclass(frozen=True, slots=True)
class Article:
    name: str
    price_minor: int


class Goods:
    """One house's; empty where no list is given. ``articles``: by EAN-13 or EAN-8."""

    def __init__(self, house: House, providers: Mapping[str, Provider]) -> None:
        self._house, self._providers = house, providers
        self.articles: Mapping[str, Article] = {}

    def sale_of(self, counter: str, scan: str) -> OpenSale | None:
        """The sale a scan asks for; None: there is no list, or it is no product's code, perhaps a customer's.

        Raises:
            InvalidRequest("product_unlisted"): the shop has a list, and this is not on it.
        """
        if not self.articles:
            return None
        ean = product_of(scan, self._providers, self._house.known)
        if ean is None:
            return None
        found = self.articles.get(whole(ean))
        if found is None:
            raise InvalidRequest("product_unlisted", code=ean)
        return OpenSale(counter, Money(found.price_minor, self._house.currency), title=found.name)


def whole(ean: str) -> str:
    return f"0{ean}" if len(ean) == _UPC else ean


def read_goods(text: str, limit_minor: int) -> dict[str, Article]:
    """Read ``code,name,price_minor``, one product a line.

    A code must be a product's with a right check digit: nothing else could be told from a customer's payment code.

    Raises:
        BadSettings("config_value_wrong"): the first line that is wrong, and why.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found: dict[str, Article] = {}
    try:
        if next(rows, None) != HEAD:
            raise _wrong(1, f"it says {','.join(HEAD)}")
        for row in rows:
            if row:
                _take(found, row, rows.line_num, limit_minor)
    except csv.Error as error:
        raise _wrong(rows.line_num, str(error)) from None
    return found


def _take(found: dict[str, Article], row: list[str], line: int, limit_minor: int) -> None:
    if len(row) != len(HEAD):
        raise _wrong(line, f"{len(row)} columns instead of {len(HEAD)}")
    code, name, price = (each.strip() for each in row)
    if not isinstance(classify(code, ()), Product):
        raise _wrong(line, f"{code[:20]!r} is no EAN or UPC with a right check digit")
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise _wrong(line, f"a name has 1 to {NAME_MAX} characters")
    digits = price.isascii() and price.isdigit() and len(price) <= PRICE_MAX
    if not digits or not 0 < int(price) <= limit_minor:
        raise _wrong(line, f"a price is 1 to {limit_minor}, in the smallest unit")
    if whole(code) in found:
        raise _wrong(line, f"{code} stands there twice")
    if len(found) >= ROWS_MAX:
        raise _wrong(line, f"more than {ROWS_MAX} products")
    found[whole(code)] = Article(name, int(price))


def _wrong(line: int, why: str) -> BadSettings:
    return BadSettings("config_value_wrong", key="shop.products", why=f"line {line}: {why}")
