"""ESC/POS: the commands of Epson's printers and of all that follow them. Pure.

Source: Epson ESC/POS command reference; makers' manuals of compatible printers for FS &, FS ., FS !.
"""

import re
from collections.abc import Iterator
from typing import Final

from drivers.printer.bitmap import Bitmap, Paint, raster
from drivers.printer.document import Align, Document
from drivers.printer.profile import PrinterProfile
from drivers.printer.writer import Slip, Writer

INIT: Final = b"\x1b@"
ASK_PAPER: Final = b"\x1dr\x01"  # answered in turn: what came before has been worked through
ASB_ON: Final = b"\x1da\xff"
_ALIGN: Final = {"left": b"\x1ba\x00", "center": b"\x1ba\x01", "right": b"\x1ba\x02"}


def ask_status(query: int) -> bytes:
    """``10 04 n``: answered at once, even offline. 1 printer, 2 why offline, 3 error, 4 paper."""
    return bytes((0x10, 0x04, query))


def ask_printed(mark: bytes) -> bytes:
    """``1D 28 48``: answered with the four ``mark`` digits once everything before it is on paper."""
    assert re.fullmatch(rb"[0-9]{4}", mark), "four digits"
    return b"\x1d(H\x06\x0000" + mark


def native_code(text: str, module: int, level: int = 0x31) -> bytes:
    """A QR code the printer draws itself, model 2, error level M by default; ``module`` in dots, 1-16."""
    data = text.encode()
    length = (len(data) + 3).to_bytes(2, "little")
    return b"".join(
        (
            b"\x1d(k\x04\x001A\x32\x00",
            b"\x1d(k\x03\x001C" + bytes((module,)),
            b"\x1d(k\x03\x001E" + bytes((level,)),
            b"\x1d(k" + length + b"1P0" + data,
            b"\x1d(k\x03\x001Q0",
        )
    )


class EscPos:
    """A ``Dialect``."""

    init = INIT
    wide, narrow = b"\x1c&", b"\x1c."

    def align(self, align: Align) -> bytes:
        return _ALIGN[align]

    def bold(self, bold: bool) -> bytes:
        return b"\x1bE" + bytes((bold,))

    def size(self, size: int) -> bytes:
        return b"\x1d!" + bytes(((size - 1) * 0x11,))

    def size_and_weight(self, size: int, bold: bool) -> bytes:
        """``1B 21``: the size of single bytes alone, the weight of Chinese letters, too."""
        return b"\x1b!" + bytes(((size - 1) * 0x30 | bold * 0x08,))

    def page(self, number: int) -> bytes:
        return b"\x1bt" + bytes((number,))

    def position(self, dots: int) -> bytes:
        return b"\x1b$" + dots.to_bytes(2, "little")

    def stop(self, column: int) -> bytes:
        return b"\x1bD" + bytes((column, 0))

    def feed(self, lines: int) -> bytes:
        return b"\x1bd" + bytes((lines,))

    def gap(self, dots: int) -> bytes:
        return b"\x1bJ" + bytes((dots,))

    def picture(self, bitmap: Bitmap, *, doubled: bool, left: int) -> Iterator[bytes]:  # noqa: ARG002 - ESC a does it
        return raster(bitmap, doubled=doubled)

    def code(self, text: str, module: int) -> bytes:
        return native_code(text, module)


def render(document: Document, profile: PrinterProfile, paint: Paint | None = None) -> Slip:
    """The whole job, from initialisation to cut. ``paint`` draws what the printer has no letters for."""
    return Writer(profile, paint, EscPos()).slip(document)
