"""A shop on PostgreSQL as its machines run it: one sells, one stands by, and the first one dies in the middle."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from terminal.app import running
from terminal.errors import Unavailable
from terminal.payments.event import Actor, NewEvent
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.server import Sandbox
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from tests.flows.cli_rig import Ended, Place, command, serving
from tests.flows.sandbox_rig import running_sandbox
from tests.postgres import Server, meeting_of, shared_server

pytestmark = (
    pytest.mark.no_cover
)  # other processes run the lines; those of the store are measured by its own tests


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with shared_server(meeting_of(tmp_path_factory.getbasetemp())) as running:
        yield running


@pytest.fixture
def bank_keys(tmp_path: Path) -> Path:
    KeysFolder(tmp_path / "bank", SystemEntropy()).open(SystemClock().wall_ms(), ("TEST Shop 测试商店",))
    return tmp_path / "bank"


def machine(folder: Path, server: Server, bank: Sandbox, schema: str, name: str) -> Place:
    folder.mkdir()
    place = Place(folder)
    place.write(bank)
    where = server.place()
    text = place.config.read_text()
    table = f"""[journal]
store = "postgres"
dsn = "postgresql://{where.user}@/{where.database}?host={where.host}"
schema = "{schema}"
standby = true
instance = "{name}"
"""
    place.config.write_text(text + table)
    return place


def give_keys(one: Place, other: Place) -> None:
    other.state.mkdir()
    for each in ("keys", "api-key", "demo-pins"):
        copy = shutil.copytree if (one.state / each).is_dir() else shutil.copy2
        copy(one.state / each, other.state / each)


async def beside(place: Place, sale: str) -> None:
    """Another counter's machine starts and stops: it sees the open sale, and leaves it alone."""
    place.config.write_text(place.config.read_text().replace('id = "1"', 'id = "2"'))
    async with running(load(place.config)) as now:
        seen = now.service.feed.of_subject(sale)
        assert seen[0].type == "sale_opened"
        assert not any(each.actor == "system:recovery" for each in seen)
        assert set(now.service.lanes) == {"2"}
        with pytest.raises(Unavailable, match="counter_elsewhere"):
            await now.journal.append([NewEvent("counter:1", "sale_noted", sale, Actor("system", "test"), {})])


async def run(place: Place, *words: str) -> Ended:
    return await asyncio.to_thread(command, *words, "--config", place.config)


async def test_i22_killed_with_an_open_sale_its_counter_goes_on_at_the_machine_that_stood_by(
    tmp_path: Path, server: Server, bank_keys: Path
) -> None:
    async with running_sandbox(bank_keys) as bank:
        schema = server.place().schema
        one, two, three = (
            machine(tmp_path / name, server, bank, schema, name) for name in ("one", "two", "three")
        )
        async with serving(one) as now:
            paid = await now.open_sale("sale-0001")
            await now.pay(bank, paid)
            await now.sale_until(paid["id"], {"paid"})
            for place in (two, three):
                give_keys(one, place)
            stack = AsyncExitStack()
            standing_by = asyncio.create_task(stack.enter_async_context(serving(two)))
            sale = await now.open_sale("sale-0002")
            await now.known_to(bank, sale)
            assert not standing_by.done()
            await beside(three, sale["id"])
            now.send(signal.SIGKILL)
            assert await now.ended() == -signal.SIGKILL
            await now.pay(bank, sale)
            other = await standing_by
            async with stack:
                after = await other.sale_until(sale["id"], {"paid"})
                assert (after["paid_minor"], len(after["attempts"])) == (2850, 1)
                assert (await other.open_sale("sale-0002"))["id"] == sale["id"]  # asked again, it is the same sale
                assert (await other.sale_until(paid["id"], {"paid"}))["paid_minor"] == 2850
                assert [each.state for each in bank.bank.ledger.orders] == ["SUCCESS", "SUCCESS"]
        checked = await run(two, "journal", "verify")
        assert (checked.code, "Sound" in checked.out) == (0, True)
        exported = await run(two, "journal", "export", "-o", str(tmp_path / "export.jsonl"))
        assert exported.code == 0, exported.err
        copy_checked = await asyncio.to_thread(
            command, "journal", "check", tmp_path / "export.jsonl", "--checkpoints",
            two.state / "journal.db.checkpoints", "--key", two.state / "keys" / "journal.pub",
        )  # fmt: skip
        assert copy_checked.code == 0, copy_checked.err
