"""Disks that fail on command: an SQLite VFS over the real one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

Act = Callable[[], None]


def nothing() -> None:
    """A disk without faults."""


class _File(apsw.VFSFile):
    def __init__(self, disk: "Disk", name: str, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk, self._name = disk, name

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        if self._name.endswith("-wal"):
            self._disk.syncs += 1
            self._disk.on_sync()
        super().xSync(flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802  # SQLite's name
        self._disk.on_read()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.on_write()
        super().xWrite(data, offset)


class Disk(apsw.VFS):
    """``on_sync``, ``on_write`` and ``on_read`` run before the real thing and may raise apsw's errors or wait."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.syncs = 0  # of the write-ahead log
        self.on_sync: Act = nothing
        self.on_write: Act = nothing
        self.on_read: Act = nothing

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # SQLite's
        if name is None:
            return apsw.VFSFile("", name, flags)
        return _File(self, name.filename() if isinstance(name, apsw.URIFilename) else name, flags)


@contextmanager
def disk(name: str) -> Iterator[Disk]:
    shim = Disk(name)
    try:
        yield shim
    finally:
        shim.on_sync = shim.on_write = shim.on_read = nothing
        shim.unregister()


def io_error() -> None:
    raise apsw.IOError("injected EIO")


def full() -> None:
    raise apsw.FullError("injected ENOSPC")


class Gate:
    """Holds a sync until it is opened; ``reached`` is set once somebody waits. Never for ever."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(timeout=30), "nobody opened the gate"
