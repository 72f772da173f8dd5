"""``countertop install | uninstall``: from a bare Debian machine to a till at power-on, and back."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from terminal.cli.install_files import Owners, Step, bring, look, take_away
from terminal.cli.install_plan import Part, Piece, User, pieces, users
from terminal.cli.update import Machine
from terminal.cli.words import SETTINGS, console, put, sentences
from terminal.errors import BadSettings
from terminal.system import SystemEntropy
from terminal.versions.home import Home
from terminal.versions.parts import PROGRAM
from terminal.versions.wheels import proven, unsigned

BACKUPS: Final = "/var/backups/countertop"
OPT: Final = "opt/countertop"
CONFIG: Final = "etc/countertop/countertop.toml"
LIMIT_S: Final = 120.0
START: Final = ("countertop.service", "countertop-backup.timer", "countertop-kiosk.service")
_BACKUPS: Final = re.compile(r"/[0-9A-Za-z._/-]{1,200}")
_NOBODY: Final = "/usr/sbin/nologin"
Root = Annotated[Path, typer.Option("--root", help="Into this folder instead of this machine: files alone.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, every file with its digest.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
BackupsFolder = Annotated[str, typer.Option("--backups", help="Where a copy goes every night; best another disk.")]


def install(
    wheels: Annotated[Path | None, typer.Option(help="A folder with release.lock and its wheels.")] = None,
    publisher: Annotated[
        Path | None, typer.Option(help="Who must have signed release.lock: an Ed25519 public key, PEM.")
    ] = None,
    root: Root = Path("/"),
    backups: BackupsFolder = BACKUPS,
    kiosk: Annotated[bool, typer.Option("--kiosk/--no-kiosk", help="The till on this machine's screen.")] = True,
    dry: Dry = False,
    as_json: Json = False,
) -> None:
    """Own user, program, settings, service, backup, screen, device rules; again changes only what is otherwise."""
    with sentences(as_json=as_json):
        os.umask(0o022)  # what is installed may be read; what may not says so by its own mode
        wanted, owners = _pieces(backups, kiosk=kiosk), Owners(root, sets=os.geteuid() == 0)
        _nobody_elses(root, backups.rstrip("/"))
        steps = [look(root, each, owners) for each in wanted]
        if dry:
            _show(root, steps, as_json=as_json)
            return
        _may_change(root)
        added = _add_users(root, users(_left_out(kiosk=kiosk)))
        owners = Owners(root, sets=os.geteuid() == 0)
        steps = bring(root, wanted, owners)
        version = _program(root, wheels, publisher)
        changed = [each for each in steps if each.told != "same"]
        running = _here(root) and _tell_systemd(bool(changed or version))
    if as_json:
        put({"users": added, "changed": [_row(each) for each in changed], "program": version, "started": running})
        return
    _say(root, added, changed, version, running=running)


def uninstall(
    root: Root = Path("/"), backups: BackupsFolder = BACKUPS, dry: Dry = False, as_json: Json = False
) -> None:
    """Take program, units and rules away. Settings, secrets, payments, backups and users stay."""
    with sentences(as_json=as_json):
        wanted = _pieces(backups, kiosk=True)
        if not dry:
            _may_change(root)
            if _here(root) and Path("/run/systemd/system").is_dir():
                _run("systemctl", "stop", *reversed(START), check=False)
        steps = take_away(root, wanted, dry=dry)
        gone = [each.piece.path for each in steps if each.told == "gone"]
        left = [each.piece.path for each in steps if each.told == "left"]
        home = Home(root / OPT, Machine())
        versions = home.versions()
        if not dry and _here(root) and Path("/run/systemd/system").is_dir():
            _run("systemctl", "daemon-reload", check=False)
    stuck = [] if dry else home.remove()  # from here on nothing of this program can be read any more
    kept = home.versions()
    told = _Gone(gone, [each for each in versions if dry or each not in kept], left, stuck)
    sys.stdout.write(told.in_json() if as_json else told.in_words(dry=dry))
    sys.stdout.flush()
    if stuck:
        raise typer.Exit(SETTINGS)


class _Gone(NamedTuple):
    """What an end did, told without a module that may be gone by then. ``stuck``: versions' files that stay."""

    gone: list[str]
    versions: list[str]
    left: list[str]
    stuck: list[str]

    def in_json(self) -> str:
        return json.dumps(self._asdict(), indent=2) + "\n"

    def in_words(self, *, dry: bool) -> str:
        gone = [*self.gone, *(f"/{OPT}/versions/{each}" for each in self.versions)]
        lines = [f"{'would go' if dry else 'gone'}  {path}" for path in gone]
        lines += [f"stays  {path}" for path in self.left]
        lines += [f"could not be removed  {path}" for path in self.stuck]
        return (
            "\n".join(lines if gone or self.stuck else [*lines, "Nothing of Countertop was installed here."])
            + "\n"
        )


def _left_out(*, kiosk: bool) -> tuple[Part, ...]:
    return () if kiosk else ("kiosk",)


def _pieces(backups: str, *, kiosk: bool) -> list[Piece]:
    if _BACKUPS.fullmatch(backups) is None or ".." in Path(backups).parts:
        raise BadSettings("config_value_wrong", key="--backups", why="an absolute path of plain characters")
    entropy = SystemEntropy()
    filled = {
        "BACKUPS": backups.rstrip("/"), "PEPPER": entropy.bytes(32).hex(), "PASSPHRASE": entropy.bytes(16).hex(),
    }  # fmt: skip
    return pieces(filled, _left_out(kiosk=kiosk))


