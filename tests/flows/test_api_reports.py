"""Reports over the API: who may read and seal, two presses, a kill, the day book, the paper."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.counter.ports import Printed
from terminal.payments.event import Event
from tests.flows.api_rig import OWNER_PIN, WATCHDOG_S, Client, Shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def sold(shop: Shop, *amounts: int) -> Client:
    machine = await shop.machine()
    for amount in amounts:
        await shop.paid(machine, amount)
    return machine


@pytest.mark.row(107)
async def test_a_day_is_sealed_once_by_an_owner_and_read_by_number(shop: Shop) -> None:
    await sold(shop, 2850, 150)
    owner = await shop.owner()
    x = await owner.get("/reports/x")
    assert (x.status, x.body["n"], x.body["currencies"][0]["taken"]) == (200, 0, {"n": 2, "minor": 3000})
    key = "close-the-day-1"
    first, second = await asyncio.gather(
        owner.post("/reports/z", {}, key=key), owner.post("/reports/z", {}, key="close-the-day-2")
    )
    made, other = sorted((first, second), key=lambda told: told.status)
    assert (made.status, made.body["n"], other.status, other.slug) == (201, 1, 409, "z_empty")
    assert made.body["currencies"] == x.body["currencies"]
    assert (await owner.get("/reports/z/1")).body == made.body
    again = await owner.post("/reports/z", {}, key=key if first is made else "close-the-day-2")
    assert (again.status, again.body) == (201, made.body)
    assert [each["n"] for each in (await owner.get("/reports/z")).body["reports"]] == [1]
    assert (await owner.get("/reports/z/2")).slug == "z_unknown"
    assert (await owner.get("/reports/z/x")).slug == "field_wrong"
    empty = await owner.post("/reports/z", {"empty": True}, key="close-the-day-3")
    assert (empty.body["n"], empty.body["currencies"]) == (2, [])


@pytest.mark.row(107)
async def test_a_sealed_day_survives_a_kill_and_takes_nothing_more(shop: Shop) -> None:
    await sold(shop, 2850)
    sealed = await (await shop.owner()).post("/reports/z", {}, key="close-the-day-1")
    await shop.restart()
    await sold(shop, 100)
    owner = await shop.owner()
    assert (await owner.get("/reports/z/1")).body == sealed.body
    again = await owner.post("/reports/z", {}, key="close-the-day-2")
    assert (again.body["n"], again.body["currencies"][0]["taken"]["minor"]) == (2, 100)
    assert again.body["first"] == sealed.body["last"] + 1


@pytest.mark.row(107, 124)
async def test_i23_who_may_read_and_who_may_seal(shop: Shop) -> None:
    machine = await sold(shop, 2850)
    reader, cashier = await shop.machine("reports"), await shop.cashier()
    assert [(await each.get("/reports/x")).status for each in (machine, reader, cashier)] == [403, 200, 403]
    bound = await shop.machine("reports", counters=("1",))
    assert [(await bound.get(f"/reports/x?counter={n}")).status for n in ("1", "2", "")] == [200, 404, 403]
    for n, caller in enumerate((machine, reader, cashier)):
        assert (await caller.post("/reports/z", {}, key=f"close-the-day-{n}")).status == 403
    by = {"approver": {"person": shop.owner_id, "pin": OWNER_PIN}}
    wrong = {"approver": {"person": shop.owner_id, "pin": "000000"}}
    assert (await reader.post("/reports/z", wrong, key="close-the-day-8")).slug == "pin_wrong"
    sealed = await reader.post("/reports/z", by, key="close-the-day-9")
    assert (sealed.status, sealed.body["by"]) == (201, f"person:{shop.owner_id}")


@pytest.mark.row(107)
async def test_a_z_is_printed_and_printed_again_as_a_copy(shop: Shop) -> None:
    await sold(shop, 2850)
    owner = await shop.owner()
    sealed = await owner.post("/reports/z", {"print_at": "1"}, key="close-the-day-1")
    assert sealed.status == 201
    await on_paper(shop, 1)
    assert (await owner.post("/reports/z/1/print", {"counter": "1"})).status == 200
    assert (await owner.post("/reports/x/print", {"counter": "1"})).status == 200
    await on_paper(shop, 3)
    told = [(each.body["outcome"], each.subject) for each in shop_events(shop, "report_printed")]
    assert told == [(Printed.CONFIRMED.value, "z:s1:1")] * 2 + [(Printed.CONFIRMED.value, "x:s1")]
    assert [each.body["copy"] for each in shop_events(shop, "report_print_started")] == [0, 1, 0]
    assert shop.service.feed.owed() == ()
    assert (await owner.post("/reports/x/print", {"counter": "9"})).slug == "counter_unknown"


def shop_events(shop: Shop, kind: str) -> list[Event]:
    return [each for each in shop.service.feed.after(0, limit=10_000) if each.type == kind]


@pytest.mark.row(114)
async def test_the_day_book_comes_as_json_and_csv_and_is_what_the_z_says(shop: Shop) -> None:
    machine = await shop.machine("sales", "refunds", "reports")
    await shop.paid(machine, 2850, title="=1+1")
    await shop.paid(machine, 150)
    owner = await shop.owner()
    await owner.post("/reports/z", {}, key="close-the-day-1")
    await shop.paid(machine, 99)
    rows = (await machine.get("/reports/daybook?z=1")).body["rows"]
    assert [(row["kind"], row["amount_minor"], row["z"], row["title"]) for row in rows] == [
        ("paid", 2850, 1, "=1+1"),
        ("paid", 150, 1, ""),
    ]
    today = (await machine.get("/reports/daybook")).body["rows"]
    assert [row["z"] for row in today] == [1, 1, 0]
    async with shop.session.get(
        f"{shop.url}/api/v1/reports/daybook?format=csv&bom=yes", headers=machine.headers
    ) as answer:
        text = (await answer.read()).decode("utf-8-sig")
    assert answer.content_type == "text/csv"
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["title"], row["amount"]) for row in table] == [("'=1+1", "28.50"), ("", "1.50"), ("", "0.99")]
    assert (await machine.get("/reports/daybook?first=2026-02-30")).slug == "field_wrong"
    assert (await machine.get("/reports/daybook?first=2026-01-01&last=2025-01-01")).slug == "field_wrong"
    assert (await machine.get("/reports/daybook?z=7")).slug == "z_unknown"


@pytest.mark.row(112)
async def test_today_at_a_glance(shop: Shop) -> None:
    await sold(shop, 2850, 150)
    till = await shop.till("1")
    told = (await till.get("/reports/today")).body
    assert [row["amount_minor"] for row in told["sales"]] == [150, 2850]
    assert told["totals"][0]["held_minor"] == 3000
    assert (await (await shop.till("2")).get("/reports/today")).body["totals"] == []
    assert (await till.get("/reports/today?counter=2")).slug == "counter_unknown"


@pytest.mark.row(112)
async def test_today_hides_sums_where_the_shop_wants_it(shop: Shop) -> None:
    await sold(shop, 2850)
    desk = shop.desk
    desk.parts = replace(desk.parts, cashier_totals=False)
    till, owner = await shop.till("1"), await shop.owner()
    assert (await till.get("/reports/today")).body["totals"] is None
    assert len((await till.get("/reports/today")).body["sales"]) == 1
    assert (await owner.get("/reports/today")).body["totals"][0]["held_minor"] == 2850


@pytest.mark.row(117)
async def test_fees_are_listed_even_where_no_bill_was_read(shop: Shop) -> None:
    await sold(shop, 2850)
    [line] = (await (await shop.owner()).get("/reports/fees")).body["fees"]
    assert (line["channel"], line["n"], line["settled_n"], line["alert"]) == ("wechatpay", 1, 0, False)


async def on_paper(shop: Shop, count: int) -> None:
    """Return when so many reports are done with."""
    async with asyncio.timeout(WATCHDOG_S):
        while len(shop_events(shop, "report_printed")) < count:  # noqa: ASYNC110  # the journal is looked at
            await asyncio.sleep(0.01)
