"""The only owner forgot the PIN or lost the phone: helped at the machine, the service stopped, and recorded."""

import asyncio
from pathlib import Path

import pytest

from terminal.counter.feed import Feed
from terminal.errors import NotAllowed
from terminal.people.service import People
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.wiring.house import people_of, pepper_of
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import command

FORGOTTEN, NEW = "837465", "294857"
SETTINGS = """\
mode = "live"
[shop]
merchant = "m"
store = "s"
title = "Tea"
[state]
folder = "state"
[channels]
[[counters]]
id = "1"
channels = []
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path, secrets = tmp_path / "countertop.toml", tmp_path / "secrets.toml"
    path.write_text(SETTINGS)
    secrets.write_text(f'[people]\npepper = "{"5a" * 32}"\n')
    secrets.chmod(0o600)
    return path


async def with_people(loaded: Loaded, *pins: str) -> tuple[list[bool], list[str]]:
    """Make the owner where there is none; whether each PIN lets them in, and what the journal says of them."""
    clock, entropy = SystemClock(), SystemEntropy()
    async with open_journal(loaded, clock, entropy) as journal:
        people = people_of(loaded, Feed(journal), (clock, entropy, SystemIds()), pepper_of(loaded))
        if people.set_up_needed():
            await people.set_up(people.new_set_up_code(), label="Mei", pin=FORGOTTEN, device="d")
        let_in = [await lets_in(people, pin) for pin in pins]
        events = [each for each in journal.after(0, limit=100) if each.type.startswith(("pin_set", "person"))]
        return let_in, [f"{each.type} {each.actor}" for each in events]


async def lets_in(people: People, pin: str) -> bool:
    [owner] = people.people()
    try:
        await people.sign_in(owner.id, pin, device="d")
    except NotAllowed:
        return False
    return True


@pytest.mark.row(124)
def test_s36_the_only_owner_is_helped_at_the_machine_and_the_journal_says_so(config: Path) -> None:
    words = ("security", "owner-pin", "--config", config)
    assert command(*words).code == 1, "nobody was ever here, and no journal is made for it"
    assert not (config.parent / "state" / "journal.db").exists()
    loaded = load(config)
    asyncio.run(with_people(loaded))
    assert "U-" in command(*words, typed="111111\n111111\n").err, "a weak one stays weak"
    assert command(*words, "Zoe", typed=f"{NEW}\n{NEW}\n").code == 1
    done = command(*words, "--json", typed=f"{NEW}\n{NEW}\n")
    assert (done.code, '"owner": "Mei"' in done.out, NEW in done.out + done.err) == (0, True, False)
    let_in, told = asyncio.run(with_people(loaded, FORGOTTEN, NEW))
    assert let_in == [False, True]
    assert told[-1] == "pin_set system:security-command"


@pytest.mark.row(124)
def test_i20_beside_a_running_service_nothing_is_set(config: Path) -> None:
    loaded = load(config)
    asyncio.run(with_people(loaded))

    async def beside() -> int:
        async with open_journal(loaded, SystemClock(), SystemEntropy()):
            words = ("security", "owner-pin", "--config", config)
            return (await asyncio.to_thread(command, *words, typed=f"{NEW}\n{NEW}\n")).code

    assert asyncio.run(beside()) == 4
    assert asyncio.run(with_people(loaded, FORGOTTEN))[0] == [True]
