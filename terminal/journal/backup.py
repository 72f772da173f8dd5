"""A shop in one encrypted file: the journal, its keys, the settings and what they name; and back again (S43).

The journal is copied by SQLite itself beside the running service, never as a file. What was written is read back
before it counts as a backup. A journal that came back says so in its signed checkpoints (S52).
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

import apsw
import msgspec

from terminal.counter.ports import Clock, Entropy
from terminal.errors import JournalError
from terminal.journal.failure import diagnose, refusal
from terminal.journal.place import side
from terminal.journal.schema import connect
from terminal.journal.start import last_number
from terminal.journal.strongbox import PIECE, lock, unlock
from terminal.whole_file import sync_folder

JOURNAL: Final = "journal.db"
CHECKPOINTS: Final = "journal.db.checkpoints"
_MANIFEST_MAX: Final = 1024 * 1024
_PARTS_MAX: Final = 500
Place = Literal["settings", "state", "absolute"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. ``name`` is relative to its place; with ``absolute`` it is the whole path. ``digest``: SHA-256."""

    place: Place
    name: str
    size: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds. ``number``: of the journal's last event; ``made_ms``: UTC."""

    version: int
    merchant: str
    store: str
    number: int
    made_ms: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be saved: a name by place, and where it lies now."""

    place: Place
    name: str
    path: Path


def write(
    target: Path,
    journal: Path,
    sources: list[Source],
    passphrase: str,
    *,
    shop: tuple[str, str],
    clock: Clock,
    entropy: Entropy,
) -> Manifest:
    """Write ``target`` (0600, never over a file), read it back, give it its name. ``shop``: merchant and store.

    Raises:
        JournalError: ``backup_failed`` with what the disk or the copy said; nothing is left under the name.
    """
    copy, growing = side(target, ".journal"), side(target, ".part")
    try:
        number = copy_journal(journal, copy)
        checkpoints = side(journal, ".checkpoints")
        known = [Source("state", CHECKPOINTS, checkpoints)] if checkpoints.exists() else []
        every = [Source("state", JOURNAL, copy), *known, *sources]
        parts = tuple(Part(each.place, each.name, *_measured(each.path)) for each in every)
        manifest = Manifest(1, *shop, number, clock.wall_ms(), parts)
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            lock(_stream(manifest, [each.path for each in every]), out, passphrase, entropy)
            out.flush()
            os.fsync(out.fileno())
        with growing.open("rb") as written:
            same = read(written, passphrase) == manifest
        if not same:
            raise JournalError("backup_failed", detail="what was written reads back as something else")
        os.link(growing, target)  # never over a file that is there
        sync_folder(target.parent)
        return manifest
    except OSError as error:
        raise JournalError("backup_failed", detail=error.strerror or str(error)) from error
    finally:
        for each in (copy, growing):
            with suppress(OSError):
                each.unlink(missing_ok=True)


def read(file: IO[bytes], passphrase: str, into: Mapping[Place, Path] | None = None) -> Manifest:
    """Check a whole backup; with ``into`` also write its files there, each new, private and durable.

    Args:
        file: at its beginning.

    Raises:
        JournalError: ``backup_not_ours``, ``backup_locked``, ``backup_cut``, ``backup_damaged``;
            ``restore_in_the_way`` with the file that is there already: nothing was written; ``backup_failed``.
    """
    try:
        stream = _Stream(unlock(file, passphrase))
        manifest = _manifest(stream)
        if into is not None:
            _refuse_what_stands(manifest, into)
        for part in manifest.parts:
            _take(stream, part, None if into is None else _path(part, into))
        if not stream.ended():
            raise JournalError("backup_damaged", detail="there is more than it says")
    except OSError as error:
        raise JournalError("backup_failed", detail=error.strerror or str(error)) from error
    return manifest


def copy_journal(journal: Path, copy: Path) -> int:
    """A consistent copy while the service writes on; returns the number of its last event."""
    connection = None
    try:
        connection = connect(journal, read_only=True)
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        fresh = apsw.Connection(str(copy))
        try:
            with fresh.backup("main", connection, "main") as going:
                going.step(-1)  # all at once: one moment of the journal, whatever is written meanwhile
            return last_number(fresh)
        finally:
            fresh.close()
    except apsw.Error as error:
        raise refusal(diagnose(error, connection.system_errno if connection else 0, "backup_failed")) from error
    finally:
        if connection:
            connection.close()


def _measured(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _stream(manifest: Manifest, paths: list[Path]) -> Iterator[bytes]:
    told = msgspec.json.encode(manifest)
    yield len(told).to_bytes(4, "big") + told
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


class _Stream:
    """The proven pieces as one row of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def take(self, most: int) -> bytes:
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                raise JournalError("backup_damaged", detail="there is less than it says")
            self._held = piece
        given, self._held = self._held[:most], self._held[most:]
        return given

    def exactly(self, size: int) -> bytes:
        given = b""
        while len(given) < size:
            given += self.take(size - len(given))
        return given

    def ended(self) -> bool:
        return not self._held and not any(self._pieces)


def _manifest(stream: _Stream) -> Manifest:
    size = int.from_bytes(stream.exactly(4), "big")
    if size > _MANIFEST_MAX:
        raise JournalError("backup_damaged", detail="manifest")
    try:
        manifest = msgspec.json.decode(stream.exactly(size), type=Manifest)
    except msgspec.DecodeError as error:
        raise JournalError("backup_damaged", detail="manifest") from error
    named = [(part.place, part.name) for part in manifest.parts]
    if manifest.version != 1 or len(named) > _PARTS_MAX or len(set(named)) != len(named):
        raise JournalError("backup_damaged", detail="manifest")
    return manifest


def _path(part: Part, into: Mapping[Place, Path]) -> Path:
    """Where a part goes. Names that lead out of their folder are refused, though only we wrote them."""
    name = Path(part.name)
    absolute = part.place == "absolute"
    if not part.name or name.is_absolute() != absolute or ".." in name.parts:
        raise JournalError("backup_damaged", detail="a name")
    return name if absolute else into[part.place] / name


def _refuse_what_stands(manifest: Manifest, into: Mapping[Place, Path]) -> None:
    for part in manifest.parts:
        if (path := _path(part, into)).exists() or path.is_symlink():
            raise JournalError("restore_in_the_way", path=str(path))


def _take(stream: _Stream, part: Part, path: Path | None) -> None:
    digest, left = hashlib.sha256(), part.size
    descriptor = -1
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while left:
            piece = stream.take(left)
            digest.update(piece)
            left -= len(piece)
            if descriptor >= 0 and os.write(descriptor, piece) != len(piece):
                raise OSError("short write")
        if digest.hexdigest() != part.digest:
            raise JournalError("backup_damaged", detail=part.name)
        if descriptor >= 0:
            os.fsync(descriptor)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    if path is not None:
        sync_folder(path.parent)
