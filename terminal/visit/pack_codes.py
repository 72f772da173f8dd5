"""A sealed pack as a row of QR codes: read in any order, as often as one likes, one pack at a time (row 100).

``CT:PACK-`` the pack's mark ``-`` number and count, two digits each ``-`` data ``-`` check. Capitals, digits and
``:-`` alone: every scanner types them on every keyboard, and QR holds them in its dense mode. Data is a piece of
the sealed file, packed by zlib; the mark is of the whole file, the check of this one code (a letter lost on the
way). Pure.

Sources: RFC 4648, section 6 (base 32); RFC 1950 (zlib); ISO/IEC 18004:2015, table 7 (characters of a version).
"""

import base64
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.scan import TEXT_MAX, bare

VERSION: Final = 10  # 57 modules: 5 dots each on the narrowest paper, and cheap scanners read it from a screen
CHARS: Final = 311  # of version 10 at level M
CODES_MAX: Final = 60  # as many as a person scans with patience
FILE_MAX: Final = 64 * 1024  # bytes of a pack that travels so, before it is packed
_HEAD: Final = "CT:PACK-"  # no digit in front: a scanner that types types no amount
_MARK_BYTES, _CHECK_BYTES = 10, 4
_FRAME: Final = len(_HEAD) + 16 + len("-0000-") + len("-") + 7
_CODE: Final = re.compile(r"CT:PACK-([A-Z2-7]{16})-([0-9]{2})([0-9]{2})-([A-Z2-7]{2,})-([A-Z2-7]{7})")


@dataclass(frozen=True, slots=True)
class PackCode:
    """One of them. ``number`` counts from 1; ``data`` is its piece of the packed file."""

    pack: str
    number: int
    count: int
    data: bytes


def codes_of(sealed: bytes, *, chars: int = CHARS) -> tuple[str, ...]:
    """The texts of a pack's codes, each at most ``chars`` long and all about as long.

    Raises:
        Conflict("pack_too_large"): it goes as a file.
    """
    packed = zlib.compress(sealed, 9)
    room = (chars - _FRAME) * 5 // 8
    count = -(-len(packed) // max(1, room))
    if room < 1 or count > CODES_MAX or len(sealed) > FILE_MAX:
        raise Conflict("pack_too_large", codes=count, most=CODES_MAX)
    mark, size = mark_of(sealed), -(-len(packed) // count)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    return tuple(_text(PackCode(mark, n, len(pieces), each)) for n, each in enumerate(pieces, 1))


def mark_of(sealed: bytes) -> str:
    """What names a pack on its codes: half of its SHA-256's first 20 bytes, in base 32."""
    return _letters(hashlib.sha256(sealed).digest()[:_MARK_BYTES])


def is_pack_code(scan: str) -> bool:
    """Whether it says that it is one, sound or not."""
    return bare(scan).startswith(_HEAD)


def read_code(scan: str) -> PackCode:
    """Raises InvalidRequest("pack_code_unreadable"): nothing of a pack, or a letter of it is wrong."""
    shape = _CODE.fullmatch(bare(scan)) if len(scan) <= TEXT_MAX else None
    if shape is None:
        raise InvalidRequest("pack_code_unreadable")
    try:
        code = PackCode(shape[1], int(shape[2]), int(shape[3]), _bytes(shape[4]))
    except ValueError:
        raise InvalidRequest("pack_code_unreadable") from None
    if not 1 <= code.number <= code.count <= CODES_MAX or _text(code) != shape[0]:
        raise InvalidRequest("pack_code_unreadable")
    return code


class Gathering:
    """Codes of one pack as they come: any order, any repeats. What is held is at most CODES_MAX codes."""

    def __init__(self) -> None:
        self._first: PackCode | None = None
        self._pieces: dict[int, bytes] = {}

    @property
    def pack(self) -> str:
        """The mark of the pack that is read; empty before its first code."""
        return self._first.pack if self._first else ""

    @property
    def count(self) -> int:
        return self._first.count if self._first else 0

    @property
    def have(self) -> tuple[int, ...]:
        return tuple(sorted(self._pieces))

    @property
    def missing(self) -> tuple[int, ...]:
        return tuple(n for n in range(1, self.count + 1) if n not in self._pieces)

    def take(self, scan: str) -> PackCode:
        """One code, new or not.

        Raises:
            InvalidRequest("pack_code_unreadable"), Conflict("pack_code_other"): nothing was taken.
        """
        code, first = read_code(scan), self._first
        if first is not None and (first.pack, first.count) != (code.pack, code.count):
            raise Conflict("pack_code_other", theirs=code.pack[:4], ours=first.pack[:4])
        self._first = first or code
        self._pieces.setdefault(code.number, code.data)
        return code

    def whole(self) -> bytes:
        """The sealed file, byte for byte; its seal is still to be checked.

        Raises:
            Conflict("pack_code_missing"), InvalidRequest("pack_codes_broken"): these codes never were one file.
        """
        if not self._pieces or self.missing:
            numbers = ", ".join(map(str, self.missing[:8])) or "–"
            raise Conflict("pack_code_missing", missing=numbers, count=self.count)
        sealed = _unpacked(b"".join(self._pieces[n] for n in self.have))
        if mark_of(sealed) != self.pack:
            raise InvalidRequest("pack_codes_broken", why="SHA-256")
        return sealed


def _unpacked(packed: bytes) -> bytes:
    """At most FILE_MAX bytes, whatever they promise to become. Raises InvalidRequest("pack_codes_broken")."""
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(packed, FILE_MAX + 1)
    except zlib.error:
        raise InvalidRequest("pack_codes_broken", why="zlib") from None
    if len(data) > FILE_MAX:
        raise InvalidRequest("pack_codes_broken", why=f"> {FILE_MAX // 1024} KiB")
    if not reader.eof or reader.unused_data:
        raise InvalidRequest("pack_codes_broken", why="zlib")
    return data


def _text(code: PackCode) -> str:
    body = f"{_HEAD}{code.pack}-{code.number:02}{code.count:02}-{_letters(code.data)}"
    return f"{body}-{_letters(zlib.crc32(body.encode()).to_bytes(_CHECK_BYTES, 'big'))}"


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b32decode(text + "=" * (-len(text) % 8))
