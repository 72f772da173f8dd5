"""The files of a watched folder: what stands still is taken by moving it; results appear whole or not at all.

Every method is quick and blocks: the door calls them beside the loop. Links are never followed (F4).
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from terminal.errors import InvalidRequest
from terminal.pos.folder_request import JSON_MAX, NAME, TXT_MAX, size_max

IN, WORK, OUT, REFUSED = "in", "work", "out", "refused"
LISTED_MAX: Final = 1_000  # entries looked at in one round
WORK_MAX: Final = 32
KEPT_MAX: Final = 1_000  # results and refused requests; the oldest go
NOT_YET: Final = (".part", ".tmp", ".crdownload", ".filepart")  # being written
_OTHERS_WRITE: Final = 0o002


class FolderUnusable(Exception):
    """Missing, not ours, or anybody may write here: nothing in it is believed."""


class Shelf:
    """``looks`` of a file with equal size and time make it one that stands still."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stood: dict[str, tuple[int, int, int]] = {}
        self._stuck: set[str] = set()  # what could not even be set aside: looked at once a life

    def open(self) -> None:
        """Make the subfolders. Raises FolderUnusable."""
        self.check_place()
        try:
            for each in (IN, WORK, OUT, REFUSED):
                (self._folder / each).mkdir(mode=0o770, exist_ok=True)
            self.check()
            for left in (self._folder / WORK).glob(".*"):
                left.unlink()  # a result that was not whole
        except OSError as error:
            raise FolderUnusable(error.strerror or "unusable") from None

    def check(self) -> None:
        """Raises FolderUnusable."""
        self.check_place()
        for name in (IN, WORK, OUT, REFUSED):
            self.check_place(name)

    def check_place(self, name: str = "") -> None:
        """The folder itself, or one below it. Raises FolderUnusable."""
        place = self._folder / name
        try:
            facts = place.lstat()
        except OSError as error:
            raise FolderUnusable(f"{place.name}: {error.strerror}") from None
        if not stat.S_ISDIR(facts.st_mode):
            raise FolderUnusable(f"{place.name}: no folder of its own")
        mine = os.geteuid() in (0, facts.st_uid) or facts.st_uid == 0
        if not mine or stat.S_IMODE(facts.st_mode) & _OTHERS_WRITE:
            raise FolderUnusable(f"{place.name}: others may write here")

    def still(self) -> list[str]:
        """Names that did not change between two looks, oldest first. Raises FolderUnusable."""
        self.check()
        now: dict[str, tuple[int, int, int]] = {}
        with os.scandir(self._folder / IN) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(NOT_YET):
                    continue
                if entry.name in self._stuck:
                    continue
                with contextlib.suppress(FileNotFoundError):  # the till took it back
                    facts = entry.stat(follow_symlinks=False)
                    now[entry.name] = (facts.st_mtime_ns, facts.st_size, facts.st_mode)
                if len(now) == LISTED_MAX:
                    break
        found = sorted((facts, name) for name, facts in now.items() if self._stood.get(name) == facts)
        self._stood = now
        return [name for _, name in found]

    def at_work(self) -> list[str]:
        """Every request in work, oldest first."""
        found = [each for each in (self._folder / WORK).iterdir() if NAME.fullmatch(each.name)]
        found = [each for each in found if each.name not in self._stuck]
        return [each.name for each in sorted(found, key=lambda each: (each.lstat().st_mtime_ns, each.name))]

    def take(self, name: str) -> bool:
        """Move it into work; False: an equal one is there already.

        Raises:
            InvalidRequest: ``file_name``, ``file_kind``, ``body_too_large``, ``idempotency_other_meaning``.
        """
        source, work = self._folder / IN / name, self._folder / WORK / name
        facts = source.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise InvalidRequest("file_kind")
        if not NAME.fullmatch(name):
            raise InvalidRequest("file_name")
        if facts.st_size > (limit := size_max(name)):
            raise InvalidRequest("body_too_large", limit=limit)
        if work.exists():
            try:
                same = self._read(source) == self._read(work)
            except OSError:
                raise InvalidRequest("file_kind") from None
            if not same:
                raise InvalidRequest("idempotency_other_meaning")
            source.unlink()
            return False
        source.rename(work)
        return True

    def full(self) -> bool:
        return sum(1 for _ in (self._folder / WORK).iterdir()) >= WORK_MAX

    def read(self, name: str) -> bytes:
        """A request in work. Raises InvalidRequest("file_kind")."""
        try:
            return self._read(self._folder / WORK / name)
        except OSError:
            raise InvalidRequest("file_kind") from None

    def _read(self, path: Path) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(JSON_MAX + 1)

    def answer(self, name: str, result: bytes) -> None:
        """Durable, and whole from the first moment it is seen; an earlier result of this name is replaced."""
        draft = self._folder / WORK / f".{name}"
        self._write(draft, result)
        draft.rename(self._folder / OUT / name)
        self._sync(OUT)
        self._prune(OUT)

    def answered(self, name: str) -> bool:
        return (self._folder / OUT / name).exists()

    def withdraw(self, name: str) -> None:
        """Its result is true no more."""
        with contextlib.suppress(OSError):  # not a file of ours: the next result says so
            (self._folder / OUT / name).unlink()

    def done(self, name: str) -> None:
        """Its result is out."""
        (self._folder / WORK / name).unlink(missing_ok=True)

    def refuse(self, where: str, name: str, text: str) -> None:
        """Away with it, and beside it why. ``where``: IN or WORK. A link goes itself, not what it names."""
        plain = "".join(each if each.isalnum() or each in "._-" else "_" for each in name)[:80]
        source, target = self._folder / where / name, self._folder / REFUSED / plain
        try:
            facts = source.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_size > TXT_MAX:
                source.unlink()  # what is large is not kept
            else:
                source.rename(target)
        except OSError:
            self._give_up(where, name)
        self._write(target.with_name(f"{plain}.why"), text.encode())
        self._prune(REFUSED)

    def _give_up(self, where: str, name: str) -> None:
        """It cannot be set aside: a request in work goes, so that what was refused is never begun later."""
        with contextlib.suppress(OSError):
            if where == WORK:
                (self._folder / WORK / name).unlink()
                return
        self._stuck = {*self._stuck, name} if len(self._stuck) < LISTED_MAX else {name}

    def _write(self, path: Path, data: bytes) -> None:
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o640), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _sync(self, folder: str) -> None:
        descriptor = os.open(self._folder / folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _prune(self, folder: str) -> None:
        with os.scandir(self._folder / folder) as entries:
            kept = [each for each in entries if each.is_file(follow_symlinks=False)]
        if len(kept) > KEPT_MAX:
            kept.sort(key=lambda each: each.stat(follow_symlinks=False).st_mtime_ns)
            for each in kept[:-KEPT_MAX]:
                with contextlib.suppress(FileNotFoundError):
                    (self._folder / folder / each.name).unlink()
