"""Versions side by side, and which of them runs: ``versions/NAME``, ``current`` and ``previous`` beside them."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

from terminal.errors import BadSettings
from terminal.versions.wheels import LOCK, proven

RELEASE: Final = "release.json"
_TRIES_MAX: Final = 1000


class Release(msgspec.Struct, frozen=True):
    """What a version told of itself. ``schema``: the newest journal it can read; ``events``: read back by it."""

    version: str
    schema: int
    events: int = 0
    sales: int = 0


class Tools(Protocol):
    """What an update asks of the machine. Both raise BadSettings("update_failed")."""

    def install(self, environment: Path, wheels: Path) -> None:
        """Fill ``environment`` with what its ``release.lock`` names, from ``wheels`` alone, hashes checked."""

    def self_test(self, environment: Path, config: Path) -> Release:
        """Ask the new program to try itself; nothing of the shop is changed."""


class Home:
    """The folder of all versions; ``current`` is what the unit starts."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self._folder, self._tools = folder, tools

    def update(self, wheels: Path, publisher: Path, config: Path) -> Release:
        """Install, try, then switch. Whatever fails before the switch leaves the running version as it is.

        Raises:
            BadSettings: ``update_unproven``, ``update_failed``.
        """
        return self.take(*proven(wheels, publisher), wheels, config)

    def running(self) -> str:
        """The version that ``current`` is; empty where there is none."""
        now = self._at("current")
        return "" if now is None else _release(now).version

    def take(self, version: str, lock: bytes, wheels: Path, config: Path) -> Release:
        """The same with a lock that was judged before. Raises BadSettings("update_failed")."""
        environment = self._free(version)
        environment.mkdir()
        (environment / LOCK).write_bytes(lock)  # what was proven is what is installed by
        self._tools.install(environment, wheels)
        told = self._tools.self_test(environment, config)
        if told.version != version:
            raise BadSettings("update_failed", why=f"{version} was signed, {told.version} came")
        (environment / RELEASE).write_bytes(msgspec.json.encode(told))
        if before := self._at("current"):
            self._point("previous", before)  # first: killed in between, the same update may be made again
        self._point("current", environment)
        return told

    def back(self, schema: int) -> Release:
        """The version before runs again. ``schema``: of the journal as it is now; migrations only go forward.

        Raises:
            BadSettings: ``update_no_previous``; ``update_no_way_back``: a newer program changed the journal.
        """
        before, now = self._at("previous"), self._at("current")
        if before is None or before == now:
            raise BadSettings("update_no_previous")
        told = _release(before)
        if schema > told.schema:
            raise BadSettings("update_no_way_back", found=schema, known=told.schema, version=told.version)
        self._point("current", before)
        if now is not None:
            self._point("previous", now)
        return told

    def versions(self) -> list[str]:
        folder = self._folder / "versions"
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []

    def remove(self) -> list[str]:
        """Every version and what points at one; a program that removes itself so does nothing else afterwards.

        What did not go, each with its reason, in plain words: there may be nothing left to look a sentence up in.
        """
        left: list[str] = []
        for name in ("current", "previous"):
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                left.append(_stays(self._folder / name, error))
        try:
            shutil.rmtree(self._folder / "versions")
        except FileNotFoundError:
            pass
        except OSError as error:
            left.append(_stays(self._folder / "versions", error))
            shutil.rmtree(self._folder / "versions", ignore_errors=True)  # the rest of it
        with suppress(OSError):  # a person's own file is in it, or it never was
            self._folder.rmdir()
        return left

    def _at(self, name: str) -> Path | None:
        link = self._folder / name
        return link.resolve() if link.is_symlink() and link.exists() else None

    def _point(self, name: str, environment: Path) -> None:
        """One rename: a start finds the old version or the new one."""
        aside = self._folder / f".{name}.new"
        aside.unlink(missing_ok=True)
        aside.symlink_to(environment.resolve())
        os.replace(aside, self._folder / name)  # noqa: PTH105  # of the link, not of what it leads to

    def _free(self, version: str) -> Path:
        """An update that failed left its folder; the next try takes another."""
        folder = self._folder / "versions"
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        names = (f"{version}-{number}" for number in range(1, _TRIES_MAX))
        return next(path for name in names if not (path := folder / name).exists())


def _release(environment: Path) -> Release:
    try:
        return msgspec.json.decode((environment / RELEASE).read_bytes(), type=Release)
    except (OSError, ValueError, RecursionError):
        raise BadSettings("update_no_previous") from None


def _stays(path: Path, error: OSError) -> str:
    return f"{error.filename or path}: {error.strerror or error}"
