"""``countertop install``: everything it makes, with mode, owner and content; again it changes nothing."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.cli import install_files as files
from terminal.cli.commands import app
from terminal.cli.install_plan import FOLDER, LAYOUT, layout, pieces, users
from terminal.cli.update import owner_of
from terminal.errors import BadSettings
from terminal.settings import load
from terminal.versions.wheels import unsigned
from tests import release

FILLED = {"BACKUPS": "/var/backups/countertop", "PEPPER": "5a" * 32, "PASSPHRASE": "c3" * 16}
SECRET = {"/etc/countertop/secrets.toml": 0o600, "/etc/countertop/keys": 0o700, "/var/lib/countertop": 0o700}
UNITS = ("countertop.service", "countertop-backup.service", "countertop-backup.timer", "countertop-kiosk.service")


def told(*words: str) -> Any:
    ended = CliRunner().invoke(app, [*words, "--json"])
    assert ended.exit_code == 0, ended.output
    return msgspec.json.decode(ended.output)


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below a root: its mode and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[f"/{path.relative_to(root)}"] = (stat.S_IMODE(path.lstat().st_mode), data)
    return found


@pytest.mark.row(152)
def test_a_folder_gets_what_the_layout_says_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    before = told("install", "--root", str(root), "--dry-run")["entries"]
    assert not root.exists(), "a dry run only tells"
    made = told("install", "--root", str(root))["changed"]
    assert [each["path"] for each in made] == [each["path"] for each in before]
    found = tree(root)
    for row in before:
        mode, data = found[row["path"]]
        if row["kind"] == "link":
            assert data.decode() == row["target"]
        else:
            assert f"{mode:04o}" == row["mode"], row["path"]
        assert row["sha256"] in {"-", hashlib.sha256(data).hexdigest()}, row["path"]
    again = told("install", "--root", str(root))
    assert (again["users"], again["changed"], again["program"]) == ([], [], "")
    assert tree(root) == found
    assert "nothing was changed" in CliRunner().invoke(app, ["install", "--root", str(root)]).output


def test_i20_what_protects_secrets_and_payments_is_closed_to_others_and_never_root_s_alone() -> None:
    rows = {each.path: each for each in pieces(FILLED)}
    for path, mode in SECRET.items():
        assert (rows[path].mode, rows[path].owner, rows[path].group) == (mode, "countertop", "countertop")
    for row in rows.values():
        assert row.kind == "link" or row.mode & 0o022 == 0, f"{row.path} can be written by others"
        service_may_write = row.owner == "countertop"
        assert not service_may_write or row.stays, f"{row.path}: the service could change what runs next"
    assert {each.owner for each in rows.values()} - {"root"} <= {each.name for each in users()}


def test_what_somebody_changed_is_corrected_their_settings_are_left(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    told("install", "--root", str(root))
    unit, config = root / "etc/systemd/system/countertop.service", root / "etc/countertop/countertop.toml"
    unit.write_text("[Service]\nUser=root\n")
    config.write_text("# mine\n")
    secrets = root / "etc/countertop/secrets.toml"
    kept = secrets.read_bytes()
    secrets.chmod(0o644)
    changed = told("install", "--root", str(root))["changed"]
    assert {each["path"]: each["what"] for each in changed} == {
        "/etc/systemd/system/countertop.service": ["content"],
        "/etc/countertop/secrets.toml": ["mode"],
    }
    assert unit.read_bytes() == (FOLDER / "countertop.service").read_bytes()
    assert config.read_text() == "# mine\n"
    assert (stat.S_IMODE(secrets.stat().st_mode), secrets.read_bytes()) == (0o600, kept)


def test_uninstall_keeps_settings_secrets_payments_and_backups(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    told("install", "--root", str(root))
    journal, foreign = root / "var/lib/countertop/journal.db", root / "etc/systemd/system/other.service"
    journal.write_text("payments")
    foreign.write_text("[Unit]\n")
    gone = told("uninstall", "--root", str(root))["gone"]
    left = [path for path, (_, data) in tree(root).items() if data]
    assert left == [
        "/etc/countertop/countertop.toml",
        "/etc/countertop/secrets.toml",
        "/etc/systemd/system/other.service",
        "/var/lib/countertop/journal.db",
    ]
    assert len(gone) == len([each for each in pieces(FILLED) if not each.stays and each.kind != "folder"])
    assert told("uninstall", "--root", str(root))["gone"] == []
    told("install", "--root", str(root))
    assert journal.read_text() == "payments"


def test_what_could_not_be_removed_is_told_and_not_called_gone(tmp_path: Path) -> None:
    """Somebody moved the versions to another disk: a link is not followed, what is behind it stays."""
    root, disk = tmp_path / "machine", tmp_path / "disk"
    told("install", "--root", str(root))
    for name in ("1.0-1", "1.1-1"):
        (disk / name).mkdir(parents=True)
    home = root / "opt/countertop"
    home.mkdir(parents=True, exist_ok=True)
    (home / "versions").symlink_to(disk)
    (home / "current").symlink_to(disk / "1.1-1")
    ended = CliRunner().invoke(app, ["uninstall", "--root", str(root), "--json"])
    said = msgspec.json.decode(ended.output)
    assert ended.exit_code == 3
    assert said["versions"] == [], "none of them went"
    assert [each.partition(":")[0] for each in said["stuck"]] == [str(home / "versions")]
    assert not (home / "current").is_symlink()
    again = CliRunner().invoke(app, ["uninstall", "--root", str(root)])
    assert "could not be removed" in again.output
    (home / "versions").unlink()
    third = CliRunner().invoke(app, ["uninstall", "--root", str(root)])
    assert "Nothing of Countertop was installed here." in third.output


def test_versions_go_with_the_program(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    told("install", "--root", str(root))
    version = root / "opt/countertop/versions/1.0-1"
    version.mkdir(parents=True)
    (version / "program").write_text("1.0")
    assert told("uninstall", "--root", str(root), "--dry-run")["versions"] == ["1.0-1"]
    assert version.exists()
    said = told("uninstall", "--root", str(root))
    assert (said["versions"], said["stuck"], version.exists()) == (["1.0-1"], [], False)


def test_a_new_shop_s_settings_are_sound_and_each_machine_has_secrets_of_its_own(tmp_path: Path) -> None:
    seen = set()
    for name in ("one", "two"):
        told("install", "--root", str(tmp_path / name), "--no-kiosk")
        loaded = load(tmp_path / name / "etc/countertop/countertop.toml")
        assert loaded.settings.channels == {}, "nothing that is half set up takes live money"
        seen |= {loaded.secrets.get("people", "pepper"), loaded.secrets.get("backup", "passphrase")}
        assert not (tmp_path / name / "etc/systemd/system/countertop-kiosk.service").exists()
    assert len(seen) == 4


def test_something_else_in_the_way_stops_it_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "etc/countertop/secrets.toml").mkdir(parents=True)
    ended = CliRunner().invoke(app, ["install", "--root", str(tmp_path), "--json"])
    assert ended.exit_code == 3
    assert msgspec.json.decode(ended.output)["error"] == "install_in_the_way"


def test_owners_are_those_of_the_tree_and_are_corrected(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\ncountertop:x:990:991::/:/bin/false\n")
    (tmp_path / "etc/group").write_text("root:x:0:\ncountertop:x:991:\n")
    owners = files.Owners(tmp_path, sets=True)
    secret = next(each for each in pieces(FILLED) if each.path.endswith("secrets.toml"))
    assert owners.wanted(secret) == (990, 991)
    (tmp_path / "etc/countertop").mkdir()
    (tmp_path / "etc/countertop/secrets.toml").touch(mode=0o600)
    assert files.look(tmp_path, secret, owners).what == ("owner",)
    assert files.look(tmp_path, secret, files.Owners(tmp_path, sets=False)).told == "same"


def test_the_layout_names_files_that_are_there_and_every_file_is_named() -> None:
    named = {each.source for each in layout().entries if each.source}
    assert {each.name for each in FOLDER.iterdir()} == named | {LAYOUT.name, "install.sh"}
    assert all(b"@BACKUPS@" not in each.data and b"@PEPPER@" not in each.data for each in pieces(FILLED))


def test_a_backup_folder_is_a_plain_absolute_path(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["install", "--root", str(tmp_path), "--backups", "/a\nExecStart=/bin/sh"])
    assert ended.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_use_is_not_taken_for_backups(tmp_path: Path) -> None:
    (tmp_path / "home/zoe").mkdir(parents=True)
    (tmp_path / "home").chmod(0o755)
    if os.geteuid() == 0:
        os.chown(tmp_path / "home", 4242, 4242)
    for folder in ("/home", "/home/../home", "/home/"):
        ended = CliRunner().invoke(app, ["install", "--root", str(tmp_path), "--backups", folder])
        if os.geteuid() == 0 or ".." in folder:
            assert ended.exit_code == 3, folder
            assert "--backups" in ended.output
            assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755
    below = CliRunner().invoke(app, ["install", "--root", str(tmp_path), "--backups", "/home/countertop"])
    assert below.exit_code == 0


def test_this_machine_is_changed_by_root_alone() -> None:
    if os.geteuid() != 0:
        ended = CliRunner().invoke(app, ["install", "--json"])
        assert msgspec.json.decode(ended.output)["error"] == "install_needs_root"
    with pytest.raises(BadSettings, match="install_failed"):
        files.bring(Path("/dev/null"), pieces(FILLED)[:1], files.Owners(Path("/"), sets=False))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_reads_every_unit_without_a_word(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    told("install", "--root", str(root))
    for program in ("opt/countertop/current/bin/countertop", "usr/bin/cage"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        (root / program).write_text("#!/bin/sh\n")
        (root / program).chmod(0o755)
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", *UNITS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


def test_scripts_are_sound_shell() -> None:
    for name in ("install.sh", "kiosk.sh"):
        assert subprocess.run(["sh", "-n", str(FOLDER / name)], check=False, timeout=30).returncode == 0


@pytest.mark.row(57)
def test_the_device_rule_gives_adapters_to_groups_that_the_service_is_in() -> None:
    rules = [line for line in (FOLDER / "69-countertop.rules").read_text().splitlines() if line and line[0] != "#"]
    part = re.compile(r'[A-Z]+(\{[A-Za-z_/]+\})?(==|=)"[^"]*"')
    assert all(part.fullmatch(each) for line in rules for each in line.split(", "))
    groups = {word for line in rules for word in re.findall(r'GROUP="([a-z]+)"', line)}
    unit = (FOLDER / "countertop.service").read_text()
    assert groups <= set(re.findall(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE)[0].split())
    assert set(users()[0].groups) == set(re.findall(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE)[0].split())
    assert all("MODE" not in line or 'MODE="0660"' in line for line in rules), "nobody else opens them"


def test_a_release_folder_is_what_the_installer_takes_and_a_changed_wheel_is_not(tmp_path: Path) -> None:
    own = tmp_path / "countertop-7.8-py3-none-any.whl"
    own.write_bytes(b"a wheel")
    release.finish(tmp_path, own)
    version, lock = unsigned(tmp_path)
    assert version == "7.8"
    assert b"aiohttp==" in lock
    assert (tmp_path / "install.sh").read_bytes() == (FOLDER / "install.sh").read_bytes()
    own.write_bytes(b"another wheel")
    with pytest.raises(BadSettings, match="update_unproven"):
        unsigned(tmp_path)
    (tmp_path / "release.lock").unlink()
    with pytest.raises(BadSettings, match="update_unproven"):
        unsigned(tmp_path)


def test_s70_a_new_version_tries_itself_as_whoever_owns_the_record_never_as_root(tmp_path: Path) -> None:
    """Keys are for the service's user alone: root, who updates, must not be who reads them."""
    told("install", "--root", str(tmp_path))
    config = tmp_path / "etc/countertop/countertop.toml"
    config.write_text(config.read_text().replace('"/var/lib/countertop"', f'"{tmp_path}/var/lib/countertop"'))
    state = tmp_path / "var/lib/countertop"
    if os.geteuid() == 0:
        os.chown(state, 4711, 4712)
        assert owner_of(config) == (4711, 4712)
    else:
        assert owner_of(config) is None
    state.rmdir()
    assert owner_of(config) is None, "the first start is still to come"


@pytest.mark.parametrize("pip_ends", [0, 1])
def test_a_release_for_another_python_is_told_and_nothing_is_installed(tmp_path: Path, pip_ends: int) -> None:
    """Root, python3 and pip are played by scripts: what counts is what install.sh makes of their words."""
    inner = f'#!/bin/sh\\n[ "$1" != -m ] || exit {pip_ends}\\n'
    made = f'mkdir -p "$3/bin"; printf \'{inner}\' >"$3/bin/python"; chmod +x "$3/bin/python"'
    made += '; cp "$3/bin/python" "$3/bin/countertop"; printf \'echo installed\\n\' >>"$3/bin/countertop"'
    for name, script in (
        ("id", "echo 0"),
        ("python3", f'case "$1" in -V) echo "Python 3.99.1";; -m) {made};; esac'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    run = subprocess.run(["/bin/sh", FOLDER / "install.sh"], env=path, capture_output=True, text=True, timeout=60)
    assert run.returncode == pip_ends, run.stderr
    assert ("installed" in run.stdout, "Python 3.99.1" in run.stderr) == (not pip_ends, bool(pip_ends))
