"""``countertop sale`` at a terminal that somebody leaves in the middle."""

import asyncio
import signal
from pathlib import Path

import pytest

from terminal.people.key_file import write_key
from tests.flows.api_rig import open_shop
from tests.flows.cli_rig import START, WATCHDOG_S, environment


@pytest.mark.slow
async def test_ctrl_c_ends_the_watching_and_says_that_the_sale_goes_on(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine("sales")
        write_key(shop.folder / "key", pos.headers["Authorization"].removeprefix("Bearer "))
        process = await asyncio.create_subprocess_exec(
            *START, "sale", "28.50", "--url", shop.url, "--key-file", str(shop.folder / "key"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(),
        )  # fmt: skip
        async with asyncio.timeout(WATCHDOG_S):
            assert process.stdout is not None
            opened = (await process.stdout.readline()).decode().split()
            assert opened[0] == "¥28.50"
            await process.stdout.readline()  # what the till says of it: it is being watched
            process.send_signal(signal.SIGINT)
            _, said = await process.communicate()
        assert (process.returncode, "Traceback" in said.decode()) == (130, False)
        assert f"The sale goes on and can be paid: countertop sale show {opened[1]}" in said.decode()
        assert (await pos.get(f"/sales/{opened[1]}")).body["state"] == "open"
