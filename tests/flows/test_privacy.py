"""Privacy over the whole app: what leaves stands in the ledger, every file is on the map, what is old goes."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from terminal.app import running
from terminal.cli.client import Api, api
from terminal.cli.serve.first_start import first_links
from terminal.privacy.datamap import data_map
from terminal.sandbox.ledger import CUSTOMER
from terminal.sandbox.server import Sandbox
from terminal.settings import load
from terminal.system import SystemClock
from terminal.wiring.privacy import OUTBOUND_FILE, read_ledger
from tests.flows.cli_rig import WATCHDOG_S, Place, command
from tests.flows.sandbox_rig import running_sandbox

CONNECTS: list[int] = []


def _heard(event: str, facts: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(facts[1], tuple):
        CONNECTS.append(facts[1][1])


sys.addaudithook(_heard)  # what the interpreter says about every socket; it cannot be taken away again


async def sold(service: Api, bank: Sandbox) -> dict[str, Any]:
    """One sale, paid; nothing here opens a socket to the bank."""
    body = {"counter": "1", "amount_minor": 2850, "currency": "CNY"}
    sale = await service.post("/sales", body, key="sale-0001")
    order = sale["attempts"][-1]["id"]
    async with asyncio.timeout(WATCHDOG_S):
        while True:
            if any(each.out_trade_no == order for each in bank.bank.ledger.orders):
                break
            await asyncio.sleep(0.02)
        bank.bank.customer_pays(order, SystemClock().wall_ms())
        while True:
            told = await service.get(f"/sales/{sale['id']}")
            if told["state"] == "paid":
                return dict(told)
            await asyncio.sleep(0.05)


async def everything_shown(service: Api, sale: dict[str, Any]) -> str:
    """Whatever a screen, a slip, a report or another program is told of the sale."""
    at = f"/sales/{sale['id']}"
    paths = (
        at,
        f"{at}/events",
        f"{at}/receipt",
        "/events",
        "/sales",
        "/reports/x",
        "/reports/daybook",
        "/counters/1",
    )
    return repr([sale, *[await service.get(each) for each in paths]])


@pytest.mark.row(121, 122)
async def test_pr5_pr1_pr3_pr12_the_ledger_has_every_socket_the_map_every_file_and_nobody_the_payer(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop").mkdir()
    place = Place(tmp_path / "shop")
    async with running_sandbox(tmp_path / "bank") as bank:
        place.write(bank)
        loaded, bank_port = load(place.config), int(bank.url.rpartition(":")[2])
        CONNECTS.clear()
        async with running(loaded) as now:
            await first_links(now, loaded)
            async with api(place.url, place.key_file) as service:
                told = await everything_shown(service, await sold(service, bank))
        opened = [port for port in CONNECTS if port != place.port]  # the rest is this test, asking the service
    assert {each.openid for each in bank.bank.ledger.orders} == {CUSTOMER}  # who is named in the bank's answers
    assert CUSTOMER not in told
    assert [
        each for each in place.folder.rglob("*") if each.is_file() and CUSTOMER.encode() in each.read_bytes()
    ] == []
    entries = read_ledger(loaded)
    assert set(opened) == {bank_port}
    noted = sum(each.connections for each in entries)
    assert len(opened) > 0
    assert noted - len(opened) in (0, 1)  # one that is noted may be cut off by the end, before its socket is there
    assert {(each.host, each.purpose) for each in entries} == {(f"127.0.0.1:{bank_port}", "wechatpay")}
    names = {name for each in entries for name in each.fields}
    assert {"amount.total", "out_trade_no", "notify_url"} <= names
    assert not any("payer" in name for name in names)
    asked = await asyncio.to_thread(command, "privacy", "ledger", "--config", place.config)
    assert f"127.0.0.1:{bank_port} (wechatpay)  POST /v3/pay/transactions/native  1 requests" in asked.out
    written = [each for each in place.folder.rglob("*") if each.is_file() and not each.is_relative_to(place.state)]
    assert [
        each for each in written if not data_map().file("settings", each.relative_to(place.folder).as_posix())
    ] == []
    kept = [each.relative_to(place.state).as_posix() for each in place.state.rglob("*") if each.is_file()]
    assert OUTBOUND_FILE in kept
    assert [each for each in kept if not data_map().file("state", each)] == []
