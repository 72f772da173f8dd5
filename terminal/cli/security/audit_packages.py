"""Installed packages against the lock, and their files against the list they were installed by.

Source: core packaging specifications, "Recording installed projects" (RECORD: SHA-256, base64 without padding).
"""

import base64
import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Final

from terminal.cli.security.audit_checks import Packages
from terminal.given_file import read_given
from terminal.versions.parts import PROGRAM, parts, plain
from terminal.versions.wheels import LOCK

_BROUGHT: Final = Path(sys.prefix) / LOCK
BESIDE: Final = _BROUGHT if _BROUGHT.exists() else Path(__file__).parents[3] / "requirements.lock"
"""As an update brought it into its environment, or as it lies in the sources."""
_PIN: Final = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)
LOCK_MAX: Final = 4 * 1024 * 1024  # bytes; ours has a thirtieth
_PIECE: Final = 1024 * 1024


def packages(lock: Path, *, files: bool) -> Packages:
    """``files``: also read every installed file, some hundred megabytes."""
    installed = {name: part for name, part in parts().items() if name != PROGRAM}
    try:
        locked = pinned(read_given(lock, LOCK_MAX).decode())
    except (OSError, UnicodeDecodeError):
        return Packages(lock=False, changed=changed(installed.items()) if files else ())
    return Packages(
        unlocked=tuple(
            f"{name} {part.version}"
            for name, part in sorted(installed.items())
            if part.version not in locked.get(name, ())
        ),
        changed=changed(installed.items()) if files else (),
    )


def pinned(text: str) -> Mapping[str, frozenset[str]]:
    """Name -> versions; several where they differ by Python or system."""
    found: dict[str, frozenset[str]] = {}
    for name, version in _PIN.findall(text):
        found[plain(name)] = found.get(plain(name), frozenset()) | {version}
    return found


def changed(installed: Iterable[tuple[str, Distribution]]) -> tuple[str, ...]:
    """Packages of which a file is gone or holds other bytes than were installed."""
    return tuple(name for name, part in sorted(installed) if not _whole(part))


def _whole(part: Distribution) -> bool:
    # part.files leaves out what is missing, from Python 3.12 on
    for name, digest, _size in csv.reader((part.read_text("RECORD") or "").splitlines()):
        mode, _, value = digest.partition("=")
        if mode != "sha256":
            continue  # RECORD itself, and what Python compiled
        try:
            if _digest(Path(str(part.locate_file(name)))) != value:
                return False
        except OSError:
            return False
    return True


def _digest(path: Path) -> str:
    read = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            read.update(piece)
    return base64.urlsafe_b64encode(read.digest()).decode().rstrip("=")
