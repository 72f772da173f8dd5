"""The journal's keys: one file of mode 0600 outside the database, with the published half of one beside it.

Made at the first start, never made again for an existing journal: without them its chain proves nothing.
"""

import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.counter.ports import Entropy
from terminal.errors import BadSettings
from terminal.whole_file import beside, take_place, write_aside, write_new, write_whole

PRIVATE: Final = "journal.key"
PUBLIC: Final = "journal.pub"
_NONCE: Final = 12  # NIST SP 800-38D: 96 bits for AES-GCM
_FILE_MAX: Final = 64 * 1024
KEYS_MAX: Final = 200  # in one ring; the file holds twice as many


class _Ring(msgspec.Struct, forbid_unknown_fields=True):
    current: str
    keys: dict[str, str]  # id -> hex; old ones stay, so that old rows can be read


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    chain: _Ring
    personal: _Ring
    checkpoint: str  # hex of the Ed25519 seed


@dataclass(frozen=True, slots=True, repr=False)
class JournalKeys:
    """HMAC keys of the chain, AES-256-GCM keys of the personal table, Ed25519 key of the checkpoints."""

    chain: Mapping[str, bytes]
    chain_id: str
    personal: Mapping[str, bytes]
    personal_id: str
    signer: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"JournalKeys(chain={self.chain_id}, personal={self.personal_id})"

    @classmethod
    def make(cls, entropy: Entropy) -> "JournalKeys":
        chain, personal = entropy.bytes(32), entropy.bytes(32)
        signer = Ed25519PrivateKey.from_private_bytes(entropy.bytes(32))
        chain_id, personal_id = _name(chain), _name(personal)
        return cls({chain_id: chain}, chain_id, {personal_id: personal}, personal_id, signer)

    @classmethod
    def open(cls, folder: Path, entropy: Entropy, *, create: bool) -> "JournalKeys":
        """Load the keys of ``folder``; make them first when ``create`` and there are none.

        Pass ``create`` only when no journal exists yet.

        Raises:
            BadSettings: ``key_file_missing``, ``key_file_readable``, ``key_file_not_ours``, ``key_file_damaged``.
        """
        if create and not (folder / PRIVATE).exists():
            cls.make(entropy).save(folder)
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> "JournalKeys":
        """Raises BadSettings as ``open``."""
        return cls._read(folder / PRIVATE)

    @classmethod
    def _read(cls, path: Path) -> "JournalKeys":
        try:
            file = msgspec.json.decode(_read_secret(path), type=_File)
            chain, personal = _keys(file.chain), _keys(file.personal)
            signer = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.checkpoint))
        except ValueError as error:  # msgspec's errors are ValueErrors too; none of them carries the content
            raise BadSettings("key_file_damaged", path=str(path)) from error
        return cls(chain, file.chain.current, personal, file.personal.current, signer)

    def save(self, folder: Path) -> None:
        """Write both halves, durably and never over an existing file."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / PUBLIC, self.public_pem(), 0o644)
        write_new(folder / PRIVATE, self._file(), 0o600)

    def renewed(self, entropy: Entropy) -> "JournalKeys":
        """New keys for what is written from now on; the old ones stay, to read by. The checkpoints' key stays too:
        its published half stands on papers and in other hands (S41).

        Raises:
            BadSettings: ``key_ring_full``; a shop that changes its keys weekly gets here after four years.
        """
        if max(len(self.chain), len(self.personal)) >= KEYS_MAX:
            raise BadSettings("key_ring_full", limit=KEYS_MAX)
        fresh = JournalKeys.make(entropy)
        chain, personal = {**self.chain, **fresh.chain}, {**self.personal, **fresh.personal}
        return JournalKeys(chain, fresh.chain_id, personal, fresh.personal_id, self.signer)

    def draft(self, folder: Path) -> "JournalKeys":
        """Write the private half beside the one in use, durably; returns it as it was read back from there."""
        return JournalKeys._read(write_aside(folder / PRIVATE, self._file(), 0o600))

    def _file(self) -> bytes:
        rings = [
            _Ring(current, {name: key.hex() for name, key in keys.items()})
            for current, keys in ((self.chain_id, self.chain), (self.personal_id, self.personal))
        ]
        return msgspec.json.encode(_File(1, rings[0], rings[1], self.signer.private_bytes_raw().hex()))

    def public_pem(self) -> bytes:
        return self.signer.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def knows(self, key_id: str) -> bool:
        return key_id in self.chain

    def mac(self, key_id: str, message: bytes) -> bytes:
        # not hmac.digest: that lets other threads run each time, and a busy loop would make the journal's wait
        return hmac.new(self.chain[key_id], message, "sha256").digest()

    def hide(self, nonce: bytes, place: str, clear: bytes) -> tuple[str, bytes]:
        """Encrypt a personal value for one row (``place``): key id, then nonce and ciphertext (S41)."""
        assert len(nonce) == _NONCE, nonce
        box = AESGCM(self.personal[self.personal_id])
        return self.personal_id, nonce + box.encrypt(nonce, clear, place.encode())

    def show(self, key_id: str, place: str, hidden: bytes) -> bytes:
        """Raises InvalidTag (cryptography) for a changed row and KeyError for an unknown key."""
        box = AESGCM(self.personal[key_id])
        return box.decrypt(hidden[:_NONCE], hidden[_NONCE:], place.encode())


def _name(key: bytes) -> str:
    return hashlib.sha256(b"journal key id\0" + key).hexdigest()[:12]


def _keys(ring: _Ring) -> dict[str, bytes]:
    keys = {name: bytes.fromhex(text) for name, text in ring.keys.items()}
    if ring.current not in keys or any(name != _name(key) or len(key) != 32 for name, key in keys.items()):
        raise ValueError("a key does not fit its id")
    return keys


def _read_secret(path: Path) -> bytes:
    """Read through one descriptor, so that what was checked is what is read (F4)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadSettings("key_file_missing", path=str(path)) from None
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "unreadable") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise BadSettings("key_file_not_ours", path=str(path), why="not a plain file of this user")
        if status.st_mode & 0o077:
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise BadSettings("key_file_readable", path=str(path), mode=mode, fix=f"chmod 600 {path}")
        return file.read(_FILE_MAX)


def take_up_draft(folder: Path) -> None:
    """The draft becomes the keys, in one step: whoever starts afterwards finds the old file or the new one."""
    take_place(beside(folder / PRIVATE), folder / PRIVATE)


def drop_draft(folder: Path) -> None:
    beside(folder / PRIVATE).unlink(missing_ok=True)
