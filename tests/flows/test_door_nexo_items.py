"""As many items as a sale may have lines, with long names, hold up no nexo payment (row 2)."""

import pytest

from terminal.payments.lines import LINES_MAX
from tests.flows.shop import Shop, story
from tests.flows.test_door_nexo import Line

BEEF = "红烧牛肉面" * 24


@pytest.mark.row(2, 91)
@story()
async def test_two_hundred_items_with_long_chinese_names_are_paid_and_are_the_sales_lines(shop: Shop) -> None:
    line = Line(shop)
    item = {"ItemID": 0, "ProductCode": "T1", "ProductLabel": BEEF, "ItemAmount": 0.1}
    line.till.items = [*[item] * (LINES_MAX - 1), {**item, "ItemAmount": 8.6}]
    sale = shop.service.book.sale((await line.paid())["POIData"]["POITransactionID"]["TransactionID"])
    assert (sale.amount.minor, [each.name for each in sale.lines]) == (2850, [BEEF] * LINES_MAX)
