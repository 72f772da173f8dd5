"""The pages of steps "stolen machine" and "leaked key", done as they are written (docs/recovery.md)."""

import asyncio
from pathlib import Path

import pytest

from terminal.app import running
from terminal.errors import NotAllowed
from terminal.people.roles import Principal, Role
from terminal.people.service import People
from terminal.settings import load
from tests.flows.cli_rig import Place, command

PHRASE, OTHER_PHRASE = "five words on a paper", "five other words on paper"
OWNER_PIN, CASHIER_PIN, NEW_PIN, NEW_CASHIER_PIN = "739164", "294857", "518264", "672915"
MACHINE = "127.0.0.1"


def signed(people: People, session: str) -> Principal:
    found = people.who("", session)
    assert found is not None
    return found


def phrase_of(place: Place, phrase: str) -> None:
    place.secrets()
    secrets = place.folder / "secrets.toml"
    secrets.write_text(secrets.read_text() + f'[backup]\npassphrase = "{phrase}"\n')


@pytest.mark.row(127)
async def test_after_a_theft_the_restored_shop_lets_nobody_in_by_what_was_stolen(tmp_path: Path) -> None:
    stolen, stick, ours = Place(tmp_path / "stolen"), tmp_path / "stick", Place(tmp_path / "ours")
    for folder in (stolen.folder, stick):
        folder.mkdir()
    stolen.example()
    phrase_of(stolen, PHRASE)
    async with running(load(stolen.config)) as shop:
        people = shop.people
        owner = await people.set_up(people.new_set_up_code(), label="Ana", pin=OWNER_PIN, device=MACHINE)
        ana = signed(people, owner.session_token)
        mei = await people.add_person(ana, Role.CASHIER, "Mei", CASHIER_PIN)
        till = await people.pair(people.new_pairing_code(ana, "1"), label="till", device=MACHINE)
        pos = await people.new_api_key(ana, label="POS", scopes=["sales"], counters=["1"], days=30)
        saved = await asyncio.to_thread(command, "backup", "--to", stick, "--config", stolen.config)
        assert saved.code == 0, saved.err

    (file,) = stick.iterdir()
    paper = tmp_path / "phrase"
    paper.write_text(PHRASE + "\n")
    back = await asyncio.to_thread(
        command, "restore", file, "--config", ours.config, "--state", ours.state, "--passphrase-file", paper
    )
    assert back.code == 0, back.err
    async with running(load(ours.config)) as shop:
        people = shop.people
        assert people.who("", owner.session_token) is None, "a session lives in the memory of its machine"
        assert people.who(till), "a paired till is known here as well, until somebody removes it"
        assert people.who_key(pos.key)
        ana = signed(people, await people.sign_in(owner.person, OWNER_PIN, device=MACHINE))
        for device in people.devices(ana):
            await people.unpair(ana, device.id)
        for key in people.api_keys(ana):
            await people.revoke_api_key(ana, key.id)
        await people.set_pin(ana, mei, NEW_CASHIER_PIN)
        await people.set_pin(ana, owner.person, NEW_PIN)
        assert people.who(till) is None
        assert people.who_key(pos.key) is None
        for person, pin in ((owner.person, OWNER_PIN), (mei, CASHIER_PIN)):
            with pytest.raises(NotAllowed, match="pin_wrong"):
                await people.sign_in(person, pin, device=MACHINE)
        assert await people.sign_in(owner.person, NEW_PIN, device=MACHINE)

    phrase_of(ours, OTHER_PHRASE)
    (second := tmp_path / "second").mkdir()
    rotated = await asyncio.to_thread(command, "security", "rotate", "journal-keys", "--config", ours.config)
    assert rotated.code == 0, rotated.err
    saved = await asyncio.to_thread(command, "backup", "--to", second, "--config", ours.config)
    assert saved.code == 0, saved.err
    (newer,) = second.iterdir()
    third = Place(tmp_path / "third")
    refused = await asyncio.to_thread(
        command, "restore", newer, "--config", third.config, "--state", third.state, "--passphrase-file", paper
    )
    assert refused.codes == ["J-33"], "the stolen passphrase opens nothing that is made from now on"
    assert (await asyncio.to_thread(command, "journal", "verify", "--config", ours.config)).code == 0
