"""Who has a port on this machine: asked of the kernel before anything is started."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_LISTEN: Final = "0A"


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
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"{words[:80]} (process {process.name})"
        except OSError:
            continue  # gone meanwhile, or another user's
    return "another program"
