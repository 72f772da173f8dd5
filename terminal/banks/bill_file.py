"""A bill on its way to the disk: unpacked as it comes, bounded, hashed, named only once it is whole (B3).

Names are made here, never taken from the provider; the folder is the shop's own.
"""

import contextlib
import hashlib
import os
import re
import zlib
from pathlib import Path
from typing import IO, Final

from terminal.banks import alipay_zip
from terminal.banks.alipay_zip import RATIO_MAX, SMALL, UNPACKED_MAX
from terminal.payments.bill import BillRefused

PIECE: Final = 1 << 20
GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's word for a gzip header and trailer
_NAME: Final = re.compile(r"[0-9A-Za-z_.\-]{1,120}")


class BillUnusable(Exception):
    """What arrived is no bill: ``too_large``, ``cut_short``, ``hash_wrong`` or ``zip_unusable``."""


class BillFile:
    """Takes the bytes of a download and leaves one file, or none.

    Args:
        name: of the finished file.
        packing: ``gzip`` is unpacked as it comes; of a ``zip`` the list of details is kept.
    """

    def __init__(self, folder: Path, name: str, packing: str) -> None:
        assert _NAME.fullmatch(name), name
        self._final, self._part, self._inner = folder / name, folder / f"{name}.part", folder / f"{name}.unpacked"
        self._packing = packing
        self._hash = hashlib.sha1(
            usedforsecurity=False
        )  # the provider's choice: against damage, not against people
        self._gunzip = zlib.decompressobj(GZIP) if packing == "gzip" else None
        self._taken = self._written = 0
        self._file = _new(self._part)

    def write(self, data: bytes) -> None:
        """Raises BillUnusable ``too_large``, ``cut_short`` (no gzip at all)."""
        self._taken += len(data)
        if self._gunzip is None:
            self._keep(data)
            return
        try:
            while not self._gunzip.eof:
                piece = self._gunzip.decompress(data, PIECE)
                self._keep(piece)
                data = self._gunzip.unconsumed_tail
                if not data and len(piece) < PIECE:
                    break
        except zlib.error:
            raise BillUnusable("cut_short") from None

    def _keep(self, data: bytes) -> None:
        self._written += len(data)
        if self._written > UNPACKED_MAX or self._written > max(SMALL, RATIO_MAX * self._taken):
            raise BillUnusable("too_large")
        self._hash.update(data)
        self._file.write(data)

    def finish(self, sha1: str) -> Path:
        """Check, make durable, name. Waits for the disk.

        Args:
            sha1: hexadecimal, of the unpacked bytes; empty where the provider gives none.

        Raises:
            BillUnusable: and nothing is left of it.
        """
        if self._gunzip is not None and not self._gunzip.eof:
            raise BillUnusable("cut_short")
        if sha1 and self._hash.hexdigest() != sha1.lower():
            raise BillUnusable("hash_wrong")
        _durable(self._file)
        whole = self._part
        if self._packing == "zip":
            self._unzip()
            whole = self._inner
        whole.replace(self._final)
        self._part.unlink(missing_ok=True)
        return self._final

    def _unzip(self) -> None:
        try:
            with self._part.open("rb") as packed, _new(self._inner) as out:
                for line in alipay_zip.detail_lines(packed):
                    out.write(line)
                _durable(out)
        except BillRefused as error:
            raise BillUnusable("zip_unusable") from error

    def discard(self) -> None:
        """What is not finished is removed; after ``finish`` there is nothing to remove."""
        self._file.close()
        for part in (self._part, self._inner):
            with contextlib.suppress(FileNotFoundError):
                part.unlink()


def _new(path: Path) -> IO[bytes]:
    """A file nobody else has open, never through a link; what an earlier, killed try left is removed (F4)."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
