"""A bill over HTTP: fetched, differences read in words, fixed once by key, imported again; and by the command."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.cli.commands import app
from tests.flows.api_rig import OWNER_PIN, Client, Shop, Told, open_shop

HOUR_S = 3600


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as opened:
        yield opened


def beijing(shop: Shop) -> date:
    return date(1970, 1, 1) + timedelta(seconds=shop.clock.wall_ms() / 1000 + 8 * HOUR_S)


def next_morning(shop: Shop) -> None:
    """Half past ten in Beijing: the bill of the day before is there."""
    day_s = 24 * HOUR_S
    begun_s = (shop.clock.wall_ms() // 1000 + 8 * HOUR_S) % day_s
    shop.clock.ahead_s += day_s - begun_s + round(10.5 * HOUR_S)


async def traded(shop: Shop) -> tuple[list[str], str]:
    """A day with two sales at the wallet, and the next morning; the orders and the bill's day."""
    machine, orders = await shop.machine(), list[str]()
    for amount in (2850, 1200):
        orders.append((await shop.paid(machine, amount))["attempts"][0]["id"])
    day = beijing(shop).isoformat()
    next_morning(shop)
    return orders, day


async def fetched(shop: Shop, reader: Client, day: str) -> Told:
    return await reader.post("/bills/fetch", {"channel": "wechatpay", "day": day})


async def import_bill(client: Client, data: bytes, query: str = "channel=wechatpay") -> Told:
    sent = {"Content-Type": "application/octet-stream"}
    return await client.ask("POST", f"/bills/import?{query}", headers=sent, data=data)


@pytest.mark.row(34, 110, 115)
async def test_what_is_planted_is_read_in_words_and_fixed_once_by_key(shop: Shop) -> None:
    orders, day = await traded(shop)
    shop.bank.set_fault("bill-duplicate-row", shop.clock.wall_ms(), params={"order_no": orders[0]})
    shop.bank.set_fault("bill-row-extra", shop.clock.wall_ms(), params={"order_no": "STRANGE"})
    reader = await shop.machine("reports", "bills")
    told = await fetched(shop, reader, day)
    trade = next(each for each in told.body["reports"] if each["kind"] == "trade")
    assert (told.status, trade["matched"], trade["kinds"]) == (200, 2, {"duplicate": 1, "missing_here": 1})

    listed = (await reader.get("/differences")).body["differences"]
    by_kind = {each["kind"]: each for each in listed}
    assert by_kind["missing_here"]["sentence"].startswith("The bank's bill has ¥1.00 under STRANGE, and")
    chinese = await reader.get(f"/differences/{by_kind['duplicate']['id']}", accept_language="zh-CN")
    assert re.search(r"第 0001 号交易.*¥28.50", chinese.body["sentence"])
    only = await reader.get(f"/differences?kind=duplicate&channel=wechatpay&day={day}")
    assert [each["number"] for each in only.body["differences"]] == [orders[0]]

    owner, key = await shop.owner(), "fix-this-one-1"
    where = f"/differences/{by_kind['missing_here']['id']}/fix"
    refused = await owner.post(where, {"choice": "refund"}, key="fix-this-one-0")
    assert (refused.slug, refused.body["facts"]["choices"]) == ("fix_not_possible", "ask_bank, accept")
    assert (
        await owner.post(where, {"choice": "accept"}, key="fix-this-one-2")
    ).slug == "difference_reason_missing"
    letter = await owner.post(where, {"choice": "ask_bank", "print_at": "1"}, key="fix-this-one-3")
    assert (letter.body["difference"]["state"], letter.status) == ("asked", 200)
    text = "\n".join(letter.body["letter"])
    assert shop.merchant.mchid in text
    assert "STRANGE" in text
    accept = {"choice": "accept", "reason": "the bank will take it out"}
    done = await owner.post(where, accept, key=key)
    again = await owner.post(where, accept, key=key)
    assert (done.body["difference"]["state"], again.body) == ("ended", done.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await owner.post(where, accept, key="fix-this-one-4")).slug == "difference_ended"
    assert (await reader.get("/differences/NOBODY")).slug == "difference_unknown"
    assert [each["id"] for each in (await reader.get("/differences?state=ended")).body["differences"]] == [
        by_kind["missing_here"]["id"]
    ]


@pytest.mark.row(34, 110, 115)
async def test_paid_and_settled_are_two_things_and_the_day_says_both(shop: Shop) -> None:
    orders, day = await traded(shop)
    owner = await shop.owner()
    sale = (await owner.get("/sales")).body["sales"][0]["id"]
    assert (await owner.get(f"/sales/{sale}")).body["settled"] is None
    await fetched(shop, owner, day)
    settled = (await owner.get(f"/sales/{sale}")).body["settled"]
    assert settled == {"settled_on": day, "batch": f"wechatpay/{day}", "settle_minor": 1200, "fee_milli": 7000}
    told = (await owner.get(f"/settlements?day={day}")).body
    assert (told["line"], told["lines"], told["open"]) == ("2 lines match, nothing differs", 2, 0)
    assert sorted((each["id"], each["settle_minor"]) for each in told["settlements"]) == sorted(
        zip(orders, (2850, 1200), strict=True)
    )
    assert {each["kind"] for each in told["bills"]} == {"trade", "funds"}


