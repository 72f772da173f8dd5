"""When this shop was last saved, and where to: a note in the state folder, for whoever asks later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from terminal.whole_file import write_whole

NOTE: Final = "backup.json"
ENDING: Final = ".ctbackup"


class Note(msgspec.Struct, frozen=True):
    """``made_ms``: UTC. ``file``: where it was written, perhaps on a disk that is not here now."""

    file: str
    made_ms: int


def write_note(state: Path, note: Note) -> None:
    """Whole or not at all. Raises OSError."""
    write_whole(state / NOTE, msgspec.json.encode(note), 0o600)


def read_note(state: Path) -> Note | None:
    """None: none was ever made here, or it is not to be read."""
    try:
        return msgspec.json.decode((state / NOTE).read_bytes(), type=Note)
    except (OSError, ValueError, RecursionError):
        return None


def copies(note: Note | None) -> Iterator[Path]:
    """Backups that lie where the last one was put, as far as they can be seen."""
    try:
        yield from sorted(Path(note.file).parent.glob(f"countertop-*{ENDING}")) if note else ()
    except OSError:
        return
