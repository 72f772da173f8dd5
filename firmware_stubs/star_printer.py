"""A simulated Star printer in line mode: bytes to paper, states with a count of what was printed.

Source: Star Micronics, "STAR Line Mode Command Specifications" (Line Thermal Printer), chapters 3 and 5, appendix
2 (ASB: header, states 1 to 6, ETB counter); QR commands as sent by NielsLeenheer/ReceiptPrinterEncoder.
"""

from typing import Final

from firmware_stubs.paper import CELL_DOTS, Align, Code, Feed, Image, Picture, Run, StubSlip, TextLine
from firmware_stubs.wire import Stub

CODE_PAGES: Final = {0: "cp437", 1: "cp437", 4: "cp858", 10: "cp866", 32: "cp1252"}
BUFFER_BYTES: Final = 4096
SLIPS_MAX: Final = 1000
_ALIGNS: Final[tuple[Align, ...]] = ("left", "center", "right")
# After ESC: how many bytes each command has in all. The code's data tell their own length.
_LENGTHS: Final = {
    b"@": 2, b"E": 2, b"F": 2, b"a": 3, b"J": 3, b"d": 3, b"i": 4, b"\x06": 3, b"\x07": 4, b"\x1da": 4,
    b"\x1dt": 4, b"\x1dA": 5, b"\x1dyS": 6, b"\x1dyP": 4, b"*rA": 4, b"*rB": 4, b"*rP": 6, b"*rE": 6,
}  # fmt: skip
_HEADER: Final = bytes((0x23, 0x06))  # nine bytes, version 3


