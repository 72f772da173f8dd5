"""The part of the simulated printer that puts things on paper: modes, letters, pictures, codes, the cutter."""

from itertools import pairwise
from typing import Final, Literal

from firmware_stubs.escpos_commands import GS, Command, next_command
from firmware_stubs.paper import CELL_DOTS, LINE_DOTS, Align, Code, Feed, Image, Picture, Run, StubSlip, TextLine

# ESC t: numbers of the code pages, as Epson and most compatible makers give them.
CODE_PAGES: Final = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866", 18: "cp852",
    19: "cp858",
}  # fmt: skip
SLIPS_MAX: Final = 1000
_ALIGNS: Final[tuple[Align, ...]] = ("left", "center", "right")
_LEVELS: Final = b"0123"


class PrintHead:
    def __init__(
        self, width_dots: int, charset: str, *, chinese_at_start: bool, native_qr: bool, cutter: bool
    ) -> None:
        self.width_dots, self.charset = width_dots, charset
        self._chinese_at_start = chinese_at_start and bool(charset)
        self._native_qr, self._cutter = native_qr, cutter
        self.slips: list[StubSlip] = []
        self.slip = StubSlip()
        self.cuts = self.beeps = 0
        self.not_understood: list[bytes] = []
        self.power_up()

    def power_up(self) -> None:
        """Every mode as after power-up or ``1B 40``; letters of an unfinished line are dropped."""
        self._chinese = self._chinese_at_start
        self._page = 0
        self._align: Align = "left"
        self._bold = False
        self._scale = self._chinese_scale = (1, 1)
        self._stops = [CELL_DOTS * column for column in range(8, 256, 8)]
        self._code_data, self._code_module, self._code_level = b"", 3, 0
        self._line = TextLine()
        self._x = 0

    def plain(self, data: bytes) -> None:
        """Letters of ASCII alone, as many at once as a line has room for: most of a slip is made of them."""
        text = data.decode("ascii")
        width = CELL_DOTS * self._scale[0]
        while text:
            room = (self.width_dots - self._x) // width
            if room < 1:
                self._end_line()
                room = max(self.width_dots // width, 1)
            self._letters(text[:room], chinese=False)
            text = text[room:]

    def whole(self, buffer: bytearray) -> int:
        """How many bytes the first letter or command of ``buffer`` has; 0 while it is incomplete."""
        if self._chinese and 0x81 <= buffer[0] <= 0xFE:
            if len(buffer) < 2:
                return 0
            if 0x30 <= buffer[1] <= 0x39 and self.charset == "gb18030":
                return 4 if len(buffer) >= 4 else 0
            return 2 if buffer[1] >= 0x40 else 1
        command = next_command(buffer)
        return command.length if command else 0

    def obey(self, data: bytes) -> None:
        """One whole letter or command."""
        if self._chinese and 0x81 <= data[0] <= 0xFE:
            self._letter(data.decode(self.charset, errors="replace"), chinese=True)
            return
        command = next_command(data)
        if command is None:  # a 10 that begins no command
            self.not_understood.append(data)
        elif command.name == "":
            self._byte(data[0])
        elif command.name == "?":
            self.not_understood.append(command.data)
        elif not self._mode(command) and not self._act(command):
            self.not_understood.append(data)

    # --- letters ------------------------------------------------------------------------------------------

    def _byte(self, value: int) -> None:
        if value == 0x0A:
            self._end_line()
        elif value == 0x09:
            self._x = next((stop for stop in self._stops if stop > self._x), self._x)
        elif value >= 0x20 and value != 0x7F:
            codec = CODE_PAGES.get(self._page, "ascii")
            self._letter(bytes((value,)).decode(codec, errors="replace"), chinese=False)
        elif value not in (0x00, 0x0D):
            self.not_understood.append(bytes((value,)))

    def _letter(self, letter: str, *, chinese: bool) -> None:
        width = CELL_DOTS * (2 if chinese else 1) * (self._chinese_scale if chinese else self._scale)[0]
        if self._x + width > self.width_dots:
            self._end_line()
        self._letters(letter, chinese=chinese)

    def _letters(self, text: str, *, chinese: bool) -> None:
        """For which there is room on the line."""
        scale_x, scale_y = self._chinese_scale if chinese else self._scale
        width = CELL_DOTS * (2 if chinese else 1) * scale_x * len(text)
        last = self._line.parts[-1] if self._line.parts else None
        style = (self._bold, scale_x, scale_y, chinese)
        if isinstance(last, Run) and last[3:] == style and last.x + last.width == self._x:
            self._line.parts[-1] = last._replace(width=last.width + width, text=last.text + text)
        else:
            self._line.parts.append(Run(self._x, width, text, *style))
        self._x += width

    def _end_line(self) -> None:
        self._line.align = self._align
        self.slip.elements.append(self._line)
        self._line, self._x = TextLine(), 0

    # --- commands -----------------------------------------------------------------------------------------

    def _mode(self, command: Command) -> bool:
        """Commands that change how the next letters look."""
        value = command.data[0] if command.data else 0
        match command.name:
            case "ESC @":
                self.power_up()
            case "ESC a":
                self._align = _ALIGNS[value % 48 % 3]
            case "ESC E" | "ESC G":
                self._bold = bool(value & 1)
            case "ESC t":
                self._page = value
            case "ESC !":
                self._bold = bool(value & 0x08)
                self._scale = (2 if value & 0x20 else 1, 2 if value & 0x10 else 1)
            case "GS !":
                self._scale = ((value >> 4 & 7) + 1, (value & 7) + 1)
            case "ESC D":
                grow = [now for before, now in pairwise(b"\0" + command.data) if now > before]
                self._stops = [CELL_DOTS * self._scale[0] * column for column in grow]
            case "FS !":
                self._chinese_scale = (2 if value & 0x04 else 1, 2 if value & 0x08 else 1)
            case "FS &":
                self._chinese = bool(self.charset)
            case "FS .":
                self._chinese = False
            case "DLE":
                pass  # obeyed when it arrived
            case _:
                return False
        return True

    def _act(self, command: Command) -> bool:
        """Commands that put something on paper, move it or cut it."""
        data = command.data
        match command.name:
            case "ESC d":
                self._feed(data[0] * LINE_DOTS)
            case "ESC J":
                self._feed(data[0])
            case "ESC $":
                self._x = data[0] | data[1] << 8
            case "ESC *":
                self._columns(data)
            case "ESC B":
                self.beeps += data[0]
            case "ESC (" if data[:1] == b"A":
                self.beeps += data[5]
            case "ESC i" | "ESC m":
                self._cut("full" if command.name == "ESC i" else "partial")
            case "GS V":
                self._cut("full" if data[0] in (0, 48, 65, 97) else "partial")
            case "GS v":
                self._raster(data)
            case "GS (" if data[:1] == b"k" and self._native_qr:
                self._code(data[3:])
            case _:
                return False
        return True

    def _feed(self, dots: int) -> None:
        if self._line.parts:
            self._end_line()
        self.slip.elements.append(Feed(dots))

    def _cut(self, how: Literal["full", "partial"]) -> None:
        if not self._cutter:
            self.not_understood.append(b"cut")
            return
        self.cuts += 1
        self.end_slip(how)

    def end_slip(self, how: str) -> None:
        """What hangs out becomes a slip; nothing printed makes none."""
        if self._line.parts:
            self._end_line()
        if self.slip.elements:
            self.slip.cut = how
            self.slips = [*self.slips[-SLIPS_MAX:], self.slip]
            self.slip = StubSlip()

    def _raster(self, data: bytes) -> None:
        """``GS v 0``: only at the start of a line, as makers say."""
        if self._line.parts or data[:1] != b"0":
            self.not_understood.append(data[:8])
            return
        mode, row_bytes = data[1] % 48, data[2] | data[3] << 8
        stretch_x, stretch_y = 1 + (mode & 1), 1 + (mode >> 1 & 1)
        dots = data[6:]
        rows: list[int] = []
        for at in range(0, len(dots), row_bytes):
            row = int.from_bytes(dots[at : at + row_bytes], "big")
            rows += [_stretched(row, row_bytes * 8) if stretch_x == 2 else row] * stretch_y
        self._image(Picture(0, row_bytes * 8 * stretch_x, tuple(rows)))

    def _image(self, picture: Picture) -> None:
        """Strips of one picture stand below each other without a gap: keep them as one."""
        last = self.slip.elements[-1] if self.slip.elements else None
        if isinstance(last, Image) and last.align == self._align and last.picture.width == picture.width:
            picture = picture._replace(rows=last.picture.rows + picture.rows)
            self.slip.elements.pop()
        self.slip.elements.append(Image(picture, self._align))

    def _columns(self, data: bytes) -> None:
        """``ESC * 33``: 24 dots high, three bytes a column, inside the line."""
        width = data[1] | data[2] << 8
        if data[0] != 33 or self._x + width > self.width_dots:
            self.not_understood.append(data[:3])
            return
        rows = [0] * 24
        for at in range(3, len(data), 3):
            column = int.from_bytes(data[at : at + 3], "big")
            for row in range(24):
                rows[row] = rows[row] << 1 | (column >> (23 - row) & 1)
        self._line.parts.append(Picture(self._x, width, tuple(rows)))
        self._x += width

    def _code(self, body: bytes) -> None:
        """``GS ( k``, functions 165, 167, 169, 180 and 181 of the QR code."""
        function, rest = body[1:2], body[2:]
        match function:
            case b"A":
                if rest[0] != 0x32:
                    self.not_understood.append(body)
            case b"C":
                self._code_module = rest[0]
            case b"E":
                self._code_level = _LEVELS.index(rest[0])
            case b"P":
                self._code_data = rest[1:]
            case b"Q" if not self._line.parts and self._code_data:
                payload = self._code_data.decode(errors="replace")
                self.slip.elements.append(Code(payload, self._code_module, self._code_level, self._align))
            case _:
                self.not_understood.append(bytes((GS,)) + body)


def _stretched(row: int, width: int) -> int:
    """Every dot twice."""
    wide = 0
    for bit in range(width - 1, -1, -1):
        wide = wide << 2 | (3 if row >> bit & 1 else 0)
    return wide
