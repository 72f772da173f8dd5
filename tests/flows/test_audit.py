"""``countertop security audit`` over shops on disk: a default one is green, ten planted weaknesses are named."""

import asyncio
import json
import os
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

from terminal.cli.security.audit_checks import findings
from terminal.cli.security.audit_machine import SHIPPED, UNIT, lines, service, swaps, unit
from terminal.cli.security.audit_packages import BESIDE, packages
from terminal.cli.security.audit_shop import DESPITE, describe
from terminal.payments.event import Actor
from terminal.people.pins import PinCost, Pins
from terminal.people.roll import Roll
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Ended, Place, command

PEPPER = SystemEntropy().bytes(32).hex()
PHRASE = "five words on a paper"
DAY_MS = 86_400_000
BY = Actor("system", "test")


def set_up(place: Place, *, pepper: str = PEPPER, key_days: int = 300) -> None:
    """An owner with a PIN and the key of a point of sale, as the first evening leaves them."""

    async def write() -> None:
        clock, pins = SystemClock(), Pins(bytes.fromhex(pepper), PinCost(1, 64, 1), SystemEntropy())
        async with open_journal(load(place.config), clock, SystemEntropy()) as journal:
            roll = Roll("s-01", journal, clock)
            pin = await pins.hash("402957")
            await roll.record("person_added", "p-1", BY, label="Ana", role="owner", pin=pin)
            ends = clock.wall_ms() + key_days * DAY_MS
            told: dict[str, Any] = {"token": "0" * 64, "scopes": ["sales"], "counters": [], "expires_ms": ends}
            await roll.record("api_key_made", "k-1", BY, label="Till program", **told)

    asyncio.run(write())


def secrets(place: Place, pepper: str, phrase: str) -> None:
    place.secrets(pepper=pepper)
    path = place.folder / "secrets.toml"
    path.write_text(path.read_text() + f'[backup]\npassphrase = "{phrase}"\n')


def machine(root: Path) -> Path:
    """A machine as it stands after the pages on setting up: the unit, a synchronised clock."""
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system" / UNIT).write_bytes(SHIPPED.read_bytes())
    (root / "run/systemd/timesync").mkdir(parents=True)
    (root / "run/systemd/timesync/synchronized").touch()
    return root


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "shop")
    made.folder.mkdir(mode=0o700)
    made.example()
    secrets(made, PEPPER, PHRASE)
    (made.folder / "keys" / "apiclient_key.pem").chmod(0o600)
    return made


def audit(place: Place, root: Path, *words: str | Path, language: str = "C") -> Ended:
    return command("security", "audit", "--config", place.config, "--root", root, *words, language=language)


@pytest.mark.row(126)
def test_s20_s40_s44_s73_a_default_installation_is_green(place: Place, tmp_path: Path) -> None:
    set_up(place)
    assert command("backup", "--to", tmp_path, "--config", place.config).code == 0
    root = machine(tmp_path / "root")
    loaded = load(place.config, despite=DESPITE)
    told = describe(loaded, place.config, root, BESIDE, quick=False)
    own = replace(told, uid=1000, held=tuple(replace(each, uid=1000) for each in told.held))  # tests may be root's
    found = findings(own)
    assert [each.slug for each in found if each.level != "good"] == ["second_step_later"]
    assert {"secret", "settings", "folder", "state", "backup"} == {each.kind for each in own.held}
    assert [Path(each.path).name for each in own.held if each.kind == "secret"] == [
        "secrets.toml", "apiclient_key.pem", "journal.key",
    ]  # fmt: skip
    assert own.record.told == "sound"
    ended = audit(place, root)
    assert ended.code == (1 if os.geteuid() == 0 else 0), ended.out
    assert ended.out.count("weak ") == (1 if os.geteuid() == 0 else 0), ended.out
    assert sum(line.startswith(("good", "look", "weak")) for line in ended.out.splitlines()) == len(found)


def weaken(place: Place, root: Path, tmp_path: Path) -> None:
    """Ten mistakes that people make."""
    config = place.config.read_text()
    config = config.replace('\nhost = "127.0.0.1"', '\nhost = "0.0.0.0"', 1)  # 1
    config = config.replace('mode = "live"', 'mode = "live"\ntaps = true', 1)  # 2
    config = config.replace('second_step = "office"', 'second_step = "always"', 1)  # 3
    certificate = 'merchant_certificate_file = "keys/cert.pem"'
    place.config.write_text(config.replace("certificates = true", f"certificates = true\n{certificate}", 1))
    (place.folder / "keys" / "cert.pem").write_bytes(ending_soon())  # 4
    (place.folder / "secrets.toml").chmod(0o644)  # 5
    place.config.chmod(0o666)  # 6
    place.state.chmod(0o755)  # 7
    next(tmp_path.glob("*.ctbackup")).chmod(0o644)  # 8
    drop = root / "etc/systemd/system" / f"{UNIT}.d"
    drop.mkdir()
    (drop / "mine.conf").write_text("[Service]\nProtectSystem=\nProtectSystem=no\n")  # 9
    # 10: set_up made a key of a point of sale that is good for 500 days


