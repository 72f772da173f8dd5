"""Signed checkpoints in a file outside the database: what shows a cut tail or yesterday's copy (S52).

One JSON line each, only ever appended, every line naming the hash of the line before. Anybody with the published
half of the key can check them, and an export against them.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from terminal.errors import JournalError
from terminal.journal.records import Chain, encode
from terminal.whole_file import sync_folder

EVERY: Final = 1000  # entries
Kind = Literal["first", "regular", "asked", "close", "restored"]


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The log up to ``number``: hex of the heads' root and of the running digest; ``prev``: of the line before."""

    database: str
    number: int
    root: str
    digest: str
    wall_ms: int
    kind: Kind
    prev: str
    signature: str = ""

    def unsigned(self) -> bytes:
        fields = msgspec.structs.asdict(self)
        del fields["signature"]
        return b"countertop checkpoint 1\n" + encode(fields)

    def fits(self, chain: Chain) -> bool:
        return (self.number, self.root, self.digest) == (chain.number, chain.root().hex(), chain.digest.hex())


@dataclass(frozen=True, slots=True)
class _Lines:
    checkpoints: tuple[Checkpoint, ...]
    last_hash: str
    size: int  # bytes of whole lines; what follows is a torn write


class Checkpoints:
    """The file, open for appending by the one process that writes the journal."""

    def __init__(self, path: Path, signer: Ed25519PrivateKey) -> None:
        """Read the file and drop a torn last line, which nobody relied on.

        Raises:
            JournalError: ``checkpoints_damaged`` when a line is no checkpoint, out of order or not signed by us;
                ``checkpoints_unusable`` when the file cannot be read.
        """
        self.path, self._signer, self.public = path, signer, signer.public_key()
        lines = _read(path)
        if lines.checkpoints:
            _verify_signatures(path, lines.checkpoints[-1:], self.public)
        self.last = lines.checkpoints[-1] if lines.checkpoints else None
        self._last_hash = lines.last_hash
        self._size = lines.size

    def append(self, chain: Chain, *, database: str, wall_ms: int, kind: Kind) -> Checkpoint:
        """Sign and write, durable on return. Raises JournalError("checkpoints_unusable")."""
        root, digest = chain.root().hex(), chain.digest.hex()
        bare = Checkpoint(database, chain.number, root, digest, wall_ms, kind, self._last_hash)
        signed = msgspec.structs.replace(bare, signature=self._signer.sign(bare.unsigned()).hex())
        line = encode(msgspec.structs.asdict(signed)) + b"\n"
        try:
            self._write(line)
        except OSError as error:
            raise JournalError("checkpoints_unusable", path=str(self.path), detail=str(error)) from error
        self._size += len(line)
        self._last_hash, self.last = _hash(line), signed
        return signed

    def _write(self, line: bytes) -> None:
        """Over what an earlier write may have left torn."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.ftruncate(descriptor, self._size)
            if os.pwrite(descriptor, line, self._size) != len(line):
                raise OSError("short write of a checkpoint")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not self._size:
            sync_folder(self.path.parent)


def read_checkpoints(path: Path, public: Ed25519PublicKey) -> tuple[Checkpoint, ...]:
    """All of them, every signature verified. Raises JournalError("checkpoints_damaged")."""
    return tuple(verified(path, public))


def checkpoints_of(data: bytes, path: Path, public: Ed25519PublicKey) -> tuple[Checkpoint, ...]:
    """The same of what somebody else has read from ``path``."""
    found = _lines(path, data).checkpoints
    _verify_signatures(path, found, public)
    return found


def verified(path: Path, public: Ed25519PublicKey) -> Iterator[Checkpoint]:
    """One after the other, for who has other work between: a year's signatures take most of a second.

    Raises JournalError("checkpoints_damaged").
    """
    for checkpoint in _read(path).checkpoints:
        _verify_signatures(path, (checkpoint,), public)
        yield checkpoint


def _read(path: Path) -> _Lines:
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise JournalError("checkpoints_unusable", path=str(path), detail=str(error)) from error
    return _lines(path, data)


def _lines(path: Path, data: bytes) -> _Lines:
    found: list[Checkpoint] = []
    previous, size = "", 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            checkpoint = msgspec.json.decode(line, type=Checkpoint)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors too
            raise JournalError("checkpoints_damaged", path=str(path), line=len(found) + 1) from error
        if checkpoint.prev != previous:
            raise JournalError("checkpoints_damaged", path=str(path), line=len(found) + 1)
        found.append(checkpoint)
        previous, size = _hash(line), size + len(line)
    return _Lines(tuple(found), previous, size)


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _verify_signatures(path: Path, checkpoints: Iterable[Checkpoint], public: Ed25519PublicKey) -> None:
    for checkpoint in checkpoints:
        try:
            public.verify(bytes.fromhex(checkpoint.signature), checkpoint.unsigned())
        except (InvalidSignature, ValueError) as error:
            raise JournalError("checkpoints_damaged", path=str(path), number=checkpoint.number) from error