class StarPrinterStub(Stub):
    """People's acts are methods; call the cable's ``poke()`` after them.

    Args:
        bytes_per_s: how fast it works through its buffer; 0 is at once.
    """

    def __init__(self, *, width_dots: int = 576, bytes_per_s: int = 0) -> None:
        self.width_dots, self.bytes_per_s = width_dots, bytes_per_s
        self.slips: list[StubSlip] = []
        self.hanging = StubSlip()
        self.drawer_pulses = self.cuts = 0
        self.not_understood: list[bytes] = []
        self.near_end = self.paper_out = self.cover_open = self.cutter_jam = self.head_hot = self.mute = False
        self.byte_budget: int | None = None  # the paper ends after so many worked-through bytes
        self._now_ms = 0
        self._power_up()

    def _power_up(self) -> None:
        self._buffer = bytearray()
        self._say = bytearray()
        self._count = 0
        self._credit = 0.0
        self._raster: list[int] | None = None
        self._defaults()

    def _defaults(self) -> None:
        self._page, self._align, self._bold, self._scale = 0, 0, False, (1, 1)
        self._code, self._code_module, self._code_level = b"", 3, 0
        self._line, self._x = TextLine(), 0

    # --- what happens to it -----------------------------------------------------------------------------------

    def power_cycle(self) -> None:
        """Everything it was told is forgotten, its count too; what is on paper stays."""
        self._power_up()

    def paper_ends(self) -> None:
        self._become(paper_out=True)

    def load_paper(self) -> None:
        self.byte_budget = None
        self._become(paper_out=False, near_end=False)

    def paper_low(self) -> None:
        self._become(near_end=True)

    def open_cover(self) -> None:
        self._become(cover_open=True)

    def close_cover(self) -> None:
        self._become(cover_open=False)

    def jam_cutter(self) -> None:
        self._become(cutter_jam=True)

    def overheat(self) -> None:
        self._become(head_hot=True)

    @property
    def offline(self) -> bool:
        return self.paper_out or self.cover_open or self.cutter_jam or self.head_hot

    def _become(self, **state: bool) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._tell()

    def _tell(self) -> None:
        if self.mute:
            return
        printer = (self.offline and 0x08) | (self.cover_open and 0x20)
        error = (self.cutter_jam and 0x08) | (self.head_hot and 0x40)
        paper = (0x04 if self.near_end else 0) | (0x0C if self.paper_out else 0)
        count = (self._count & 0x07) << 1 | (self._count & 0x18) << 2
        self._say += _HEADER + bytes((printer, error, 0, paper, 0, count, 0))

    # --- the cable ------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self._pass_time(now_ms)
        for value in data:
            if len(self._buffer) < BUFFER_BYTES:
                self._buffer.append(value)
            if self._buffer[-3:] == b"\x1b\x06\x01":  # asked in real time, also when it is offline
                del self._buffer[-3:]
                self._tell()
        return self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        self._pass_time(now_ms)
        while self._buffer and not self.offline and (not self.bytes_per_s or self._credit > 0):
            length = self._whole()
            if not length:
                break
            if self.byte_budget is not None and length > self.byte_budget:
                self.paper_ends()
                break
            data = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._credit -= length if self.bytes_per_s else 0
            if self.byte_budget is not None:
                self.byte_budget -= length
            self._obey(data)
        said = bytes(self._say)
        self._say.clear()
        return said

    def due(self, now_ms: int) -> int | None:
        return now_ms + 20 if self._buffer and self.bytes_per_s and not self.offline else None

    def _pass_time(self, now_ms: int) -> None:
        if self.bytes_per_s:
            self._credit = min(
                self.bytes_per_s / 10, self._credit + (now_ms - self._now_ms) * self.bytes_per_s / 1000
            )
        self._now_ms = now_ms

    # --- commands -------------------------------------------------------------------------------------------

    def _whole(self) -> int:
        """Bytes of the first letter or command; 0 while it is incomplete."""
        head = bytes(self._buffer[:8])
        if self._raster is not None and head[:1] == b"b":
            length = 3 + int.from_bytes(head[1:3], "little") if len(head) >= 3 else 0
        elif head[:1] != b"\x1b":
            return 1
        elif head[1:5] == b"\x1dyD1":
            length = 8 + int.from_bytes(head[6:8], "little") if len(head) >= 8 else 0
        else:
            length = next((size for name, size in _LENGTHS.items() if head[1:].startswith(name)), 0)
            if not length and len(head) >= 5:
                self.not_understood.append(head[:5])
                return 1
        return length if 0 < length <= len(self._buffer) else 0

    def _obey(self, data: bytes) -> None:
        match data[1:]:
            case _ if self._raster is not None and data[:1] == b"b":
                self._raster.append(int.from_bytes(data[3:], "big") << 8 * (self.width_dots // 8 - len(data) + 3))
            case _ if data[:1] != b"\x1b":
                self._byte(data[0])
            case b"@":
                self._defaults()
            case b"E" | b"F":
                self._bold = data[1:] == b"E"
            case b"*rA":
                self._raster = []
            case b"*rB":
                picture = Picture(0, self.width_dots, tuple(self._raster or ()))
                self._raster = None
                self.hanging.elements.append(Image(picture, "left"))
            case _:
                self._set(data[1:])

    def _set(self, data: bytes) -> None:
        name, value = data.rstrip(b"\x00")[:3], data[-1]
        if data[:2] == b"\x1da":
            self._align = value
        elif data[:2] == b"\x1dt":
            self._page = value
        elif data[:2] == b"\x1dA":
            self._x = int.from_bytes(data[2:4], "little")
        elif data[:3] == b"\x1dyS":
            self._code_setting(chr(data[3]), value)
        elif data[:3] == b"\x1dyD":
            self._code = data[7:]
        elif data[:3] == b"\x1dyP":
            self.hanging.elements.append(
                Code(self._code.decode(), self._code_module, self._code_level, _ALIGNS[self._align])
            )
        elif data[:1] == b"i":
            self._scale = data[2] + 1, data[1] + 1
        elif data[:1] in (b"a", b"J"):
            self.hanging.elements.append(Feed(value * (30 if data[:1] == b"a" else 2)))
        elif data[:1] == b"d":
            self._cut("partial" if value & 1 else "full")
        elif name not in (b"*rP", b"*rE") and data[:1] != b"\x07":
            self.not_understood.append(data)

    def _code_setting(self, which: str, value: int) -> None:
        match which:
            case "1":
                self._code_level = value
            case "2":
                self._code_module = value
            case "0" if value == 2:
                pass
            case _:
                self.not_understood.append(which.encode() + bytes((value,)))

    def _byte(self, value: int) -> None:
        match value:
            case 0x0A:
                self._line.align = _ALIGNS[self._align]
                self.hanging.elements.append(self._line)
                self._line, self._x = TextLine(), 0
            case 0x07:
                self.drawer_pulses += 1
            case 0x17:
                self._count = (self._count + 1) % 32
                self._tell()
            case _ if value >= 0x20 and value != 0x7F:
                self._letter(bytes((value,)).decode(CODE_PAGES.get(self._page, "ascii"), errors="replace"))
            case 0x00 | 0x0D:
                pass
            case _:
                self.not_understood.append(bytes((value,)))

    def _letter(self, letter: str) -> None:
        scale_x, scale_y = self._scale
        width = CELL_DOTS * scale_x
        last = self._line.parts[-1] if self._line.parts else None
        style = (self._bold, scale_x, scale_y, False)
        if isinstance(last, Run) and last[3:] == style and last.x + last.width == self._x:
            self._line.parts[-1] = last._replace(width=last.width + width, text=last.text + letter)
        else:
            self._line.parts.append(Run(self._x, width, letter, *style))
        self._x += width

    def _cut(self, kind: str) -> None:
        self.cuts += 1
        self.hanging.cut = kind
        self.slips = [*self.slips[-SLIPS_MAX:], self.hanging]
        self.hanging = StubSlip()