def ending_soon() -> bytes:
    key, name = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "m")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(now - timedelta(3)).not_valid_after(now + timedelta(9))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.row(126)
def test_s17_s20_s36_s37_s40_s43_s73_s74_f1_ten_planted_weaknesses_are_named(place: Place, tmp_path: Path) -> None:
    set_up(place, key_days=500)
    assert command("backup", "--to", tmp_path, "--config", place.config).code == 0
    root = machine(tmp_path / "root")
    weaken(place, root, tmp_path)
    ended = audit(place, root, "--json", "--quick")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert told["green"] is False
    weak = [each for each in told["findings"] if each["level"] == "weak"]
    named = {each["finding"]: each["facts"] for each in weak}
    named.pop("user_root", None)
    assert sorted(named) == [
        "api_key_endless", "bank_key_ends", "copy_readable", "doors_open", "parts_simulated",
        "second_step_lacks", "secret_readable", "settings_writable", "state_open", "unit_differs",
    ]  # fmt: skip
    assert named["bank_key_ends"] == {"channel": "wechatpay", "file": "keys/cert.pem", "days": "8"}
    assert named["unit_differs"] == {"keys": "ProtectSystem"}
    assert all(each["fix"] for each in weak)
    assert "秘密" not in ended.out
    assert "密钥“Till program”" in audit(place, root, "--quick", language="zh_CN.UTF-8").out


def test_s33_s43_s53_s70_a_weak_pepper_a_changed_journal_and_other_packages(place: Place, tmp_path: Path) -> None:
    secrets(place, "5a" * 32, "short")
    set_up(place, pepper="5a" * 32)
    spoil(place.state / "journal.db")
    lock = tmp_path / "requirements.lock"
    lock.write_text(BESIDE.read_text("utf-8").replace("aiohttp==", "aiohttp==0.", 1))
    told = json.loads(audit(place, machine(tmp_path / "root"), "--json", "--lock", lock).out)
    named = {each["finding"]: each["facts"] for each in told["findings"] if each["level"] != "good"}
    assert {"pepper_weak", "backup_phrase", "backup_none", "journal_bad", "packages_unlocked"} <= named.keys()
    assert named["journal_bad"]["detail"].startswith("hash 2")
    assert named["packages_unlocked"]["names"].startswith("aiohttp ")


def spoil(path: Path) -> None:
    """One letter of the second event, as an editor would change it."""
    connection = apsw.Connection(str(path))
    trigger = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'event_no_update'").get
    connection.execute("DROP TRIGGER event_no_update")
    connection.execute("UPDATE event SET subject = 'k-2' WHERE number = 2")
    connection.execute(trigger)
    connection.close()


def test_f1_settings_that_cannot_be_read_end_with_3(place: Place, tmp_path: Path) -> None:
    (place.folder / "secrets.toml").unlink()
    assert audit(place, tmp_path).code == 3
    place.config.write_text("nonsense = 1\n")
    assert audit(place, tmp_path).code == 3


def test_s44_a_running_service_is_asked_by_the_kernel_s_own_word(tmp_path: Path) -> None:
    state, process = tmp_path / "state", tmp_path / "proc" / "77"
    state.mkdir()
    process.mkdir(parents=True)
    assert service(tmp_path, state).running is False
    (state / "ready.json").write_text('{"pid": 77}')
    assert service(tmp_path, state).running is False, "the process is another program's"
    (process / "cmdline").write_bytes(b"python\0countertop\0serve\0-v\0")
    (process / "environ").write_bytes(b"PYTHONDEVMODE=1\0")
    (process / "limits").write_text("Limit  Soft  Hard\nMax core file size        unlimited   unlimited   bytes\n")
    told = service(tmp_path, state)
    assert (told.running, told.core_limit, told.verbose) == (True, -1, "-v, PYTHONDEVMODE")
    (process / "limits").write_text("Max core file size        0         0     bytes\n")
    assert service(tmp_path, state).core_limit == 0


def test_s73_drop_ins_are_heard_after_the_unit(tmp_path: Path) -> None:
    assert unit(tmp_path).there is False
    root = machine(tmp_path)
    assert unit(root).differs == ()
    assert unit(root).swaps is False
    drop = root / "etc/systemd/system" / f"{UNIT}.d"
    drop.mkdir()
    (drop / "a.conf").write_text("[Service]\nExecStart=\nExecStart=/bin/countertop serve --verbose\nUser=till\n")
    (drop / "b.conf").write_text("[Service]\nMemorySwapMax=1G\nDeviceAllow=char-mem rw\n")
    assert unit(root).differs == ("DeviceAllow", "MemorySwapMax")
    assert unit(root).swaps is True
    assert lines(root)["ExecStart"] == ("/bin/countertop serve --verbose",)
    assert service(root, tmp_path).verbose == "--verbose"


