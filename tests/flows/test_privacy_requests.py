"""What a person asks for, and what goes by age: values leave the file, the chain stays whole."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from terminal.errors import Conflict
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, NewEvent
from terminal.privacy.retention import DAY_MS
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.privacy import Keeper, erase, hold, retain, what_is_due
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Place, command
from tests.flows.test_statement_folder import written as with_account

PHONE, NAME = "13800138001", "Maria Silva dos Santos"
CASHIER, OWNER = Actor("person", "01CASHIER"), Actor("person", "01OWNER")


class Clock:
    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.now = now_ms

    def wall_ms(self) -> int:
        return self.now

    def mono_ns(self) -> int:
        return self.now * 1_000_000


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    place = Place(tmp_path)
    place.example()
    return load(place.config)


async def two_payers(journal: SqliteJournal) -> None:
    """One of today's kind of connector keeps nothing; this is what a connector of somebody's own may keep."""
    for sale, value in (("SALE1", PHONE), ("SALE2", NAME)):
        body = {"amount_minor": 2850}
        await journal.append([NewEvent("counter:1", "sale_noted", sale, CASHIER, body, personal={"payer": value})])
    added = {"label": "Wang Fang", "role": "cashier", "pin": "$argon2id$v=19$secret"}
    await journal.append([NewEvent("people:s1", "person_added", "01CASHIER", Actor("person", "01OWNER"), added)])


async def filled(loaded: Loaded, clock: Clock) -> SqliteJournal:
    journal = open_journal(loaded, clock, SystemEntropy())
    await two_payers(journal)
    return journal


def bytes_of(loaded: Loaded) -> bytes:
    return b"".join(each.read_bytes() for each in loaded.state.glob("journal.db*"))


@pytest.mark.row(123)
async def test_pr9_erased_values_are_gone_a_hold_keeps_them_and_the_journal_still_verifies(loaded: Loaded) -> None:
    journal = await filled(loaded, Clock())
    try:
        await hold(journal, "s1", "SALE1", OWNER, "letter of the court", begin=True)
        with pytest.raises(Conflict, match="personal_held"):
            await erase(journal, "s1", "SALE1", OWNER, "asked for")
        assert journal.personal(1) == {"payer": PHONE}
        await hold(journal, "s1", "SALE1", OWNER, "court is done", begin=False)
        assert await erase(journal, "s1", "SALE1", OWNER, "asked for") == 1
        assert (journal.personal(1), journal.personal(2)) == ({}, {"payer": NAME})
        assert await erase(journal, "s1", "SALE1", OWNER, "asked again") == 0
        told = [(each.type, each.body.get("count")) for each in journal.of_subject("privacy:SALE1")]
        kinds = ["personal_held", "personal_released", "personal_erased", "personal_erased"]
        assert told == list(zip(kinds, [None, None, 1, 0], strict=True))
        assert (await journal.verify_all()).sound
    finally:
        await journal.close()
    assert PHONE.encode() not in bytes_of(loaded)
    assert NAME.encode() not in bytes_of(loaded)  # what is still there is encrypted


@pytest.mark.row(121)
async def test_pr8_personal_values_go_after_180_days_unless_held_and_the_chain_stays_whole(loaded: Loaded) -> None:
    clock = Clock()
    journal = await filled(loaded, clock)
    try:
        await hold(journal, "s1", "SALE2", OWNER, "letter of the court", begin=True)
        clock.now += 180 * DAY_MS
        assert (await retain(loaded, journal, clock.now)).people == ()
        clock.now += 1
        assert what_is_due(loaded, clock.now).people == ("SALE1",)
        assert journal.personal(1) == {"payer": PHONE}  # a look deletes nothing
        assert (await retain(loaded, journal, clock.now)).people == ("SALE1",)
        assert (journal.personal(1), journal.personal(2)) == ({}, {"payer": NAME})
        assert (await retain(loaded, journal, clock.now)).people == ()
        assert (await journal.verify_all()).sound
    finally:
        await journal.close()


async def test_pr8_a_running_shop_looks_every_day_by_itself(loaded: Loaded) -> None:
    clock = Clock()
    journal = await filled(loaded, clock)
    letter = loaded.state / "letters" / "a.txt"
    letter.parent.mkdir()
    letter.touch()
    os.utime(letter, (clock.now / 1000, clock.now / 1000))
    keeper = Keeper(loaded, clock, journal)
    try:
        await keeper.look()
        assert letter.exists()
        clock.now += 181 * DAY_MS
        await keeper.look()
        assert (letter.exists(), journal.personal(1)) == (False, {})
    finally:
        await journal.close()


def aged(path: Path, days: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", "utf-8")
    then_s = SystemClock().wall_ms() / 1000 - days * 86_400
    os.utime(path, (then_s, then_s))
    return path


@pytest.mark.row(121)
def test_pr8_the_command_says_first_what_would_go_and_then_deletes_that_and_nothing_else(loaded: Loaded) -> None:
    old = [aged(loaded.state / name, 500) for name in ("letters/a.txt", "bills/w.bill", "bundles/b.zip")]
    stays = [aged(loaded.state / "keys/journal.key", 500), aged(loaded.state / "letters/new.txt", 1)]
    stays.append(aged(loaded.state / "bills/of-nobody/deep.txt", 500))
    (loaded.state / "letters" / "link").symlink_to(stays[0])
    config = loaded.folder / "countertop.toml"
    shown = command("privacy", "retain", "--dry-run", "--config", config)
    assert (shown.code, [each.exists() for each in old]) == (0, [True] * 3)
    assert "letters/a.txt  500 > 90 days" in shown.out
    done = command("privacy", "retain", "--config", config)
    assert (done.code, [each.exists() for each in old]) == (0, [False] * 3)
    assert "3 gone" in done.out
    assert [each.exists() for each in stays] == [True] * 3
    assert (loaded.state / "letters" / "link").is_symlink()


@pytest.mark.row(123)
def test_pr9_the_commands_tell_what_is_held_without_hashes_and_erase_it(loaded: Loaded) -> None:
    async def fill() -> None:
        await (await filled(loaded, Clock())).close()

    asyncio.run(fill())
    config = "--config", loaded.folder / "countertop.toml"
    told = msgspec.json.decode(command("privacy", "export", "SALE1", *config).out)
    assert (told["about"], told["held"], told["events"][0]["personal"]) == ("SALE1", False, {"payer": PHONE})
    staff = command("privacy", "export", "Wang Fang", *config)
    assert [each["type"] for each in msgspec.json.decode(staff.out)["events"]] == [
        *("sale_noted", "sale_noted"),  # what they did
        "person_added",
    ]
    assert "argon2id" not in staff.out
    nobody = command("privacy", "export", "somebody else", *config)
    assert nobody.code == 1
    assert "Nothing is kept under somebody else" in " ".join(nobody.err.split())
    held = command("privacy", "hold", "SALE1", "--reason", "court", *config)
    refused = command("privacy", "erase", "SALE1", "--reason", "asked", *config)
    assert (held.code, refused.code) == (0, 1)
    assert "legal hold" in refused.err
    assert command("privacy", "release", "SALE1", "--reason", "over", *config).code == 0
    would = command("privacy", "erase", "SALE1", "--reason", "asked", "--dry-run", *config)
    assert "1 personal values would be erased" in would.out
    assert "1 personal values erased" in command("privacy", "erase", "SALE1", "--reason", "asked", *config).out
    assert PHONE not in command("privacy", "export", "SALE1", *config).out
    assert command("journal", "verify", *config).code == 0


def test_pr9_an_erasure_says_how_many_texts_that_people_wrote_are_left(loaded: Loaded) -> None:
    async def fill() -> None:
        journal = await filled(loaded, Clock())
        lines = [{"name": "haircut for Mrs. Li", "count": 1, "amount_minor": 2850}]
        for kind, body in (
            ("sale_opened", {"amount_minor": 2850, "lines": lines}),
            ("sale_moved", {"to": "paid", "why": ""}),
            ("refund_started", {"amount_minor": 2850, "reason": "too short"}),
        ):
            await journal.append([NewEvent("counter:1", kind, "SALE3", CASHIER, body)])
        await journal.close()

    asyncio.run(fill())
    words = "--reason", "asked", "--dry-run", "--config", loaded.folder / "countertop.toml"
    told = command("privacy", "erase", "SALE3", *words)
    assert "2 of them hold words that somebody wrote" in " ".join(told.out.split())
    counted = msgspec.json.decode(command("privacy", "erase", "SALE3", *words, "--json").out)
    assert (counted["values"], counted["events"], counted["texts"]) == (0, 3, 2)
    assert "words" not in command("privacy", "erase", "SALE1", *words).out


def test_pr15_the_notice_of_a_breach_counts_payments_and_staff_of_its_days(loaded: Loaded) -> None:
    clock = Clock()

    async def fill() -> None:
        journal = await filled(loaded, clock)
        paid = {"from": "open", "to": "paid", "why": "", "at_ms": clock.now}
        for sale in ("SALE1", "SALE2"):
            await journal.append([NewEvent("counter:1", "sale_moved", sale, CASHIER, paid)])
        clock.now += DAY_MS
        await journal.append([NewEvent("counter:1", "sale_moved", "SALE3", CASHIER, paid)])
        await journal.close()

    asyncio.run(fill())
    day = "--since", "2027-01-15", "--until", "2027-01-15"  # of the clock's first day, UTC
    told = command("privacy", "breach", *day, "--config", loaded.folder / "countertop.toml")
    assert told.code == 0
    assert "Payments in this time: 2. Staff with an account here: 1." in told.out
    assert NAME not in told.out


def test_pr13_the_check_of_the_settings_names_every_provider_and_its_place(loaded: Loaded) -> None:
    told = command("serve", "--check", "--config", loaded.folder / "countertop.toml")
    assert told.code == 0
    [line] = [each for each in told.out.splitlines() if each.startswith("Payments are told to")]
    assert line == "Payments are told to WeChat Pay: China."


def test_pr8_statements_that_were_read_go_with_the_bills_and_what_waits_to_be_read_stays(tmp_path: Path) -> None:
    loaded = with_account(tmp_path, "[state]", "[state]\nbill_days = 30")
    gone = [aged(tmp_path / "in" / name, 31) for name in ("done/may.csv", "refused/odd.csv")]
    stays = [aged(tmp_path / "in" / name, age) for name, age in (("june.csv", 31), ("done/june.csv", 29))]
    found = what_is_due(loaded, SystemClock().wall_ms())
    assert sorted(each.path for each in found.files) == ["statements/done/may.csv", "statements/refused/odd.csv"]
    asyncio.run(retain(loaded, None, SystemClock().wall_ms()))
    assert ([each.exists() for each in gone], [each.exists() for each in stays]) == ([False] * 2, [True] * 2)
