"""Captures of what passed over a device's line: JSON lines, first who and how, then when, which way and what.

{"capture": 1, "protocol": "scanner/gm65", "baud": 9600, "masked": true}
{"ms": 12, "way": "out", "hex": "7e0007010000..."}
{"ms": 40, "way": "in", "hex": "0200000100..."}
{"ms": 9000, "end": "stopped"}
"""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import IO, Annotated, Final, Literal, TypeVar

import msgspec

from drivers.scanner.keys import EVENT, PLAIN
from terminal.cli.words import wrong_option
from terminal.errors import BadSettings
from terminal.given_file import read_given
from terminal.lab.readable import READERS

VERSION: Final = 1
SIZE_MAX: Final = 16_000_000  # bytes of a capture file
MS_MAX: Final = 366 * 86_400_000  # nobody records a line for longer
BAUD_MAX: Final = 4_000_000
CHUNK_MAX: Final = 65536  # bytes of one line's data
Way = Literal["out", "in"]
Ms = Annotated[int, msgspec.Meta(ge=0, le=MS_MAX)]
L = TypeVar("L")
KEYS: Final = "scanner/evdev"
_EV_KEY: Final = 1
_DIGIT, _LETTER = (next(code for code, char in PLAIN.items() if char == sign) for sign in "0x")
_PACKETS: Final = ("scanner/ssi", "scanner/gmssi")
_DECODED: Final = 0xF3
_FRAMED: Final = 0x03  # GM861: a scan with its length before it
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){0,65536}")
_CODES: Final = bytes(
    ord("0") if 0x30 <= byte <= 0x39 else ord("x") if chr(byte).isalpha() and byte < 0x80 else byte
    for byte in range(256)
)


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``protocol`` is role/name of the catalogue, empty when nobody said; ``masked``: letters and digits of
    codes are replaced by others."""

    capture: int = VERSION
    protocol: str = ""
    profile: str = ""
    baud: Annotated[int, msgspec.Meta(ge=1, le=BAUD_MAX)] = 9600
    masked: bool = True


class Chunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ms: Ms
    way: Way
    hex: str

    @property
    def data(self) -> bytes:
        return bytes.fromhex(self.hex)


class _End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ms: Ms
    end: str


def masks(protocol: str, *, with_codes: bool) -> bool:
    """Whether what the device says may be a customer's payment code: of scanners, and of who is not named."""
    return not with_codes and protocol.partition("/")[0] not in ("display", "printer", "speaker")


def masked(data: bytes, protocol: str = "") -> bytes:
    """The same length, without letters and digits of codes. Answers of a known protocol stay as they are.

    What no reader understands may be half a code and is masked, and so is what it calls ``scan``; a masked SSI
    packet gets a check that fits.
    """
    if protocol == KEYS:
        return b"".join(_other_key(data[at : at + EVENT.size]) for at in range(0, len(data), EVENT.size))
    take = READERS.get(protocol)
    if take is None:
        return data.translate(_CODES)
    out, at = bytearray(), 0
    while at < len(data):
        used, words = take("in", data[at:])
        piece = data[at : at + max(1, used)]
        if used and not words.startswith("scan"):
            out += piece
        elif protocol in _PACKETS and piece[0] + 2 == len(piece) > 6 and piece[1] == _DECODED:
            body = piece[:5] + piece[5:-2].translate(_CODES)
            out += body + (-sum(body) & 0xFFFF).to_bytes(2, "big")
        else:
            head = 3 if used and piece[0] == _FRAMED else 0
            out += piece[:head] + piece[head:].translate(_CODES)
        at += max(1, used)
    return bytes(out)


def _other_key(event: bytes) -> bytes:
    """One input event, its letter x and its digit 0. Scan codes name keys, too; of half an event nothing stays."""
    if len(event) < EVENT.size:
        return bytes(len(event))
    *time, kind, code, value = EVENT.unpack(event)
    key = PLAIN.get(code, "")
    if kind == _EV_KEY:
        return EVENT.pack(*time, kind, _DIGIT if key.isdigit() else _LETTER if key.isalpha() else code, value)
    return EVENT.pack(*time, kind, code, 0)


class Recorder:
    """Writes a capture as it happens. ``full`` once the file has its size: what follows passes unrecorded.

    Args:
        file: open for writing text, by whoever calls.
        now_ms: milliseconds since the start.
    """

    def __init__(self, file: IO[str], head: Head, now_ms: Callable[[], int], *, size_max: int = SIZE_MAX) -> None:
        self.full = False
        self.chunks = 0
        self._file, self._head, self._now_ms = file, head, now_ms
        self._room = size_max
        self._put(head)

    def add(self, way: Way, data: bytes) -> None:
        if way == "in" and self._head.masked:
            data = masked(data, self._head.protocol)
        for at in range(0, len(data), CHUNK_MAX):
            self.chunks += 1
            self._put(Chunk(self._now_ms(), way, data[at : at + CHUNK_MAX].hex()))

    def end(self, why: str) -> None:
        self._put(_End(self._now_ms(), why))

    def _put(self, line: msgspec.Struct) -> None:
        text = msgspec.json.encode(line).decode() + "\n"
        if self.full or len(text) > self._room:
            self.full = True
            return
        self._room -= len(text)
        self._file.write(text)
        self._file.flush()  # what happened before the power went is what one looks for


def load(path: Path) -> tuple[Head, list[Chunk]]:
    """Read a capture. Raises BadSettings: ``capture_unusable``, with the line that is none."""
    return read(given(path), str(path))


def read(data: bytes, path: str) -> tuple[Head, list[Chunk]]:
    """``path``: whose bytes these are, for people. Raises as ``load`` does."""
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        raise wrong(f"{path} is not UTF-8") from None
    head = _line(path, 1, lines[0] if lines else "", Head)
    chunks = []
    for number, line in enumerate(lines[1:], 2):
        if '"end"' in line:
            _line(path, number, line, _End)
            break
        chunk = _line(path, number, line, Chunk)
        if not _HEX.fullmatch(chunk.hex):
            raise wrong(f"{path}, line {number}: hex is no bytes in hex")
        chunks.append(chunk)
    if head.capture != VERSION or (head.protocol and head.protocol not in READERS):
        raise wrong(f"{path}: version {head.capture} of {head.protocol or 'nobody'} is not known here")
    if any(later.ms < sooner.ms for sooner, later in pairwise(chunks)):
        raise wrong(f"{path}: its times do not follow each other")
    return head, chunks


def _line(path: str, number: int, line: str, kind: type[L]) -> L:
    try:
        return msgspec.json.decode(line, type=kind)
    except (ValueError, RecursionError) as error:
        raise wrong(f"{path}, line {number}: {error}") from None


def given(path: Path) -> bytes:
    """Raises BadSettings: ``capture_unusable``: no plain file, longer than a capture may be, or not for us."""
    try:
        return read_given(path, SIZE_MAX)
    except OSError as error:
        raise wrong(f"{path}: {error.strerror}") from None


def wrong(why: str) -> BadSettings:
    return BadSettings("capture_unusable", why=why)


def known(protocol: str) -> str:
    """The protocol as the catalogue names it; a name alone is enough where only one role has it.

    Raises:
        BadSettings: ``option_wrong``: nobody speaks it.
    """
    fitting = [key for key in READERS if key == protocol or key.partition("/")[2] == protocol]
    if len(fitting) != 1:
        raise wrong_option("--protocol", f"{protocol!r} is none of {', '.join(READERS)}")
    return fitting[0]