def test_s44_swap_in_clear_is_told_from_what_stays_in_memory_or_is_encrypted(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    rows = ("Filename Type Size Used Priority", *(f"/dev/{x} partition 1 0 -2" for x in ("zram0", "dm-3", "sda2")))
    (tmp_path / "proc" / "swaps").write_text("\n".join(rows) + "\n")
    (tmp_path / "sys/class/block/dm-3/dm").mkdir(parents=True)
    (tmp_path / "sys/class/block/dm-3/dm/uuid").write_text("CRYPT-PLAIN-swap\n")
    assert swaps(tmp_path) == ("/dev/sda2",)


def test_s70_what_is_installed_is_what_was_locked_and_its_files_are_whole() -> None:
    told = packages(BESIDE, files=True)
    assert (told.lock, told.unlocked, told.changed) == (True, (), ())
    assert packages(Path("/nowhere"), files=False).lock is False


@pytest.mark.row(127)
def test_s17_s41_keys_change_by_command_and_a_backup_brings_old_and_new_back(place: Place, tmp_path: Path) -> None:
    set_up(place)
    said = ("security", "rotate", "journal-keys", "--config", place.config)
    before = (place.state / "keys" / "journal.key").read_bytes()
    rehearsed = command(*said, "--dry-run")
    assert (rehearsed.code, (place.state / "keys" / "journal.key").read_bytes()) == (0, before)
    assert "2 events" in rehearsed.out
    told = json.loads(command(*said, "--json").out)
    assert told["taken_up"] is True
    rows = json.loads(command("journal", "tail", "--config", place.config, "--json").out)
    assert rows[-1]["type"] == "journal_keys_changed"
    assert rows[-1]["body"]["chain_key"] == told["chain_id"] != told["chain_before"]
    assert command("journal", "verify", "--config", place.config).code == 0
    saved = json.loads(command("backup", "--to", tmp_path, "--config", place.config, "--json").out)
    (tmp_path / "phrase").write_text(PHRASE + "\n")
    ended = command(
        "restore", saved["file"], "--config", tmp_path / "new" / "countertop.toml", "--state",
        tmp_path / "new" / "state", "--passphrase-file", tmp_path / "phrase",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "3 events, every one of them in its chain" in ended.out


def test_s17_a_shared_journal_s_keys_are_not_changed_behind_the_other_machines(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(text + '\n[journal]\nstore = "postgres"\ndsn = "postgresql://c@127.0.0.1:9/c"\n')
    ended = command("security", "rotate", "journal-keys", "--config", place.config)
    assert ended.code == 3
    assert "journal.store" in ended.err


def test_s40_s43_secrets_that_systemd_handed_over_are_seen_and_saved(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = place.config.read_text().replace('"secrets.toml"', '"credential:countertop-secrets"', 1)
    place.config.write_text(text)
    given = tmp_path / "credentials"
    given.mkdir()
    (place.folder / "secrets.toml").rename(given / "countertop-secrets")
    unseen = {each["finding"] for each in json.loads(audit(place, tmp_path, "--quick", "--json").out)["findings"]}
    assert "secrets_unseen" in unseen
    assert not {"pepper_weak", "backup_phrase"} & unseen, "nothing is said of what cannot be seen"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    (given / "countertop-secrets").chmod(0o440)
    set_up(place)
    found = json.loads(audit(place, tmp_path, "--quick", "--json").out)["findings"]
    assert next(each for each in found if each["check"] == "secrets")["level"] == "good"
    assert next(each for each in found if each["check"] == "pins")["level"] == "good"
    saved = json.loads(command("backup", "--to", tmp_path, "--config", place.config, "--json").out)
    (tmp_path / "phrase").write_text(PHRASE + "\n")
    new = tmp_path / "new"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(new))
    ended = command(
        "restore", saved["file"], "--config", new / "countertop.toml", "--state", new / "state",
        "--passphrase-file", tmp_path / "phrase",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert PEPPER in (new / "countertop-secrets").read_text()


def test_s44_the_service_switches_its_memory_dumps_off_whoever_starts_it(place: Place) -> None:
    command("serve", "--check", "--config", place.config)
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_s40_whose_the_secrets_must_be_is_told_by_the_machine_examined_not_by_this_one(
    place: Place, tmp_path: Path
) -> None:
    set_up(place)
    root = machine(tmp_path / "machine")
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nbroken\ncountertop:x:4711:4711::/:/bin/false\n")
    told = json.loads(audit(place, root, "--json").out)
    assert {each["finding"] for each in told["findings"] if each["level"] == "weak"} >= {"secret_not_ours"}
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    told = json.loads(audit(place, root, "--json").out)
    assert "secret_not_ours" not in {each["finding"] for each in told["findings"]}
