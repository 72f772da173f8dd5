"""Describe machine and service for the audit: who runs it and how, its unit, its swap, its clock.

Source: proc(5); systemd.unit(5) on drop-ins; dm-crypt's DM_UUID ("CRYPT-…"); adjtimex(2).
"""

import ctypes
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from terminal.cli.security.audit_checks import Unit

UNIT: Final = "countertop.service"
SHIPPED: Final = Path(__file__).parents[2] / "data" / "system" / UNIT
_FOLDERS: Final = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_OWN: Final = frozenset(
    {
        *("ExecStart", "WorkingDirectory", "User", "Group", "StateDirectory", "ConfigurationDirectory"),
        *("LoadCredential", "LoadCredentialEncrypted", "Environment", "Restart", "RestartSec", "TimeoutStopSec"),
    }
)  # what a machine may say otherwise
_DEBUG: Final = ("PYTHONASYNCIODEBUG", "PYTHONDEVMODE")
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronized
_UNLIMITED: Final = -1
Lines = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Service:
    """``core_limit``: bytes, -1 for as much as there is, None where no service runs. ``verbose``: why it is."""

    uid: int
    running: bool = False
    core_limit: int | None = None
    verbose: str = ""


def service(root: Path, state: Path) -> Service:
    """The running one, or how the unit or this user would run it."""
    unit = lines(root)
    start = " ".join(unit.get("ExecStart", ()))
    if process := _process(root, state):
        words = _read(process / "cmdline").split("\0")
        limit = next((x for x in _read(process / "limits").splitlines() if x.startswith("Max core file size")), "")
        told = limit.removeprefix("Max core file size").split()
        soft = None if not told else _UNLIMITED if told[0] == "unlimited" else int(told[0])
        return Service(process.stat().st_uid, True, soft, _verbose(words, _read(process / "environ").split("\0")))
    return Service(_user(root, unit), verbose=_verbose(start.split(), list(unit.get("Environment", ()))))


def _process(root: Path, state: Path) -> Path | None:
    """The process that ready.json names, if it is still a service of ours."""
    try:
        pid = msgspec.json.decode((state / "ready.json").read_bytes(), type=dict[str, object]).get("pid", 0)
    except (OSError, ValueError, RecursionError):
        return None
    process = root / "proc" / str(pid)
    return process if "serve" in _read(process / "cmdline").split("\0") else None


def _verbose(words: list[str], environment: list[str]) -> str:
    flags = [each for each in words if each in ("--verbose", "-v")]
    flags += [name for name in _DEBUG if any(each.strip('"').startswith(f"{name}=") for each in environment)]
    return ", ".join(flags)


def _user(root: Path, unit: Lines) -> int:
    """Of the unit's user; one that the machine under ``root`` does not know runs nothing there."""
    named = unit.get("User", ("",))[-1]
    if root != Path("/"):
        accounts = (line.split(":") for line in _read(root / "etc/passwd").splitlines())
        return next((int(each[2]) for each in accounts if each[0] == named and each[2:]), os.geteuid())
    try:
        return pwd.getpwnam(named).pw_uid if named else os.geteuid()
    except KeyError:
        return os.geteuid()


def lines(root: Path, shipped: Path | None = None) -> Lines:
    """What [Service] says once the drop-ins have had their word; empty when no unit is installed."""
    if shipped:
        texts = [_read(shipped)]
    else:
        files = [root / folder / UNIT for folder in _FOLDERS]
        main = next((each for each in files if each.is_file()), None)
        if main is None:
            return {}
        drops = {each.name: each for file in reversed(files) for each in sorted(_drop_ins(file))}
        texts = [_read(main), *(_read(drops[name]) for name in sorted(drops))]
    found: Lines = {}
    for text in texts:
        for key, value in _service_part(text):
            found[key] = (*found.get(key, ()), value) if value else ()
    return found


def _drop_ins(unit: Path) -> Iterator[Path]:
    return unit.with_name(f"{unit.name}.d").glob("*.conf")


def _service_part(text: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == "[Service]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def unit(root: Path) -> Unit:
    """Compared as sets: systemd adds up what is said several times."""
    theirs, ours = lines(root), lines(root, SHIPPED)
    named = sorted((theirs.keys() | ours.keys()) - _OWN)
    differs = tuple(key for key in named if set(theirs.get(key, ())) != set(ours.get(key, ())))
    return Unit(bool(theirs), differs if theirs else (), theirs.get("MemorySwapMax", ("",))[-1:] != ("0",))


def swaps(root: Path) -> tuple[str, ...]:
    """Swap that reaches a disk in clear: compressed memory and dm-crypt do not."""
    found = []
    for line in _read(root / "proc" / "swaps").splitlines()[1:]:
        name = line.split()[0] if line.split() else ""
        device = Path(name).resolve().name
        uuid = _read(root / "sys" / "class" / "block" / device / "dm" / "uuid")
        if name and not device.startswith("zram") and not uuid.startswith("CRYPT-"):
            found.append(name)
    return tuple(found)


def synchronised(root: Path) -> bool:
    """As the kernel sees it; another tree than this machine's says it by the file of systemd-timesyncd."""
    if root != Path("/"):
        return (root / "run/systemd/timesync/synchronized").exists()
    zeros = ctypes.create_string_buffer(512)  # struct timex with modes 0: only asks, and is shorter everywhere
    return int(ctypes.CDLL(None).adjtimex(zeros)) != _TIME_ERROR


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
