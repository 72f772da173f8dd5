"""A disk whose power can be cut: of what was written and not yet synced any part may be there, torn at a sector.

An SQLite VFS over the real one. Beside the files, which a killed process leaves whole, it keeps what a cut would
leave of them for certain, and what is still on its way.

Source: SQLite, "Atomic Commit in SQLite", section 2; R. Rebello and others, "Can Applications Recover from fsync
Failures?", USENIX ATC 2020.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from terminal.chance import Chance

SECTOR: Final = 512
_GONE: Final = ("-shm",)  # memory, not a file: never on the disk


class Write(NamedTuple):
    """``data`` None cuts the file at ``offset``."""

    offset: int
    data: bytes | None


@dataclass(slots=True)
class Platter:
    """One file: what is on it for certain, and the writes that no sync has confirmed."""

    sure: bytearray = field(default_factory=bytearray)
    loose: list[Write] = field(default_factory=list)

    def synced(self) -> None:
        for write in self.loose:
            _apply(self.sure, write)
        self.loose.clear()

    def after_a_cut(self, chance: Chance) -> bytes:
        """A random part of what was on its way, sector by sector, in any order."""
        left = bytearray(self.sure)
        sectors = [sector for write in self.loose for sector in _sectors(write)]
        kept = set(range(len(sectors)))
        order = list(kept)
        chance.shuffle(order)
        kept = set(order[: chance.below(len(order) + 1)])
        for place, sector in enumerate(sectors):
            if place in kept:
                _apply(left, sector)
        return bytes(left)


def _sectors(write: Write) -> list[Write]:
    if write.data is None:
        return [write]
    return [Write(write.offset + at, write.data[at : at + SECTOR]) for at in range(0, len(write.data), SECTOR)]


def _apply(content: bytearray, write: Write) -> None:
    if write.data is None:
        del content[write.offset :]
        return
    content.extend(bytes(max(0, write.offset - len(content))))
    content[write.offset : write.offset + len(write.data)] = write.data


def nothing() -> None:
    """Nobody waits for a write."""


class _File(apsw.VFSFile):
    def __init__(self, disk: "PowerDisk", path: Path, name: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk, self._path = disk, path

    def _note(self, write: Write) -> None:
        self._disk.at_write()
        if not self._disk.dead:
            self._disk.platters[self._path].loose.append(write)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._note(Write(offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802  # SQLite's name
        self._note(Write(size, None))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.at_write()
        super().xSync(flags)
        if not self._disk.dead:
            self._disk.confirm(self._path)


class PowerDisk(apsw.VFS):
    """Close it when no connection is left.

    Attributes:
        name: what SQLite knows it by.
        at_write: called before each write and sync; may raise, which is the end of the process.
        dead: what is written from now on, by an end that tidies up, reaches no platter.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.platters: dict[Path, Platter] = {}
        self.at_write: Callable[[], None] = nothing
        self.dead = False

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # SQLite's
        if name is None:
            return apsw.VFSFile("", name, flags)
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self.platters.setdefault(path, Platter())
        return _File(self, path, name, flags)

    def confirm(self, path: Path) -> None:
        """A sync of this file returned."""
        self.platters[path].synced()

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  # SQLite's name
        super().xDelete(filename, syncdir)
        self.platters.pop(Path(filename), None)

    def cut(self, chance: Chance) -> int:
        """The files become what a power cut leaves of them; returns how many writes were on their way."""
        loose, self.dead, self.at_write = 0, False, nothing
        for path, platter in self.platters.items():
            loose += len(platter.loose)
            platter.sure, platter.loose = bytearray(platter.after_a_cut(chance)), []
            path.write_bytes(platter.sure)
            for ending in _GONE:
                path.with_name(path.name + ending).unlink(missing_ok=True)
        return loose

    def close(self) -> None:
        self.unregister()
