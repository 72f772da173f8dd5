"""A disk whose every sync takes longer: what an SD card does to a journal, simulated by an SQLite VFS."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import apsw

DELAY_S: Final = 0.010


class _File(apsw.VFSFile):
    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        time.sleep(DELAY_S)
        super().xSync(flags)


class _Disk(apsw.VFS):
    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # SQLite's
        if name is None:
            return apsw.VFSFile("", name, flags)
        return _File("", name.filename() if isinstance(name, apsw.URIFilename) else name, flags)


@contextmanager
def slow_disk(name: str) -> Iterator[_Disk]:
    disk = _Disk(name)
    try:
        yield disk
    finally:
        disk.unregister()
