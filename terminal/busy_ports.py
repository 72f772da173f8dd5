"""Who has a port on this machine: asked of the kernel before anything is started."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_LISTEN: Final = "0A"
_MOST: Final = 100  # characters of a program's name and words


def listeners(ports: Iterable[int]) -> dict[int, str]:
    """Of these TCP ports the ones somebody listens on, with who: "python -m http.server (process 4711)".

    Source: Linux, proc_pid_net(5): local address, state and inode of every socket.
    """
    wanted, found = set(ports), {}
    for table in ("tcp", "tcp6"):
        try:
            rows = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue  # no such protocol here
        for row in rows:
            fields = row.split()
            port = int(fields[1].rpartition(":")[2], 16)
            if port in wanted and fields[3] == _LISTEN:
                found[port] = _owner(fields[9])
    return found


def _owner(inode: str) -> str:
    """The process with this socket; others' processes are not ours to see."""
    wanted = f"socket:[{inode}]"
    for process in PROC.iterdir():
        if not process.name.isdecimal():
            continue
        try:
            if any(str(link.readlink()) == wanted for link in (process / "fd").iterdir()):
                return f"{_program((process / 'cmdline').read_bytes())} (process {process.name})"
        except OSError:
            continue  # gone meanwhile, or another user's
    return "another program"


def _program(command_line: bytes) -> str:
    """What was started, without the folder it stands in: that may be long, and the words behind it tell more."""
    started, *words = command_line.decode(errors="replace").rstrip("\0").split("\0")
    told = " ".join((Path(started).name, *words))
    return told if len(told) <= _MOST else told[: _MOST - 1] + "…"
