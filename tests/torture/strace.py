"""What the unmodified process did to its files and told its clients, in order, as strace saw it (strace(1))."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

CALLS: Final = "pwrite64,write,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,renameat,renameat2,sendto"
_LINE: Final = re.compile(r"^(\d+) +(.*)$")
_CALL: Final = re.compile(r"^(\w+)\((.*)$", re.DOTALL)
_RESUMED: Final = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_FILE: Final = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_UNFINISHED: Final = " <unfinished ...>"
Kind = Literal["write", "append", "sync", "cut", "gone", "moved", "sent"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a process did.

    Args:
        path: the file; of ``moved`` the old name. ``to`` is the new one.
        data: of a write, or what was sent on a socket.
        offset: of a write; of ``cut`` the new size.
    """

    kind: Kind
    path: str
    data: bytes = b""
    offset: int = 0
    to: str = ""


def missing() -> str:
    """Why nothing can be traced here; empty: it can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed (apt-get install strace)"
    tried = subprocess.run(
        [strace, "-f", "-o", "/dev/null", "-e", "trace=fsync", "true"], capture_output=True, text=True, timeout=30
    )
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()[:200]}"


def recording(log: Path) -> tuple[str, ...]:
    """Words in front of a command that write what it does into ``log``."""
    return ("strace", "-f", "-y", "-xx", "-s", "70000", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o", str(log))


def injecting(what: str, *, log: Path | None = None) -> tuple[str, ...]:
    """Words in front of a command that let some of its calls fail or wait; ``what`` as strace's inject says it."""
    calls = what.partition(":")[0]
    return (
        "strace",
        "-f",
        "--seccomp-bpf",
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={what}",
        "-o",
        str(log or "/dev/null"),
    )


def read(log: Path) -> Iterator[Step]:
    """A write counts from its begin, as something of it may be on the disk then; a sync only when it returned."""
    waiting: dict[str, tuple[str, str]] = {}
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            match = _LINE.match(line.rstrip("\n"))
            if match is None:
                continue
            process, text = match[1], match[2]
            if resumed := _RESUMED.match(text):
                call, words = waiting.pop(process, ("", ""))
                if call in {"fdatasync", "fsync"} and resumed[2].rstrip().endswith("= 0"):
                    yield from _step(call, words)
            elif begun := _CALL.match(text):
                yield from _begun(process, begun[1], begun[2], waiting)


def _begun(process: str, call: str, words: str, waiting: dict[str, tuple[str, str]]) -> Iterator[Step]:
    if words.endswith(_UNFINISHED):
        words = words.removesuffix(_UNFINISHED)
        waiting[process] = (call, words)
        if call in {"fdatasync", "fsync"}:
            return
    elif " = -1 " in words[-60:]:
        return
    yield from _step(call, words)


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _step(call: str, words: str) -> Iterator[Step]:
    file = _FILE.match(words)
    path = _plain(file[1]).decode(errors="replace") if file else ""
    texts = [_plain(each) for each in _TEXT.findall(words)]
    numbers = [int(each) for each in re.findall(r", (\d+)(?=[,)]|$)", words[-80:])]
    match call:
        case "pwrite64" if texts and numbers:
            yield Step("write", path, texts[0], numbers[-1])
        case "write" if texts:
            yield Step("append", path, texts[0])
        case "sendto" if texts:
            yield Step("sent", path, texts[0])
        case "fdatasync" | "fsync":
            yield Step("sync", path)
        case "ftruncate" if numbers:
            yield Step("cut", path, offset=numbers[-1])
        case "unlink" | "unlinkat" if texts:
            yield Step("gone", texts[0].decode(errors="replace"))
        case "rename" | "renameat" | "renameat2" if len(texts) > 1:
            yield Step("moved", texts[0].decode(errors="replace"), to=texts[1].decode(errors="replace"))
        case _:
            pass
