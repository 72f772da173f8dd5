"""The packed bill of Alipay: the one list with the details, found by its name and read within bounds.

Names in the archive are GBK without a flag that says so; they are compared, and never used as paths. Nothing is
unpacked that claims or turns out to be larger than a bill can be (B3).
Source: PKWARE APPNOTE 6.3.10, sections 4.3.16 (end of central directory), 4.4.4 (flags).
"""

import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from terminal.banks.bill_columns import bounded_lines
from terminal.payments.bill import BillRefused

if TYPE_CHECKING:
    import zipfile

UNPACKED_MAX: Final = 256 << 20
RATIO_MAX: Final = 100
SMALL: Final = 1 << 20  # a file of so little may be packed as tightly as it likes
ENTRIES_MAX: Final = 16
DIRECTORY_MAX: Final = 64 * 1024
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_COMMENT_MAX: Final = 0xFFFF
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_TRADE: Final = "业务明细"
_LEDGER: Final = "账务明细"
_SUMMARY: Final = "汇总"


def is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def is_trade(head: bytes) -> bool:
    return is_zip(head) and _named(head, _TRADE)


def is_ledger(head: bytes) -> bool:
    return is_zip(head) and _named(head, _LEDGER)


def _named(head: bytes, word: str) -> bool:
    return word.encode("gbk") in head[:512] or word.encode() in head[:512]


def detail_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of the details, read as they are asked for.

    Raises:
        BillRefused: ``bill_zip_unusable`` with the reason; ``bill_line_too_long``.
    """
    import zipfile  # with the first bill: most of a day nobody reads one

    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as packed, packed.open(_detail(packed)) as entry:
            yield from bounded_lines(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        raise BillRefused("bill_zip_unusable", why="damaged or cut short") from None


def _check_directory(file: IO[bytes]) -> None:
    """The list of names is bounded before anything reads it; ZIP64 is for archives no bill can be."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _COMMENT_MAX))
    tail = file.read(_END_BYTES + _COMMENT_MAX)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES or tail.count(_END) != 1 or b"PK\x06\x07" in tail:
        raise BillRefused("bill_zip_unusable", why="no plain end of its directory")
    entries, bytes_ = int.from_bytes(tail[at + 10 : at + 12], "little"), tail[at + 12 : at + 16]
    if entries > ENTRIES_MAX or int.from_bytes(bytes_, "little") > DIRECTORY_MAX:
        raise BillRefused("bill_zip_unusable", why=f"more than {ENTRIES_MAX} files in it")
    file.seek(0)


def _detail(packed: "zipfile.ZipFile") -> "zipfile.ZipInfo":
    found = [entry for entry in packed.infolist() if _is_detail(_name(entry))]
    if len(found) != 1:
        raise BillRefused("bill_zip_unusable", why=f"{len(found)} lists of details in it")
    entry = found[0]
    if entry.flag_bits & _ENCRYPTED:
        raise BillRefused("bill_zip_unusable", why="it is protected by a password")
    bomb = entry.file_size > max(SMALL, RATIO_MAX * entry.compress_size)
    if entry.file_size > UNPACKED_MAX or bomb:
        raise BillRefused("bill_zip_unusable", why="it would be far too large unpacked")
    return entry


def _is_detail(name: str) -> bool:
    return name.endswith(".csv") and _SUMMARY not in name and (_TRADE in name or _LEDGER in name)


def _name(entry: "zipfile.ZipInfo") -> str:
    """zipfile reads names without the UTF-8 flag as cp437, which loses nothing."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    return entry.filename.encode("cp437", "replace").decode("gbk", "replace")
