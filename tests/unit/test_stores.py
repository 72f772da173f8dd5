"""Which store the settings mean, what it is told, and what a shared journal asks of the rest of a service."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from terminal.errors import BadSettings, JournalError
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Event, NewEvent
from terminal.settings import CounterTable, JournalTable, Loaded, Secrets, Settings, Shop
from terminal.settings.channel_tables import WeChatPayTable
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import chores, listen_to_others, lost, open_store, place_of, reading_path, serves
from tests.postgres import Server

FAR = "postgresql://shop@db.example/chain"
SYSTEM = Actor("system", "test")


def loaded(folder: Path, journal: JournalTable, counter: str = "1", password: str = "") -> Loaded:
    channel = WeChatPayTable(mchid="m", appid="a", merchant_serial="s", merchant_key_file="k", sandbox=True)
    made = Settings(
        mode="test",
        shop=Shop(merchant="m1", store="s1", title="Tea"),
        journal=journal,
        channels={"wechatpay": channel},
        counters=(CounterTable(id=counter),),
    )
    secrets = {"journal": {"password": password}} if password else {}
    folder.mkdir(exist_ok=True)
    return Loaded(_in(made, folder), folder, Secrets(secrets))


def _in(settings: Settings, folder: Path) -> Settings:
    state = msgspec.structs.replace(settings.state, folder=str(folder))
    return msgspec.structs.replace(settings, state=state)


def table(place: Place, **more: object) -> JournalTable:
    dsn = f"postgresql://{place.user}@/{place.database}?host={place.host}"
    return JournalTable(store="postgres", dsn=dsn, schema=place.schema, **more)  # type: ignore[arg-type]  # the test's own


def test_a_far_database_needs_its_password_from_the_secrets_and_a_near_one_does_not(tmp_path: Path) -> None:
    far = JournalTable(store="postgres", dsn=FAR, ca="db.pem")
    with pytest.raises(BadSettings, match=r"config_secret_missing.*journal\.password"):
        place_of(loaded(tmp_path, far))
    place = place_of(loaded(tmp_path, far, password="geheim"))
    assert (place.password, place.ca, place.schema) == ("geheim", (tmp_path / "db.pem").resolve(), "countertop")
    near = JournalTable(store="postgres", dsn="postgresql://shop@/chain?host=/run/postgresql")
    assert place_of(loaded(tmp_path, near)).password == ""
    with pytest.raises(BadSettings, match=r"config_key_missing.*journal\.dsn"):
        place_of(loaded(tmp_path, JournalTable()))


async def test_a_file_is_the_default_and_its_shop_serves_every_counter(tmp_path: Path) -> None:
    settings = loaded(tmp_path, JournalTable())
    journal = await open_store(settings, SystemClock(), SystemEntropy())
    assert isinstance(journal, SqliteJournal)
    assert reading_path(settings).name == "journal.db"
    assert serves(settings)("77")
    await lost(journal)  # one's own file is not lost to another machine
    await chores(journal)
    await journal.close()


async def test_on_a_shared_journal_each_machine_serves_its_own_counters_and_hears_of_the_others(
    server: Server, tmp_path: Path
) -> None:
    place = server.place()
    one = loaded(tmp_path / "one", table(place, instance="one"))
    first = await open_store(one, SystemClock(), SystemEntropy())
    assert isinstance(first, PostgresJournal)
    two = loaded(tmp_path / "two", table(place), counter="2")
    await first.append([NewEvent("counter:1", "sale_opened", "s1", SYSTEM, {})])
    with pytest.raises(BadSettings, match="key_file_missing"):
        await open_store(two, SystemClock(), SystemEntropy())  # the keys of a journal are made once
    shutil.copytree(tmp_path / "one" / "keys", tmp_path / "two" / "keys")
    second = await open_store(two, SystemClock(), SystemEntropy())
    assert reading_path(two).exists()
    assert [serves(two)(counter) for counter in ("2", "", "1")] == [True, True, False]
    heard: list[str] = []

    def hear(events: Sequence[Event]) -> None:
        heard.extend(each.subject for each in events)

    listen_to_others(second, hear, hear)
    await second.append([NewEvent("counter:2", "sale_opened", "mine", SYSTEM, {})])
    await first.append([NewEvent("counter:1", "sale_opened", "s2", SYSTEM, {})])
    await second.append([NewEvent("counter:2", "sale_opened", "mine too", SYSTEM, {})])
    assert heard == ["s2", "s2"]
    await second.close()
    with pytest.raises(JournalError, match=r"counter_held.*one"):
        await open_store(loaded(tmp_path / "two", table(place)), SystemClock(), SystemEntropy())
    await chores(first)
    await first.abandon()
    with pytest.raises(JournalError, match="abandoned"):
        await lost(first)
