"""The panel's controller, written from its data sheet: SPI bytes and the D/C and CS pins become pixels.

Sources: Sitronix ST7789V datasheet, 9.1.20 CASET, 9.1.21 RASET, 9.1.22 RAMWR, 9.1.28 MADCTL, 9.1.32 COLMOD;
ILITEK ILI9341 datasheet, 8.2.20 to 8.2.22, 8.2.29, 8.2.33. Shares nothing with the firmware.
"""

import struct
from dataclasses import dataclass, field

SWAP, MIRROR_X, MIRROR_Y = 0x20, 0x40, 0x80  # MADCTL bits MV, MX, MY


@dataclass
class Controller:
    """``memory[row][column]`` of RGB565 words; ``light`` the backlight's duty.

    ``mirrored``: this glass is wired to the controller from right to left, as ILI9341 modules are.
    """

    command_pin: int
    select_pin: int
    light_pin: int
    width: int = 240
    height: int = 320
    mirrored: bool = False
    memory: list[list[int]] = field(default_factory=list)
    awake: bool = False
    on: bool = False
    inverted: bool = False
    order: int = 0
    pixel_format: int = 0
    light: int = 0
    stray: int = 0  # bytes sent while the chip was not selected, or before it was awake
    writes: int = 0  # bytes of pictures

    def __post_init__(self) -> None:
        self.memory = [[0] * self.width for _ in range(self.height)]
        self._pins: dict[int, int] = {}
        self._command = -1
        self._data = bytearray()
        self._columns: tuple[int, ...] = (0, 0)
        self._rows: tuple[int, ...] = (0, 0)
        self._at = (0, 0)

    def feed(self, log: bytes) -> int:
        """Take whole records; returns how many bytes of the log that were."""
        at = 0
        while at < len(log):
            match log[at : at + 1]:
                case b"P":
                    if len(log) < at + 3:
                        break
                    self._pins[log[at + 1]] = log[at + 2]
                    at += 3
                case b"D":
                    if len(log) < at + 4:
                        break
                    if log[at + 1] == self.light_pin:
                        self.light = int.from_bytes(log[at + 2 : at + 4], "big")
                    at += 4
                case b"W":
                    length = int.from_bytes(log[at + 1 : at + 5], "big")
                    if len(log) < at + 5 + length:
                        break
                    self._spi(log[at + 5 : at + 5 + length])
                    at += 5 + length
                case other:
                    raise ValueError(f"no record begins with {other!r}")
        return at

    def _spi(self, data: bytes) -> None:
        if self._pins.get(self.select_pin, 1):
            self.stray += len(data)
            return
        if self._pins.get(self.command_pin, 1):
            self._argument(data)
        else:
            for byte in data:
                self._begin(byte)

    def _begin(self, command: int) -> None:
        self._command, self._data = command, bytearray()
        match command:
            case 0x11:
                self.awake = True
            case 0x29:
                self.on = True
            case 0x20 | 0x21:
                self.inverted = command == 0x21
            case 0x2C:
                self._at = (self._columns[0], self._rows[0])

    def _argument(self, data: bytes) -> None:
        if self._command == 0x2C:
            self._write(data)
            return
        self._data += data
        if self._command in {0x2A, 0x2B} and len(self._data) == 4:
            span = struct.unpack(">HH", self._data)
            if self._command == 0x2A:
                self._columns = span
            else:
                self._rows = span
        elif self._command == 0x36:
            self.order = self._data[0]
        elif self._command == 0x3A:
            self.pixel_format = self._data[0]

    def _write(self, data: bytes) -> None:
        if not self.awake or self.pixel_format & 7 != 5:
            self.stray += len(data)
            return
        self.writes += len(data)
        column, row = self._at
        for (word,) in struct.iter_unpack(">H", data):
            self._put(column, row, word)
            column += 1
            if column > self._columns[1]:
                column, row = self._columns[0], row + 1
                if row > self._rows[1]:
                    row = self._rows[0]
        self._at = (column, row)

    def _put(self, column: int, row: int, word: int) -> None:
        """Address to memory as MADCTL says: exchange first, then mirror (data sheet's table of directions)."""
        if self.order & SWAP:
            column, row = row, column
        x = self.width - 1 - column if self.order & MIRROR_X else column
        y = self.height - 1 - row if self.order & MIRROR_Y else row
        self.memory[y][x] = word

    def seen(self) -> list[list[int]]:
        """RGB565 words as the glass hangs."""
        return [row[::-1] for row in self.memory] if self.mirrored else self.memory

    def grey(self) -> tuple[int, int, bytes]:
        """The glass as it hangs: width, height, one brightness byte a pixel."""
        rows = b"".join(bytes((word >> 5 & 63) * 4 for word in row) for row in self.seen())
        return self.width, self.height, rows
