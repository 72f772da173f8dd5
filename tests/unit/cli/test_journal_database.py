"""``countertop journal`` where PostgreSQL keeps the record: moved there, verified there, exported from there."""

import asyncio
from pathlib import Path

import pytest

from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import open_journal, open_store
from tests.flows.cli_rig import Place, command
from tests.postgres import Server
from tests.unit.journal.world import event

STREAM = "store:s-01"


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    made, where = Place(tmp_path), server.place()
    dsn = f"postgresql://{where.user}@/{where.database}?host={where.host}"
    table = f'[journal]\nstore = "sqlite"\ndsn = "{dsn}"\nschema = "{where.schema}"\n\n[listen]\n'
    made.example(("[listen]\n", table))
    return made


def test_a_record_moves_and_is_read_where_it_is_now(place: Place) -> None:
    async def write() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()) as journal:
            await journal.append([event(f"sale-{number}", stream=STREAM) for number in range(30)])

    async def go_on() -> None:
        async with await open_store(load(place.config), SystemClock(), SystemEntropy()) as journal:
            await journal.append([event("sale-30", stream=STREAM)])

    asyncio.run(write())
    here = "--config", place.config
    before = command("journal", "export", *here)
    moved = command("journal", "migrate", "--to", "postgres", *here)
    assert (moved.code, moved.err) == (0, "")
    assert "30 events are in" in moved.out
    assert "journal.db.moved" in moved.out
    assert 'set store = "postgres" under [journal]' in moved.out
    again = command("journal", "migrate", "--to", "postgres", *here)
    assert (again.code, again.codes) == (4, ["J-20"])
    place.config.write_text(place.config.read_text().replace('store = "sqlite"', 'store = "postgres"'))
    assert command("serve", "--check", *here).code == 0
    asyncio.run(go_on())
    verified = command("journal", "verify", *here)
    assert (verified.code, verified.out) == (0, "Sound: 31 events, every one of them in its chain.\n")
    assert command("journal", "export", *here).out.startswith(before.out)
    assert "sale-30" in command("journal", "tail", *here).out


def test_a_database_that_is_away_is_said_so(place: Place) -> None:
    text = place.config.read_text().replace('store = "sqlite"', 'store = "postgres"')
    place.config.write_text(text.replace("host=", "host=/nowhere"))
    asked = command("serve", "--config", place.config)
    assert (asked.code, asked.codes) == (4, ["J-27"])
    assert "/nowhere" in asked.err
