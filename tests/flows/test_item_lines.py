"""What a sale is for, from a till's request to the sale's page, the event, the slip and the copy: never needed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from terminal.counter.ports import IdleScreen
from terminal.payments.lines import LINES_MAX, Entered
from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.privacy.bundle import REMOVED, body_told
from terminal.privacy.datamap import data_map
from terminal.web.pages.guest import shown_lines
from terminal.web.receipts import receipt_lines
from terminal.web.shapes.lines import SALE_BYTES
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop
from tests.flows.test_api_limits import JSON, connect, head

NOODLES = {"name": "牛肉面 Noodles", "unit_minor": 600, "quantity_milli": 2000, "discount_minor": 100, "tax": "A"}
HAM = {"name": "Presunto", "unit_minor": 1299, "quantity_milli": 355, "amount_minor": 461}
LINES: list[dict[str, Any]] = [NOODLES, HAM, {"name": "Rounding", "unit_minor": -1}]
MINOR = 1100 + 461 - 1
SAID = [
    ("牛肉面 Noodles", ""),
    ("  2 x ¥6.00", "¥12.00 A"),
    ("  Discount", "-¥1.00"),
    ("Presunto", ""),
    ("  0.355 x ¥12.99", "¥4.61"),
    ("Rounding", "-¥0.01"),
]


async def slips(shop: Shop, count: int) -> list[list[tuple[str, str]]]:
    """What the printer of counter 1 has printed, once it is so much."""
    printed = shop.printers["1"].slips
    async with asyncio.timeout(WATCHDOG_S):
        while len(printed) < count:  # noqa: ASYNC110  # the roll tells nobody
            await asyncio.sleep(0.01)
    return [[(row.left, row.right) for row in each.receipt if isinstance(row, Row)] for each in printed]


def names_what_for(rows: list[tuple[str, str]]) -> bool:
    at = rows.index(SAID[0])
    return rows[at : at + len(SAID)] == SAID


@pytest.mark.row(2, 3)
async def test_a_tills_lines_are_on_sale_event_slip_and_copy_and_the_amount_is_what_was_asked(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.paid(pos, MINOR, lines=LINES)
        assert [each["amount_minor"] for each in sale["lines"]] == [1100, 461, -1]
        assert (sale["amount_minor"], sale["paid_minor"]) == (MINOR, MINOR)
        opened = (await pos.get(f"/sales/{sale['id']}/events")).body["events"][0]
        assert opened["body"]["lines"] == sale["lines"], "durable with the sale, before anything else of it"
        assert names_what_for((await slips(shop, 1))[0])
        assert (await pos.post(f"/sales/{sale['id']}/reprint")).status == 200
        copy = (await slips(shop, 2))[1]
        assert copy[0] == ("COPY 1", "")
        assert names_what_for(copy)
        text = str((await pos.get(f"/sales/{sale['id']}/receipt?format=text")).body)
        assert "2 x ¥6.00" in text
        phone = shown_lines(receipt_lines(shop.service, shop.service.book.sale(sale["id"])))
        rows = [each["row"] for each in phone if "row" in each]
        shown = [(row.left, row.right) for row in rows if isinstance(row, Row)]
        assert names_what_for(shown)
        await shop.restart()
        again = await (await shop.machine()).get(f"/sales/{sale['id']}")
        assert again.body["lines"] == sale["lines"], "after a power cut too"


@pytest.mark.row(2)
async def test_lines_that_do_not_add_up_open_nothing_and_a_sale_needs_none(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        asked = {"counter": "1", "amount_minor": MINOR + 1, "lines": LINES}
        told = await pos.post("/sales", asked, key="lines-key-1")
        assert (told.status, told.slug) == (422, "lines_do_not_add_up")
        assert told.body["facts"] == {"lines": "15.60", "amount": "15.61"}
        again = await pos.post("/sales", {**asked, "amount_minor": MINOR}, key="lines-key-1")
        assert again.slug == "idempotency_other_meaning", "that key was answered"
        for lines, slug in (
            ([{"name": "Ham", "unit_minor": 1299, "quantity_milli": 355}], "line_amount_wrong"),
            ([{"name": "Tea\u202e", "unit_minor": MINOR}], "field_wrong"),
            ([{"name": "Tea", "unit_minor": 1.5}], "field_wrong"),
            ([{"name": "Tea", "unit_minor": True}], "field_wrong"),
            ([{"name": "Tea", "unit_minor": 1, "price": 1}], "field_wrong"),
            ([{"name": "Tea", "unit_minor": 1}] * (LINES_MAX + 1), "field_wrong"),
        ):
            told = await pos.post("/sales", {"counter": "1", "amount_minor": MINOR, "lines": lines})
            assert told.slug == slug, lines
        assert (await pos.get("/sales")).body["sales"] == []
        plain = await shop.paid(pos)
        assert plain["lines"] == []
        assert not any("lines" in event.body for event in shop.service.feed.of_subject(plain["id"])[:1])


@pytest.mark.row(2, 135)
async def test_pr10_support_reads_neither_names_nor_prices_of_what_was_bought(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.paid(pos, MINOR, lines=LINES)
        await slips(shop, 1)
        events = shop.service.feed.of_subject(sale["id"])
        told = [body_told(each, data_map()) for each in events]
        for name in ("牛肉面", "oodles", "Presunto", "unto", "¥12.99"):  # digits alone are in many a time
            assert name in str([each.body for each in events]), name
            assert name not in str(told), name
        assert told[0]["lines"] == REMOVED


@pytest.mark.row(2)
async def test_two_hundred_lines_of_long_chinese_names_are_a_sale_as_the_form_says(tmp_path: Path) -> None:
    lines = [{"name": "红烧牛肉面" * 24, "unit_minor": 1, "tax": "甲" * 8}] * LINES_MAX
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        opened = await pos.post("/sales", {"counter": "1", "amount_minor": LINES_MAX, "lines": lines})
        assert (opened.status, len(opened.body["lines"])) == (201, LINES_MAX)
        assert (await pos.post(f"/sales/{opened.body['id']}/cancel")).status == 200
        for path, limit in (("/sales", SALE_BYTES), (f"/sales/{opened.body['id']}/cancel", 64 * 1024)):
            wire, known = await connect(shop), f"Authorization: {pos.headers['Authorization']}"
            wire.writer.write(
                head(shop, f"POST /api/v1{path} HTTP/1.1", *JSON, known, f"Content-Length: {limit + 1}")
            )
            status, told = await wire.answer()  # by what it says of itself, before a byte of it came
            assert (status, told["slug"], told["facts"]) == (413, "body_too_large", {"limit": limit})
            await wire.close()
        await shop.restart()
        again = await (await shop.machine()).get(f"/sales/{opened.body['id']}")
        assert again.body["lines"][-1]["name"] == lines[-1]["name"]


@pytest.mark.row(2, 69, 73)
async def test_a_refund_of_lines_gives_back_their_price_and_its_slip_lists_them(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = await shop.paid(await shop.machine(), MINOR, lines=LINES)
        path = f"/sales/{sale['id']}/refunds"
        for wish, slug in (
            ({"lines": [4]}, "refund_line_gone"),
            ({"lines": [1], "amount_minor": 1099}, "refund_lines_amount"),
            ({"lines": [0]}, "field_wrong"),
            ({"lines": []}, "field_wrong"),  # nothing was picked: that is not all that is left
            ({"lines": [3]}, "amount_not_positive"),
        ):
            assert (await owner.post(path, {"reason": "spilt", **wish})).slug == slug, wish
        told = await owner.post(path, {"reason": "spilt", "lines": [1]})
        assert (told.status, told.body["refund"]["amount_minor"], told.body["refund"]["lines"]) == (201, 1100, [1])
        assert (await owner.post(path, {"reason": "spilt", "lines": [1]})).slug == "refund_line_gone"
        rest = await owner.post(path, {"reason": "spilt", "amount_minor": 60})
        assert (rest.status, rest.body["refund"]["lines"]) == (201, [])
        _, first, second = await slips(shop, 3)
        assert [each for each in first if each in SAID] == SAID[:3]
        assert not [each for each in second if each in SAID]


@pytest.mark.row(2, 48)
async def test_goods_that_are_entered_stand_on_the_idle_glass_and_never_beside_a_sale(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, display = await shop.till(), await shop.display("1")
        path, glass = "/counters/1/entered", shop.service.lane("1").glass
        wish = {"name": " 红烧牛肉面 ", "line_minor": -100, "total_minor": 2850}
        told = await till.post(path, wish)
        assert (told.status, told.body) == (200, {"shown": True})
        assert isinstance(glass.screen, IdleScreen)
        assert glass.screen.entered == Entered("红烧牛肉面", Money(-100, "CNY"), Money(2850, "CNY"))
        assert (await display.post(path, wish)).status in {401, 403}
        assert (await till.post("/counters/2/entered", wish)).slug == "counter_unknown"
        assert (await till.post(path, {**wish, "total_minor": -1})).slug == "field_wrong"
        assert (await till.post(path, {**wish, "name": "a\u2028b"})).slug == "field_wrong"
        assert (await till.post(path, {})).body == {"shown": True}
        assert glass.screen.entered is None
        await till.post(path, wish)
        await shop.shown(till, 2850)
        assert (await till.post(path, wish)).body == {"shown": False}
        assert not shop.service.book.sale(shop.service.lane("1").current).lines, "they are no sale's lines"
