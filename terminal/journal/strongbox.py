"""A file that only its passphrase opens: encrypted in pieces, each bound to its place and the last to be the last.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance", CRYPTO 2015) over AES-256-GCM; the key comes from scrypt (RFC 7914).
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import IO, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from terminal.counter.ports import Entropy
from terminal.errors import JournalError

MAGIC: Final = b"countertop strongbox 1\n"
PIECE: Final = 64 * 1024
PASSPHRASE_MIN: Final = 16
_TAG: Final = 16
_HEAD_MAX: Final = 1024
_PIECES_MAX: Final = 2**31
_COST_MAX: Final = 2**20  # a file of somebody else must not take a gigabyte to be refused


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In clear: how the key is made. ``n``, ``r``, ``p`` of scrypt; hex."""

    n: int
    r: int
    p: int
    salt: str
    nonce: str


def lock(pieces: Iterable[bytes], out: IO[bytes], passphrase: str, entropy: Entropy, *, n: int = 2**15) -> None:
    """Write ``pieces`` encrypted. ``n``: scrypt's cost; the default takes 32 MB and a tenth of a second."""
    head = _Head(n, 8, 1, entropy.bytes(16).hex(), entropy.bytes(7).hex())
    line = MAGIC + msgspec.json.encode(head) + b"\n"
    out.write(line)
    box, about = _box(head, passphrase), hashlib.sha256(line).digest()
    for number, (piece, last) in enumerate(_ends(_even(pieces))):
        out.write(box.encrypt(_nonce(head, number, last=last), piece, about))


def unlock(source: IO[bytes], passphrase: str) -> Iterator[bytes]:
    """The pieces as they were; nothing is given that was not proven.

    Raises:
        JournalError: ``backup_not_ours`` is no such file; ``backup_locked``: another passphrase, or changed;
            ``backup_cut``: its end is missing.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise JournalError("backup_not_ours")
    line = source.readline(_HEAD_MAX)
    try:
        head = msgspec.json.decode(line, type=_Head)
        sound = 2**10 <= head.n <= _COST_MAX and head.n & (head.n - 1) == 0 and (head.r, head.p) == (8, 1)
        if not sound or len(bytes.fromhex(head.nonce)) != 7:
            raise ValueError
        box = _box(head, passphrase)
    except ValueError:
        raise JournalError("backup_not_ours") from None
    about = hashlib.sha256(MAGIC + line).digest()
    number, piece = 0, source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG)
        yield _opened(box, head, number, piece, about, last=not following)
        if not following:
            return
        number, piece = number + 1, following


def _opened(box: AESGCM, head: _Head, number: int, piece: bytes, about: bytes, *, last: bool) -> bytes:
    try:
        return box.decrypt(_nonce(head, number, last=last), piece, about)
    except (InvalidTag, ValueError):
        pass
    if last and len(piece) == PIECE + _TAG:  # a whole piece that would be right if more followed
        try:
            box.decrypt(_nonce(head, number, last=False), piece, about)
        except InvalidTag:
            pass
        else:
            raise JournalError("backup_cut")
    raise JournalError("backup_cut" if number and last else "backup_locked")


def _box(head: _Head, passphrase: str) -> AESGCM:
    made = Scrypt(salt=bytes.fromhex(head.salt), length=32, n=head.n, r=head.r, p=head.p)
    return AESGCM(made.derive(passphrase.encode()))


def _nonce(head: _Head, number: int, *, last: bool) -> bytes:
    assert number < _PIECES_MAX, number
    return bytes.fromhex(head.nonce) + number.to_bytes(4, "big") + bytes((last,))


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    yield bytes(held)


def _ends(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece with whether it is the last."""
    held = next(pieces)
    for piece in pieces:
        yield held, False
        held = piece
    yield held, True
