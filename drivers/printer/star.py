"""Star line mode: commands, automatic status, and a printer that counts what it has printed.

Source: Star Micronics, "STAR Line Mode Command Specifications" (Line Thermal Printer), chapter 3 (ESC GS t, ESC GS
a, ESC GS A, ESC i, ESC E, ESC a, ESC J, ESC * r, ETB) and appendix 2 (ASB); Star TSP700 user's manual, LINE MODE;
QR commands as NielsLeenheer/ReceiptPrinterEncoder sends them.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from drivers.printer.bitmap import SLICE_BYTES, Bitmap
from drivers.printer.document import Align
from drivers.printer.driver import EscPosPrinter
from drivers.printer.status import Automatic, Counted, Flow, Paper, PrinterStatus, Reply

ETB: Final = b"\x17"  # counted when everything before it is on paper; the state is sent with the new count
ASK_STATE: Final = b"\x1b\x06\x01"
COUNT_MAX: Final = 32
SIZE_MIN, SIZE_MAX = 7, 16  # bytes of one state
_ALIGN: Final = {"left": 0, "center": 1, "right": 2}
_RASTER_ON: Final = b"\x1b*rA\x1b*rP0\x00\x1b*rE1\x00"  # raster mode, a page without end, no cut when it is left
_RASTER_OFF: Final = b"\x1b*rB"


class StarLine:
    """A ``Dialect``. These models have no Chinese letters: there is no mode to change."""

    init = b"\x1b@"
    wide = narrow = b""

    def align(self, align: Align) -> bytes:
        return b"\x1b\x1da" + bytes((_ALIGN[align],))

    def bold(self, bold: bool) -> bytes:
        return b"\x1bE" if bold else b"\x1bF"

    def size(self, size: int) -> bytes:
        return b"\x1bi" + bytes((size - 1, size - 1))

    def size_and_weight(self, size: int, bold: bool) -> bytes:
        return self.size(size) + self.bold(bold)

    def page(self, number: int) -> bytes:
        return b"\x1b\x1dt" + bytes((number,))

    def position(self, dots: int) -> bytes:
        return b"\x1b\x1dA" + dots.to_bytes(2, "little")

    def stop(self, column: int) -> bytes:
        return b"\x1bD" + bytes((column, 0))

    def feed(self, lines: int) -> bytes:
        return b"\x1ba" + bytes((lines,))

    def gap(self, dots: int) -> bytes:
        return b"\x1bJ" + bytes((max(1, dots // 2),))  # in quarter millimetres: two dots

    def picture(self, bitmap: Bitmap, *, doubled: bool, left: int) -> Iterator[bytes]:
        """Rows of ``b n1 n2 data``; raster mode knows no alignment, so white stands before them."""
        assert not doubled, "a Star printer draws its codes itself"
        length = (left + bitmap.width + 7) // 8
        pad = length * 8 - left - bitmap.width
        head = b"b" + length.to_bytes(2, "little")
        strip = max(1, (SLICE_BYTES - len(_RASTER_ON) - len(_RASTER_OFF)) // (length + len(head)))
        for start in range(0, len(bitmap.rows), strip):
            rows = (head + (row << pad).to_bytes(length, "big") for row in bitmap.rows[start : start + strip])
            yield _RASTER_ON + b"".join(rows) + _RASTER_OFF

    def code(self, text: str, module: int) -> bytes:
        """Model 2, error level M; ``module`` 1 to 8 dots."""
        data = text.encode()
        return b"".join(
            (
                b"\x1b\x1dyS0\x02",
                b"\x1b\x1dyS1\x01",
                b"\x1b\x1dyS2" + bytes((min(module, 8),)),
                b"\x1b\x1dyD1\x00" + len(data).to_bytes(2, "little") + data,
                b"\x1b\x1dyP",
            )
        )


class StateDemux:
    """Finds the printer's states in the stream: the first byte tells the length, in the others bit 0 is clear."""

    def __init__(self) -> None:
        self.strange = 0  # bytes that are part of no state
        self._held = bytearray()

    @property
    def partial(self) -> bool:
        return bool(self._held)

    def reset(self) -> None:
        self._held.clear()

    def feed(self, data: bytes) -> list[Reply]:
        replies: list[Reply] = []
        for value in data:
            if value in (0x11, 0x13):
                replies.append(Flow(value == 0x11))
            else:
                replies += self._take(value)
        return replies

    def _take(self, value: int) -> Iterator[Reply]:
        if value & 0x90 or (self._held and value & 1):
            self._held.clear()  # no part of a state, or the head of another one
        if not self._held and (value & 0x91 != 0x01 or not SIZE_MIN <= state_size(value) <= SIZE_MAX):
            self.strange += 1
            return
        self._held.append(value)
        if len(self._held) == state_size(self._held[0]):
            data = bytes(self._held)
            self._held.clear()
            yield Automatic(data)
            if len(data) > 7:
                yield Counted(printed_count(data), COUNT_MAX)


def state_size(head: int) -> int:
    """Bytes of a state, its head included: bits 5 and 6 above bits 1 to 3."""
    return head >> 1 & 0x07 | head >> 2 & 0x18


def printed_count(data: Sequence[int]) -> int:
    """How many ETB are done, modulo 32: bits 5 and 6 above bits 1 to 3 of the eighth byte."""
    return data[7] >> 1 & 0x07 | data[7] >> 2 & 0x18


def from_state(data: Sequence[int]) -> PrinterStatus:
    """Third byte: printer; fourth: errors; fifth: buffer; sixth: paper."""
    printer, error, buffer, paper = data[2:6]
    return PrinterStatus(
        known=True,
        paper=Paper.OUT if paper & 0x08 else Paper.NEAR_END if paper & 0x06 else Paper.OK,
        cover_open=bool(printer & 0x20),
        cutter_jam=bool(error & 0x08),
        offline=bool(printer & 0x08 or error & 0x64 or buffer & 0x40),
        drawer_high=bool(printer & 0x04),
    )


class StarPrinter(EscPosPrinter):
    """The same conversation in Star's bytes: every piece ends with ETB, and the printer counts them."""

    dialect = StarLine()
    question = ETB
    status_on = ASK_STATE
    sorter = StateDemux

    def read_state(self, data: Sequence[int]) -> PrinterStatus:
        return from_state(data)