@pytest.mark.row(110, 124)
async def test_i23_who_may_read_fix_and_bring_a_bill(shop: Shop) -> None:
    _, day = await traded(shop)
    shop.bank.set_fault("bill-row-extra", shop.clock.wall_ms())
    reader, seller, cashier = await shop.machine("reports"), await shop.machine("sales"), await shop.cashier()
    bound = await shop.machine("reports", counters=("1",))
    assert [(await fetched(shop, each, day)).status for each in (reader, seller, cashier, bound)] == [403] * 4
    assert (await fetched(shop, await shop.machine("reports", "bills"), day)).status == 200
    for path in ("/differences", f"/settlements?day={day}"):
        assert [(await each.get(path)).status for each in (reader, seller, cashier, bound)] == [200, 403, 403, 403]
    name = (await reader.get("/differences")).body["differences"][-1]["id"]
    where, accept = f"/differences/{name}/fix", {"choice": "accept", "reason": "known"}
    for n, caller in enumerate((reader, seller, cashier, bound)):
        assert (await caller.post(where, accept, key=f"who-may-fix-{n}")).status == 403
    by = {"approver": {"person": shop.owner_id, "pin": OWNER_PIN}}
    fixed = await reader.post(where, accept | by, key="who-may-fix-8")
    assert (fixed.status, fixed.body["difference"]["state"]) == (200, "ended")
    (handled,) = (each for each in shop.service.feed.of_subject(name) if each.type == "difference_handled")
    assert handled.actor == f"person:{shop.owner_id}"

    (bill,) = (shop.folder / "bills").glob("wechatpay-trade-*")
    data = bill.read_bytes()
    forbidden = [(await import_bill(each, data)).status for each in (reader, seller, cashier, bound)]
    assert forbidden == [403] * 4
    assert [(await import_bill(await shop.machine("bills"), data)).status] == [201]
    again = await import_bill(await shop.owner(), data, "channel=wechatpay&name=bill.csv&format=wechatpay-trade")
    assert (again.status, again.body["repeated"], again.body["new"]) == (201, True, 0)
    keeper = await shop.machine("bills")
    assert (await import_bill(keeper, b"%PDF-1.7 a picture of a bill")).slug == "bill_format_unknown"
    assert (await import_bill(keeper, data[: len(data) // 2])).slug in {"bill_cut_short", "bill_line_unreadable"}
    assert (await import_bill(keeper, data, "channel=nobody")).slug == "channel_unknown"
    assert (await import_bill(keeper, data, "channel=wechatpay&format=../x")).slug == "bill_format_unknown"
    assert (await import_bill(keeper, data, "")).slug == "field_wrong"


@pytest.mark.row(110)
async def test_the_command_tells_it_in_words_through_the_running_service(shop: Shop, tmp_path: Path) -> None:
    orders, day = await traded(shop)
    made = await shop.machine("reports", "bills")
    key_file = tmp_path / "key"
    key_file.write_text(made.headers["Authorization"].removeprefix("Bearer "))
    key_file.chmod(0o600)

    async def command(*words: str) -> tuple[int, str]:
        asked = ["reconcile", "--url", shop.url, "--key-file", str(key_file), *words]
        done = await asyncio.to_thread(
            CliRunner().invoke, app, asked, env={"LANG": "en_GB.UTF-8", "COLUMNS": "200"}
        )
        return done.exit_code, done.output

    code, text = await command("--day", day)
    assert (code, text.strip()) == (2, f"{day}: No bill of this day has been read")
    code, text = await command("--channel", "wechatpay", "--day", day)
    assert (code, "2 lines match, nothing differs" in text) == (0, True), text
    (bill,) = (shop.folder / "bills").glob("wechatpay-trade-*")
    lines = bill.read_bytes()
    code, text = await command("--channel", "wechatpay", "--file", str(bill))
    assert (code, "read before" in text) == (0, True), text
    bad = tmp_path / "half.csv"
    bad.write_bytes(lines[: len(lines) // 2])
    code, text = await command("--channel", "wechatpay", "--file", str(bad))
    assert (code, text.startswith("F-")) == (2, True), text
    shop.bank.set_fault("bill-duplicate-row", shop.clock.wall_ms(), params={"order_no": orders[0]})
    code, text = await command("--channel", "wechatpay", "--day", day)
    assert (code, "Twice in the bill" in text, "Sale 0001 stands in the bank's bills once more" in text) == (
        1,
        True,
        True,
    )
    code, text = await command("--day", day, "--json")
    told = msgspec.json.decode(text)
    assert (code, [each["kind"] for each in told["differences"]][-1]) == (1, "duplicate")
