"""``countertop serve`` with doors in its settings, as a process: each answers, a restart keeps what was begun."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import pytest

from terminal.sandbox.keys_folder import KeysFolder
from terminal.system import SystemClock, SystemEntropy
from tests.flows.cli_rig import WATCHDOG_S, Place, countertop, serving
from tests.flows.door_http import SECRET
from tests.flows.ports import claim
from tests.flows.sandbox_rig import running_sandbox

DOORS = """
[doors.front]
kind = "hw_proxy"
counter = "1"
port = {proxy}
[doors.files]
kind = "folder"
counter = "1"
folder = "till"
look_s = 0.05
[doors.line]
kind = "amount_line"
counter = "1"
port = {line}
"""
INFO = {"amount": 28.5, "currency_iso": "CNY", "payment_id": "p1"}


@pytest.mark.slow
async def test_the_doors_of_the_settings_answer_and_know_their_sale_after_a_kill(tmp_path: Path) -> None:
    KeysFolder(tmp_path / "bank", SystemEntropy()).open(SystemClock().wall_ms(), ("TEST Shop 测试商店",))
    (tmp_path / "till").mkdir(mode=0o770)
    proxy, line = claim(), claim()
    async with running_sandbox(tmp_path / "bank") as bank, aiohttp.ClientSession() as session:
        place = Place(tmp_path)
        place.write(bank)
        with place.config.open("a") as file:
            file.write(DOORS.format(proxy=proxy, line=line))
        checked = await countertop("serve", "--check", "--config", place.config)
        assert "doors-front.path" in checked.err
        with (tmp_path / "secrets.toml").open("a") as file:
            file.write(f'[doors-front]\npath = "{SECRET}"\n')

        async def start() -> dict[str, object]:
            body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": {"payment_info": INFO}, "id": 1})
            url = f"http://127.0.0.1:{proxy}/{SECRET}/hw_proxy/payment_terminal_transaction_start"
            async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as told:
                return dict((await told.json())["result"])

        async with serving(place) as now:
            began = await start()
            reader, writer = await asyncio.open_connection("127.0.0.1", line)
            writer.write(b"9.00\r")
            assert (await reader.readline()).startswith(b"REFUSED A-30 sale_live")
            writer.transport.abort()
            now.send(signal.SIGKILL)
            await now.ended()
        async with serving(place):
            assert (await start())["transaction_id"] == began["transaction_id"]
            (tmp_path / "till" / "in" / "1.txt").write_text("AMOUNT=9.00\n")
            async with asyncio.timeout(WATCHDOG_S):
                while not (tmp_path / "till" / "out" / "1.txt").exists():  # noqa: ASYNC110  # a till looks
                    await asyncio.sleep(0.05)
            assert "SLUG=sale_live" in (tmp_path / "till" / "out" / "1.txt").read_text()
