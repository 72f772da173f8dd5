"""``countertop serve`` as a process: signals, a second one beside it, full disks, devices that are not there."""

import asyncio
import resource
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.server import Sandbox
from terminal.system import SystemClock, SystemEntropy
from tests.flows.cli_rig import WATCHDOG_S, Place, command, serving
from tests.flows.sandbox_rig import running_sandbox

NOT_THERE = """[counters.display]
port = "usb-serial:CT-0001"
[counters.printer]
port = "link:/dev/no-such-printer"
"""


@pytest.fixture(scope="module")
def bank_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RSA keys take a second to make: once for all."""
    folder = tmp_path_factory.mktemp("bank")
    KeysFolder(folder, SystemEntropy()).open(SystemClock().wall_ms(), ("TEST Shop 测试商店",))
    return folder


@pytest.fixture
async def bank(tmp_path: Path, bank_keys: Path) -> AsyncIterator[Sandbox]:
    shutil.copytree(bank_keys, tmp_path / "bank")
    async with running_sandbox(tmp_path / "bank") as sandbox:
        yield sandbox


@pytest.fixture
def place(tmp_path: Path, bank: Sandbox) -> Place:
    made = Place(tmp_path)
    made.write(bank)
    return made


def verified(place: Place) -> int:
    return command("journal", "verify", "--config", place.config).code


async def test_sigterm_ends_it_with_0_and_the_next_start_knows_everything(place: Place, bank: Sandbox) -> None:
    async with serving(place) as now:
        sale = await now.open_sale("sale-0001")
        await now.known_to(bank, sale)
        pins, key = (place.state / "demo-pins").read_text(), place.key_file.read_text()
        now.send(signal.SIGTERM)
        assert await now.ended() == 0
        assert "everything is in the journal" in now.said
    assert verified(place) == 0
    async with serving(place) as again:
        after = await again.sale_until(sale["id"], {"open"})
        assert (after["no"], after["attempts"][0]["id"]) == (sale["no"], sale["attempts"][0]["id"])
        assert ((place.state / "demo-pins").read_text(), place.key_file.read_text()) == (pins, key)
        for secret in ("demo-pins", "api-key", "ready.json"):
            assert stat.S_IMODE((place.state / secret).stat().st_mode) == 0o600
        again.send(signal.SIGINT)
        assert await again.ended() == 0


async def test_f3_nobody_reads_what_it_says_any_more_and_money_goes_on(place: Place, bank: Sandbox) -> None:
    async with serving(place) as now:
        for number in (1, 2):  # both pipes are gone, as when the program that started it ends
            pipe = now.process._transport.get_pipe_transport(number)  # type: ignore[attr-defined]  # asyncio has no other way
            pipe.close()
        sale = await now.open_sale("sale-0001")
        await now.pay(bank, sale)
        await now.sale_until(sale["id"], {"paid"})
        now.send(signal.SIGTERM)
        async with asyncio.timeout(WATCHDOG_S):
            assert await now.process.wait() == 0
    assert verified(place) == 0


async def test_i22_killed_it_asks_about_the_open_sale_at_its_next_start_and_hears_that_it_was_paid_meanwhile(
    place: Place, bank: Sandbox
) -> None:
    async with serving(place) as now:
        sale = await now.open_sale("sale-0001")
        await now.known_to(bank, sale)
        now.send(signal.SIGKILL)
        assert await now.ended() == -signal.SIGKILL
    await now.pay(bank, sale)
    async with serving(place) as again:
        assert (await again.sale_until(sale["id"], {"paid"}))["paid_minor"] == 2850
        assert (await again.open_sale("sale-0001"))["id"] == sale["id"]  # the same request again is the same sale
    assert verified(place) == 0


async def test_commands_beside_it_a_second_service_is_refused_the_others_answer(
    place: Place, bank: Sandbox
) -> None:
    place.write(bank, counter=NOT_THERE)
    async with serving(place) as now:
        second = await place.serve()
        assert (second.code, second.codes) == (4, ["J-01"])
        assert f"(process {now.pid})" in second.err
        here = "--url", place.url, "--key-file", place.key_file
        sold = await asyncio.to_thread(command, "sale", "28.50", "--no-wait", "--json", *here)
        assert sold.code == 0
        sale = msgspec.json.decode(sold.out)
        assert (sale["amount_minor"], sale["state"]) == (2850, "open")
        await now.known_to(bank, sale)  # the bank is asked although display and printer are not there

        health = await asyncio.to_thread(command, "devices", *here)
        assert (health.code, health.err) == (0, "")
        assert "display: D-01 The customer display is not connected." in health.out
        assert (
            "printer: P-05 The printer is not connected. The receipt is kept. Check its power and cable.\n"
            in health.out
        )
        unknown = await asyncio.to_thread(command, "sale", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", *here)
        assert (unknown.code, unknown.codes) == (1, ["A-26"])
        other = await asyncio.to_thread(command, "sale", "5", "--currency", "BRL", "--json", *here)
        assert (other.code, [each["error"] for each in other.errors]) == (1, ["currency_not_taken"])
        nobody = await asyncio.to_thread(command, "sale", "5", "--counter", "9", "--json", *here)
        assert (nobody.code, [each["code"] for each in nobody.errors]) == (1, ["A-25"])
        shown = await asyncio.to_thread(command, "sale", "show", sale["id"], *here)
        assert shown.code == 0
        assert "attempt_started" in shown.out
        assert verified(place) == 0  # reading beside it is no second service


async def test_a_full_disk_at_the_start_is_told_wherever_it_is_met_and_with_room_the_next_start_works(
    place: Place,
) -> None:
    for file_bytes in (300, 2_000, 40_000):  # met in the middle of a key, of the database, of its log
        ended = await place.serve(file_bytes=file_bytes)
        assert (file_bytes, ended.code, ended.codes) == (file_bytes, 4, ["J-08"])
    async with serving(place) as now:
        await now.open_sale("sale-0001")
    assert verified(place) == 0


async def test_i20_a_disk_that_fills_up_ends_it_with_4_and_nothing_acknowledged_is_lost(
    place: Place, bank: Sandbox
) -> None:
    acknowledged = []
    async with serving(place) as now:
        sale = await now.open_sale("sale-0000")
        await now.pay(bank, sale)
        acknowledged.append(await now.sale_until(sale["id"], {"paid"}))
        full = (place.state / "journal.db-wal").stat().st_size + 4096
        resource.prlimit(now.pid, resource.RLIMIT_FSIZE, (full, full))
        body = {"counter": "1", "amount_minor": 2850, "currency": "CNY"}
        for number in range(1, 20):
            try:
                status, told = await now.ask("POST", "/sales", body, key=f"sale-00{number:02}")
            except (OSError, aiohttp.ClientError):  # refused, or cut off in the middle of an answer
                break
            if status != 201:
                break
            acknowledged.append(told)
        assert await now.ended() == 4
        assert "J-08" in now.err
    async with serving(place) as again:
        for told in acknowledged:
            status, after = await again.ask("GET", f"/sales/{told['id']}")
            assert (status, after["amount_minor"]) == (200, 2850)
            assert after["state"] == told["state"] or told["state"] == "open"
    assert verified(place) == 0