def _nobody_elses(root: Path, backups: str) -> None:
    """The folder for backups becomes the service's alone, so it must not be one that others use, such as /home.

    Raises BadSettings("config_value_wrong").
    """
    path = root / backups.lstrip("/")
    known = {row.split(":")[0]: row.split(":")[2] for row in _lines(root / "etc/passwd") if row.count(":") > 1}
    ours = {known.get(each.name, "") for each in users()} | ({str(os.geteuid())} - {"0"})
    try:
        taken = str(path.stat().st_uid) not in ours and any(path.iterdir())
    except OSError:  # it is made, or what stands there is told with its name
        return
    if taken:
        why = f"{backups} is in use by others; name a new folder in it, such as {backups}/countertop"
        raise BadSettings("config_value_wrong", key="--backups", why=why)


def _here(root: Path) -> bool:
    return root.resolve() == Path("/")


def _may_change(root: Path) -> None:
    """Raises BadSettings: ``install_needs_root``."""
    if _here(root) and os.geteuid() != 0:
        raise BadSettings("install_needs_root")


def _add_users(root: Path, wanted: Sequence[User]) -> list[str]:
    """Those that are missing; a tree without a passwd file has nobody to add them to."""
    known, groups = _names(root / "etc/passwd"), _names(root / "etc/group")
    if not known or os.geteuid() != 0:
        return []
    added = [each for each in wanted if each.name not in known]
    for user in added:
        joined = ",".join(name for name in user.groups if name in groups)
        where = [] if _here(root) else ["--prefix", str(root)]
        _run(
            "useradd", *where, "--system", "--user-group", "--no-create-home", "--home-dir", user.home,
            "--comment", user.says, "--shell", _NOBODY, *(["--groups", joined] if joined else []), user.name,
        )  # fmt: skip
    return [each.name for each in added]


def _names(path: Path) -> set[str]:
    return {line.partition(":")[0] for line in _lines(path)}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError:
        return []


def _program(root: Path, wheels: Path | None, publisher: Path | None) -> str:
    """The version that was installed now; empty when that one runs already, or below another root.

    An older or newer one is a matter of ``countertop update``, which keeps the one before.
    """
    if not _here(root):
        return ""
    home = Home(root / OPT, Machine())
    running = home.running()
    if running:
        return ""
    if wheels is None:
        raise BadSettings("install_failed", why="--wheels: where is the folder with release.lock and its wheels?")
    version, lock = proven(wheels, publisher) if publisher else unsigned(wheels)
    return home.take(version, lock, wheels, root / CONFIG).version


def _tell_systemd(changed: bool) -> bool:
    """Let what runs know. False: no systemd runs here, as in a chroot."""
    if not Path("/run/systemd/system").is_dir():
        return False
    if changed:
        _run("systemctl", "daemon-reload")
        _run("udevadm", "control", "--reload", check=False)
        _run("udevadm", "trigger", "--subsystem-match=tty", "--subsystem-match=usbmisc", check=False)
        _run("systemctl", "kill", "--signal=HUP", "systemd-logind.service", check=False)
        _run("systemctl", "restart", "systemd-journald.service", check=False)
    _run("systemctl", "start", "--no-block", *START, check=False)
    return True


def _run(*words: str, check: bool = True) -> None:
    try:
        ended = subprocess.run(  # noqa: S603  # our own words
            words, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if check:
            raise BadSettings("install_failed", why=f"{words[0]}: {error}") from error
        return
    if check and ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise BadSettings("install_failed", why=said[-1] if said else f"{words[0]} ended with {ended.returncode}")


def _row(step: Step) -> dict[str, object]:
    piece = step.piece
    return {
        "path": piece.path,
        "kind": piece.kind,
        "mode": f"{piece.mode:04o}",
        "owner": f"{piece.owner}:{piece.group}",
        "sha256": piece.digest,
        "target": piece.data.decode() if piece.kind == "link" else "",
        "told": step.told,
        "what": list(step.what),
    }


def _show(root: Path, steps: list[Step], *, as_json: bool) -> None:
    if as_json:
        put({"users": [each.name for each in users()], "entries": [_row(each) for each in steps]})
        return
    for each in steps:
        row = _row(each)
        behind = f"-> {row['target']}" if row["target"] else f"{row['sha256']}"
        line = f"{each.told:8}{row['kind']:7}{row['mode']} {row['owner']:35} {row['path']}  {behind}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Nothing was changed in {root}.", highlight=False)


def _say(root: Path, added: list[str], changed: list[Step], version: str, *, running: bool) -> None:
    for name in added:
        console.print(f"user     {name}", highlight=False)
    for each in changed:
        what = f"  ({', '.join(each.what)})" if each.what else ""
        console.print(f"{each.told:8} {each.piece.path}{what}", highlight=False, markup=False, soft_wrap=True)
    if version:
        console.print(f"program  {PROGRAM} {version} in /{OPT}", highlight=False)
    if not (added or changed or version):
        console.print("Everything is installed as it should be: nothing was changed.")
        return
    if any(each.piece.path.endswith("secrets.toml") for each in changed):
        console.print(
            "Write pepper and passphrase of /etc/countertop/secrets.toml on paper, and keep it elsewhere."
        )
    if not _here(root):
        console.print(f"Files alone, below {root}: the program is installed inside, by install.sh of the release.")
    elif running:
        console.print("The service is starting: journalctl -u countertop tells the set-up code.")
    else:
        console.print("No systemd runs here: everything starts at the next power-on.")
