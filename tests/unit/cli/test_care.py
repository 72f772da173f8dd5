"""First aid, the code over the phone and the cards: commands that need no running service."""

import os
from pathlib import Path

import msgspec
import pytest

from drivers.hotplug import Port
from terminal.cli.doctor.checks import Access, Finding, Machine
from terminal.cli.doctor.fix import DAY_S, RULE_FILE, repairs
from terminal.help.languages import LANGUAGES
from terminal.settings import load
from terminal.wiring.care import KEPT_MAX, call_for_help, care_parts
from tests.flows.cli_rig import Place, command

PORT = Port("/dev/ttyUSB0", "serial", "USB Serial", "usb-path:p", True, "1a86", "7523", "", "p")
CLOSED = Machine(ports=(PORT,), access={PORT.path: Access(0, 0, "root", 0o600)}, uid=1000, user="shop")
NOW_S = 2_000_000_000.0
pytestmark = pytest.mark.row(135, 154)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.example()
    return made


def test_first_aid_closes_secrets_removes_cut_off_downloads_and_says_each(place: Place) -> None:
    secrets, keys, bills = place.folder / "secrets.toml", place.state / "keys", place.state / "bills" / "wechatpay"
    keys.mkdir(parents=True)
    bills.mkdir(parents=True)
    place.state.chmod(0o700)
    for path in (keys / "journal.key", keys / "journal.pub", place.state / "journal.db"):
        path.write_bytes(b"x")
        path.chmod(0o644)
    secrets.chmod(0o644)
    whole, old, young = bills / "day.csv", bills / "day.part", bills / "new.part"
    for path in (whole, old, young):
        path.write_bytes(b"bytes")
        os.utime(path, (NOW_S - 2 * DAY_S,) * 2)
    os.utime(young, (NOW_S - 60,) * 2)
    loaded = load(place.config, despite={"config_secret_readable"})
    done = repairs(loaded, Machine(), now_s=NOW_S)
    fixed = {Path(each.facts["path"]).name for each in done}
    assert fixed == {"secrets.toml", "journal.key", "day.part", "apiclient_key.pem"}
    assert {secrets.stat().st_mode & 0o777, (keys / "journal.key").stat().st_mode & 0o777} == {0o600}
    assert (keys / "journal.pub").stat().st_mode & 0o777 == 0o644
    assert (whole.exists(), young.exists(), old.exists()) == (True, True, False)
    assert (place.state / "journal.db").read_bytes() == b"x", "money is never touched"
    assert [each.slug for each in repairs(loaded, Machine(), now_s=NOW_S)] == ["fix_nothing"]


