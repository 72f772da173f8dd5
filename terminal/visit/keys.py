"""The key that seals what a visit leaves: one file of mode 0600, with its published half beside it (docs/keys.md).

Made at the first visit and never made again: its fingerprint stands on the shop's own sheet.
"""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.counter.ports import Entropy
from terminal.errors import BadSettings
from terminal.whole_file import Owner, write_whole

PRIVATE: Final = "visit.key"
PUBLIC: Final = "visit.pub"
SEED_BYTES: Final = 32
_FILE_MAX: Final = 256


def open_key(folder: Path, entropy: Entropy) -> Ed25519PrivateKey:
    """The key of ``folder``; made first when there is none. What a power cut left half is made anew.

    Raises:
        BadSettings: ``key_file_readable``, ``key_file_not_ours``, ``key_file_damaged``; OSError: the disk.
    """
    path = folder / PRIVATE
    if not path.exists():
        _make_folder(folder)
        made = Ed25519PrivateKey.from_private_bytes(entropy.bytes(SEED_BYTES))
        _publish(folder, made)
        write_whole(path, made.private_bytes_raw().hex().encode() + b"\n", 0o600, _belongs(folder))
    key = _read(path)
    if not (folder / PUBLIC).exists():
        _publish(folder, key)
    return key


def _make_folder(folder: Path) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if (owner := _belongs(folder.parent)) is not None:
        os.chown(folder, *owner, follow_symlinks=False)


def _belongs(folder: Path) -> Owner | None:
    """Root makes the service's files as the service's own; whoever else can only make their own."""
    if os.geteuid() != 0:
        return None
    status = folder.stat()
    return Owner(status.st_uid, status.st_gid)


def _publish(folder: Path, key: Ed25519PrivateKey) -> None:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_whole(folder / PUBLIC, pem, 0o644, _belongs(folder))


def _read(path: Path) -> Ed25519PrivateKey:
    """Through one descriptor, so that what was checked is what is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "unreadable") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        ours = {os.geteuid()} if os.geteuid() else {0, path.parent.stat().st_uid}
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in ours:
            raise BadSettings("key_file_not_ours", path=str(path), why="not a plain file of this user")
        if status.st_mode & 0o077:
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise BadSettings("key_file_readable", path=str(path), mode=mode, fix=f"chmod 600 {path}")
        text = file.read(_FILE_MAX)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode("ascii").strip()))
    except ValueError as error:
        raise BadSettings("key_file_damaged", path=str(path)) from error
