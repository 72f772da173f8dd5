"""What is wrong with a machine's settings: a sentence with a code for each, the right exit code, nothing made."""

import asyncio
import socket
from pathlib import Path

import apsw
import pytest

from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Ended, Place, command

DISPLAY = 'port = "usb-serial:CT-0001"'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.example()
    return made


def serve(place: Place, *words: str) -> Ended:
    return command("serve", "--config", place.config, *words)


def test_the_shipped_example_is_sound_with_keys_and_secrets(place: Place) -> None:
    ended = serve(place, "--check")
    told = "The settings are sound.\nPayments are told to WeChat Pay: China.\n"
    assert (ended.code, ended.out, ended.err) == (0, told, "")
    assert not place.state.exists()


def test_f1_every_problem_is_told_at_once_each_with_its_code(place: Place) -> None:
    place.example(
        ("limit_minor", "limit_miner"),
        ('store = "s-01"', "store = 7"),
        ('id = "2"', 'idd = "2"'),
        ('profile = "countertop"', 'profil = "countertop"'),
    )
    ended = serve(place, "--check")
    assert ended.code == 3
    assert sorted(ended.codes) == ["C-03", "C-03", "C-03", "C-25", "C-26"]
    for key in (
        "shop.limit_miner",
        "shop.store",
        "counters[1].idd",
        "counters[1].id",
        "counters[0].display.profil",
    ):
        assert f"{key} " in ended.err or f"{key}.\n" in ended.err


def test_f1_keys_secrets_zone_and_bindings_are_checked_together_before_anything_is_made(place: Place) -> None:
    place.example((DISPLAY, 'port = "/dev/ttyUSB0"'), ("Asia/Shanghai", "Asia/Atlantis"))
    place.secrets(apiv3_key="too short", pepper="5a5a")
    ended = serve(place, "--check")
    assert ended.code == 3
    assert ended.codes == ["C-25", "C-25", "C-20", "C-05"]
    assert "people.pepper" in ended.err
    assert "Asia/Atlantis" in ended.err
    assert "has 9 characters instead of 32" in ended.err
    assert "There is no such device port: /dev/ttyUSB0." in ended.err
    assert "Write usb-serial:NAME, usb-path:NAME, link:/path or tcp:host:port" in ended.err
    assert "countertop devices" in ended.err
    assert not place.state.exists()


@pytest.mark.parametrize("words", [["--check"], []])
def test_a_currency_that_no_channel_takes_is_told_before_the_first_sale_is_refused(
    place: Place, words: list[str]
) -> None:
    place.example(('currency = "CNY"', 'currency = "JPY"'))
    ended = serve(place, *words)
    assert (ended.code, ended.codes) == (3, ["C-31"])
    assert "No payment channel in the settings takes the shop's currency JPY." in ended.err
    assert "(CNY)" in ended.err
    assert not place.state.exists()


@pytest.mark.parametrize("pepper", ["zz" * 32, ""])
def test_a_pepper_that_is_no_key_stops_the_start_too(place: Place, pepper: str) -> None:
    place.secrets(pepper=pepper)
    ended = serve(place)
    assert (ended.code, ended.codes) == (3, ["C-25"])
    assert not place.state.exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("apiclient_key.pem", None, "C-12"),
        ("apiclient_key.pem", b"nothing", "C-13"),
        ("wechatpay_public.pem", None, "C-12"),
        ("wechatpay_public.pem", b"nothing", "C-13"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(place: Place, name: str, content: bytes | None, code: str) -> None:
    path = place.folder / "keys" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for ended in (serve(place, "--check"), serve(place)):
        assert (ended.code, ended.codes) == (3, [code])
        assert name in ended.err


def test_a_missing_file_and_a_readable_secret_are_refused_with_the_fix(place: Place) -> None:
    nowhere = command("serve", "--config", place.folder / "none.toml")
    assert (nowhere.code, nowhere.codes) == (3, ["C-01"])
    place.secrets(mode=0o644)
    readable = serve(place)
    assert (readable.code, readable.codes) == (3, ["C-04"])
    assert f"chmod 600 {place.folder / 'secrets.toml'}" in readable.err
    (place.folder / "secrets.toml").unlink()
    missing = serve(place)
    assert (missing.code, missing.codes) == (3, ["C-01"])
    assert "secrets.toml" in missing.err
    assert not place.state.exists()


def test_a_secret_outside_every_table_is_refused_and_not_repeated(place: Place) -> None:
    secrets = place.folder / "secrets.toml"
    secrets.write_text('apiv3_key = "hush"\n')
    ended = serve(place, "--check")
    assert (ended.code, ended.codes) == (3, ["C-03"])
    assert "secrets.toml: apiv3_key" in ended.err
    assert "hush" not in ended.err


def test_json_tells_every_problem_as_a_document(place: Place) -> None:
    place.example(('mode = "live"', 'mode = "live"\nspeed = 9'), ("notify_port = 0", "notify_port = 70000"))
    ended = serve(place, "--check", "--json")
    assert (ended.code, ended.err) == (3, "")
    assert [(each["error"], each["code"], each["facts"]["key"]) for each in ended.errors] == [
        ("config_unknown_key", "C-03", "speed"),
        ("config_value_wrong", "C-25", "listen.notify_port"),
    ]
    assert all(each["sentence"] and each["fix"] for each in ended.errors)


def test_a_busy_port_is_told_with_who_has_it_and_nothing_is_lost(place: Place) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", place.port))
        other.listen()
        ended = serve(place)
    assert (ended.code, ended.codes) == (3, ["C-07"])
    assert f"127.0.0.1:{place.port} (" in ended.err
    assert command("journal", "verify", "--config", place.config).code == 0


def test_d3_a_database_newer_than_the_program_is_refused_untouched(place: Place) -> None:
    async def make() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()):
            pass

    asyncio.run(make())
    database = place.state / "journal.db"
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database.read_bytes()
    for words in (["serve"], ["journal", "verify"], ["journal", "tail"]):
        ended = command(*words, "--config", place.config)
        assert (ended.code, ended.codes) == (4, ["J-02"])
    assert database.read_bytes() == before


def test_a_state_folder_that_cannot_be_made_is_told(place: Place) -> None:
    place.state.write_text("a file")
    ended = serve(place)
    assert (ended.code, ended.codes) == (4, ["J-05"])
    assert str(place.state) in ended.err
    assert place.state.read_text() == "a file"


def test_names_with_brackets_are_said_as_they_are(tmp_path: Path) -> None:
    ended = command("serve", "--config", tmp_path / "[red]shop[/]" / "c.toml")
    assert (ended.code, ended.codes) == (3, ["C-01"])
    assert "/[red]shop[/]/c.toml" in ended.err
