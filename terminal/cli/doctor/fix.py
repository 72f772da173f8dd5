"""``countertop doctor --fix``: first aid. Only what can harm nothing, and each repair says what it did.

Nothing of money is touched: no journal, no bill that is whole, no settings, no secret's content.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from terminal.cli.doctor.checks import Finding, Machine, findings, rule
from terminal.settings import Loaded
from terminal.whole_file import write_whole

DAY_S: Final = 86_400
RULE_FILE: Final = "70-countertop.rules"  # in the state folder, for whoever is root
SECRET_FILES: Final = ("keys/*", "tls/*", "ready.json", "api-key", "demo-pins")  # of the state folder
UNFINISHED: Final = "bills/**/*.part"  # downloads that were cut off; the bank gives them again
FILES_MAX: Final = 500
NEEDS_RULE: Final = frozenset({"not_in_group", "port_closed", "modem_manager", "brltty"})


def repairs(loaded: Loaded, machine: Machine, *, now_s: float) -> list[Finding]:
    """Do what is safe, and tell each thing that was done or could not be. ``now_s``: UTC, for the age of files."""
    done = [
        *_state_folder(loaded.state),
        *_closed(_secret_files(loaded)),
        *_unfinished(loaded.state, now_s),
        *_rule(loaded.state, machine),
    ]
    return done or [Finding("fix_nothing", "good")]


def _state_folder(state: Path) -> Iterator[Finding]:
    facts = {"path": str(state)}
    try:
        if not state.exists():
            state.mkdir(mode=0o700, parents=True)
            yield Finding("fixed_folder", "good", facts)
        elif state.is_dir() and not state.is_symlink() and state.stat().st_mode & 0o007:
            state.chmod(stat.S_IMODE(state.stat().st_mode) & 0o770)
            yield Finding("fixed_mode", "good", {**facts, "mode": f"{stat.S_IMODE(state.stat().st_mode):04o}"})
    except OSError as error:
        yield _denied(state, error)


def _secret_files(loaded: Loaded) -> Iterator[Path]:
    yield loaded.secrets_path
    for pattern in SECRET_FILES:
        yield from (each for each in sorted(loaded.state.glob(pattern)) if each.suffix != ".pub")
    for table in loaded.settings.channels.values():
        for name, value in msgspec.to_builtins(table).items():
            if name.endswith("merchant_key_file") and isinstance(value, str) and value:
                yield loaded.path(value)


def _closed(paths: Iterable[Path]) -> Iterator[Finding]:
    """Nobody else reads a secret. A link, or what belongs to somebody else, is left as it is."""
    for path in paths:
        try:
            told = path.lstat()
            mode = stat.S_IMODE(told.st_mode)
            if not stat.S_ISREG(told.st_mode) or told.st_uid != os.getuid() or not mode & 0o077:
                continue
            path.chmod(mode & 0o700)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _denied(path, error)
        else:
            yield Finding("fixed_mode", "good", {"path": str(path), "mode": f"{mode & 0o700:04o}"})


def _unfinished(state: Path, now_s: float) -> Iterator[Finding]:
    for path in sorted(state.glob(UNFINISHED))[:FILES_MAX]:
        try:
            if path.is_symlink() or not path.is_file() or now_s - path.stat().st_mtime < DAY_S:
                continue
            path.unlink()
        except OSError as error:
            yield _denied(path, error)
        else:
            yield Finding("fixed_part", "good", {"path": str(path)})


def _rule(state: Path, machine: Machine) -> Iterator[Finding]:
    """The rule needs root: it is written where this user may, with what root types."""
    text, path = rule(machine), state / RULE_FILE
    if not text or not any(each.slug in NEEDS_RULE for each in findings(machine)):
        return
    try:
        if path.is_symlink():
            return
        if not path.exists() or path.read_text("utf-8", errors="replace") != text:
            write_whole(path, text.encode(), 0o644)
    except OSError as error:
        yield _denied(path, error)
    else:
        yield Finding("fixed_rule", "warning", {"path": str(path)})


def _denied(path: Path, error: OSError) -> Finding:
    return Finding("fix_denied", "wrong", {"path": str(path), "why": error.strerror or type(error).__name__})
