"""What the doors' own pages show is what happens: their settings, their sessions, their examples."""

import asyncio
import json
import re
import tempfile
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from terminal.client import Client
from terminal.settings.load import _kind_of_door
from terminal.settings.pieces import piece
from tests.flows.api_rig import WATCHDOG_S, open_shop
from tests.flows.shop import Shop, story
from tests.flows.test_door_amount_line import door_of, pays, sale, till_at
from tests.flows.test_door_folder import Place
from tests.strangers.environments import ROOT

FOLDER = ROOT / "docs" / "integrate"
DOORS = ("hw-proxy", "folder", "amount-line")


def page(name: str) -> str:
    return (FOLDER / f"door-{name}.md").read_text("utf-8")


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", DOORS)
def test_the_settings_of_the_page_are_settings(name: str) -> None:
    seen = 0
    for text in blocks(name, "toml"):
        for door, table in tomllib.loads(text).get("doors", {}).items():
            problems: list[Any] = []
            piece(f"doors.{door}", table, _kind_of_door(table), problems)
            assert problems == []
            seen += 1
    assert seen


def test_the_hardware_proxys_messages_are_those_of_the_recorded_session() -> None:
    golden = json.loads((ROOT / "tests" / "golden" / "hw_proxy_session.json").read_text("utf-8"))["exchanges"]
    recorded = [each.get(part) for each in golden for part in ("body", "answer")]
    shown = [json.loads(text) for text in blocks("hw-proxy", "json")]
    assert len(shown) == 3
    for message in shown:
        assert message in recorded


@pytest.mark.row(92)
@story()
async def test_the_amount_lines_session_goes_as_shown(shop: Shop) -> None:
    [text] = blocks("amount-line", "text")
    async with till_at(shop, door_of(shop)) as till:
        for line in text.splitlines():
            if line.startswith("> "):
                till.sends(line[2:].encode() + b"\r")
            elif line.startswith("< "):
                heard = await till.hears("")
                code = shop.service.check_code(sale(shop))
                assert heard == line[2:].replace("<CODE>", code)
            else:
                await pays(shop)


@pytest.mark.row(92)
@story()
async def test_the_folders_files_come_as_shown(shop: Shop) -> None:
    files = re.findall(
        r"`([0-9]+\.(?:txt|json))` in `(in|out)`:\n\n```\w+\n(.*?)^```", page("folder"), re.M | re.S
    )
    assert len(files) == 6
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        at = Place(shop, Path(folder))
        async with at.door():
            for name, where, text in files:
                if where == "in":
                    at.put(name, text.encode())
                    continue
                if name == "0017.txt":
                    await at.pays()
                result = await at.comes(name, 60, "" if name != "0018.json" else "refunded")
                told = json.dumps(result)
                paid = sale(shop)
                wanted = text.replace("<SALE>", paid.id).replace("<CODE>", shop.service.check_code(paid))
                if paid.refunds:
                    wanted = wanted.replace("<REFUND>", paid.refunds[0].id)
                lines = dict(line.partition("=")[::2] for line in wanted.splitlines())
                shown = json.loads(wanted) if name.endswith("json") else {k.lower(): v for k, v in lines.items()}
                assert json.loads(told) == shown


@pytest.mark.row(91)
async def test_the_examples_for_erpnext_and_woocommerce_take_a_payment(tmp_path: Path) -> None:
    made: dict[str, Any] = {}
    for text in blocks("hw-proxy", "python"):
        exec(compile(text, "door-hw-proxy.md", "exec"), made)  # the page's own words, not a stranger's
    async with open_shop(tmp_path) as shop, asyncio.timeout(WATCHDOG_S):
        machine = await shop.machine("sales")
        client = Client(shop.url, machine.headers["Authorization"].removeprefix("Bearer "))

        async def customer(count: int) -> None:
            while len(shop.service.feed.list("sale")) < count:  # noqa: ASYNC110  # the till decides when
                await asyncio.sleep(0.01)
            newest = shop.service.feed.list("sale")[0].subject
            await shop.service.until(newest, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
            shop.pay(shop.service.book.sale(newest).attempts[0].id)

        invoice = SimpleNamespace(name="ACC-PSINV-2026-00017", grand_total=28.5, remarks="")
        said: list[Any] = []
        paying = asyncio.create_task(customer(1))
        await asyncio.to_thread(made["take_payment"], invoice, client, said.append)
        await paying
        assert (invoice.remarks[:6], said) == ("paid, ", [])
        paying = asyncio.create_task(customer(2))
        assert await asyncio.to_thread(made["pay_order"], {"id": 17, "total": "9.50"}, client, said.append)
        await paying
        assert said[0]["status"] == "processing"
        sums = [shop.service.book.sale(row.subject).amount.minor for row in shop.service.feed.list("sale")]
        assert sums == [950, 2850]