def test_first_aid_follows_no_link_out_of_the_shop(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    outside.chmod(0o644)
    (place.state / "keys").mkdir(parents=True, mode=0o700)
    place.state.chmod(0o700)
    (place.state / "keys" / "trap").symlink_to(outside)
    (place.folder / "keys" / "apiclient_key.pem").chmod(0o600)
    repairs(load(place.config), Machine(), now_s=NOW_S)
    assert outside.stat().st_mode & 0o777 == 0o644


def test_first_aid_makes_a_missing_folder_and_writes_the_rule_for_root(place: Place) -> None:
    loaded = load(place.config)
    done = {each.slug: each for each in repairs(loaded, CLOSED, now_s=NOW_S)}
    assert {"fixed_folder", "fixed_rule"} <= done.keys()
    assert loaded.state.stat().st_mode & 0o777 == 0o700
    assert "1a86" in (loaded.state / RULE_FILE).read_text()
    assert "sudo cp" in done["fixed_rule"].words("en")[1]
    again = [each.slug for each in repairs(loaded, CLOSED, now_s=NOW_S)]
    assert "fixed_folder" not in again


@pytest.mark.parametrize(
    "slug", ["fixed_mode", "fixed_folder", "fixed_part", "fixed_rule", "fix_denied", "fix_nothing"]
)
def test_every_repair_has_its_words(slug: str) -> None:
    facts = {"path": "/p", "mode": "0600", "why": "no"}
    told = {Finding(slug, "good", facts).words(language)[0] for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)
    assert not any("…" in each for each in told)


def test_doctor_fix_tells_what_it_did_and_wants_the_settings(place: Place) -> None:
    (place.folder / "secrets.toml").chmod(0o640)
    told = command("doctor", "--fix", "--config", place.config, "--root", place.folder, "--json")
    found = [each["finding"] for each in msgspec.json.decode(told.out)["findings"]]
    assert "fixed_mode" in found
    assert load(place.config)
    assert command("doctor", "--fix").code == 2


def test_the_code_for_the_phone_is_that_of_the_bundle_that_was_kept(place: Place) -> None:
    told = command("help-code", "--config", place.config, "--json")
    made = msgspec.json.decode(told.out)
    path = Path(made["file"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert "settings.json" in made["holds"]
    assert command("help-code", "--of", path, "--code", made["code"].lower().replace("-", " ")).code == 0
    assert command("help-code", "--of", path, "--code", "2222-2222").code == 1
    path.write_bytes(path.read_bytes() + b" ")
    assert command("help-code", "--of", path, "--code", made["code"]).code == 1
    assert command("help-code", "--of", place.folder / "none.zip").code == 1
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    endless = command("help-code", "--of", path)
    assert (endless.code, "larger than any bundle" in endless.err) == (1, True)
    spoken = command("help-code", "--config", place.config)
    assert "Nobody of the bank asks for a PIN" in spoken.out


def test_a_full_disk_is_a_sentence_with_what_to_do_instead(place: Place) -> None:
    place.state.mkdir()
    (place.state / "bundles").write_text("in the way")
    told = command("help-code", "--config", place.config)
    assert told.codes == ["U-65"]


@pytest.mark.parametrize(
    ("card", "language", "said"),
    [
        ("safety", "en", "How this terminal protects you"),
        ("safety", "zh_CN.UTF-8", "只认本机的绿色屏幕"),
        ("quickstart", "pt_BR", "valor"),
    ],
)
def test_a_card_is_this_shops_own_in_the_terminals_language(
    place: Place, card: str, language: str, said: str
) -> None:
    told = command("print", "card", card, "--config", place.config, language=language)
    assert told.code == 0
    assert said in told.out
    assert "Corner Noodles" in told.out


def test_a_card_as_a_picture_is_written_once(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    assert command("print", "card", "safety", "--config", place.config, "--png", path).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert command("print", "card", "safety", "--config", place.config, "--png", path).code == 1, (
        "what is there stays"
    )


def with_care(place: Place, text: str) -> Place:
    with place.config.open("a", encoding="utf-8") as file:
        file.write(f"\n[care]\n{text}\n")
    return place


def test_the_settings_hotline_stands_on_the_card(place: Place) -> None:
    links = 'links = [{ title = "Merchants", url = "https://bank.example/m" }]'
    with_care(place, f'hotline = "400 000 0000"\n{links}\nanswer_h = 24')
    told = command("print", "card", "safety", "--config", place.config)
    assert "\n400 000 0000\n" in told.out
    parts = care_parts(load(place.config))
    assert (parts.answer_h, parts.rating, parts.shop.links[0].url) == (24, False, "https://bank.example/m")


@pytest.mark.parametrize(
    "wrong",
    [
        'survey = "http://plain.example"',
        'links = [{ title = "x", url = "javascript:alert(1)" }]',
        'links = [{ title = "", url = "https://bank.example" }]',
        "answer_h = 0",
        'rating = "yes"',
        'hotlin = "1"',
    ],
)
def test_bad_input_of_care_is_named_before_anything_starts(place: Place, wrong: str) -> None:
    told = command("serve", "--check", "--config", with_care(place, wrong).config)
    assert told.code == 3
    assert "care." in told.err


def test_old_bundles_of_calls_make_room_and_the_newest_stays(place: Place) -> None:
    folder = place.state / "bundles"
    folder.mkdir(parents=True, mode=0o700)
    for number in range(KEPT_MAX + 3):
        old = folder / f"help-OLD{number:02}.zip"
        old.write_bytes(b"x")
        os.utime(old, (1_000_000 + number,) * 2)
    (folder / "bundle-asked-for.zip").write_bytes(b"x")
    made = call_for_help(load(place.config))
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == KEPT_MAX + 1
    assert {Path(made.file).name, "bundle-asked-for.zip"} <= set(left)
    assert "help-OLD00.zip" not in left
