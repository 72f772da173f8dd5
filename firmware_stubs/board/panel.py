"""An SPI panel with an ST7789 or ILI9341 controller, as the glass of the counter display's firmware.

It keeps no picture: a row of one-bit pixels becomes RGB565 in one small buffer and goes out in blocks.
Sources: Sitronix ST7789V datasheet, chapter 9 (commands 11, 21, 29, 2A, 2B, 2C, 36, 3A); ILITEK ILI9341
datasheet, chapter 8 (the same commands). Not run on a board yet.
"""

import struct
import time

from firmware_stubs.display_drawing import AMBER, BLACK, GREEN, GREY, RED, WHITE, Panel

SLEEP_OUT, INVERT_OFF, INVERT_ON, DISPLAY_ON = 0x11, 0x20, 0x21, 0x29
COLUMNS, ROWS, WRITE, ORDER, PIXEL_FORMAT = 0x2A, 0x2B, 0x2C, 0x36, 0x3A

RGB565 = {
    WHITE: b"\xff\xff",
    BLACK: b"\x00\x00",
    GREEN: b"\x03\xc7",
    RED: b"\xb8\xa3",
    AMBER: b"\xab\x20",
    GREY: b"\x5a\xcb",
}

# Memory access control (36h) by quarter turns clockwise: mirrors and swapped axes, and ILI9341's blue-red order.
ST7789 = {"order": (0x00, 0x60, 0xC0, 0xA0), "inverted": True}
ILI9341 = {"order": (0x48, 0x28, 0x88, 0xE8), "inverted": False}


class SpiPanel(Panel):
    """``spi``, ``command_pin`` (D/C), ``select_pin``, ``reset_pin`` as of ``machine``.

    ``light`` takes 0 to 100, ``buzz`` a pattern. ``width`` and ``height`` are the glass's own, ``offset`` is where
    it begins in the controller's memory.
    """

    def __init__(self, spi, command_pin, select_pin, reset_pin, controller, width, height, offset, light, buzz):
        self._spi, self._command_pin, self._select_pin = spi, command_pin, select_pin
        self._controller, self._native, self._offset = controller, (width, height), offset
        self._light, self._buzz = light, buzz
        self._turned = 0
        self._line = bytearray(2 * max(width, height))
        self._inks = (-1, -1)
        self._nibbles = []
        self.sent = 0  # bytes to the panel so far
        self.width, self.height = width, height
        self._start(reset_pin)

    def _start(self, reset_pin):
        if reset_pin is not None:
            reset_pin.value(0)
            time.sleep_ms(10)
            reset_pin.value(1)
        time.sleep_ms(120)  # both sheets: 120 ms from reset to sleep out
        self._command(SLEEP_OUT)
        time.sleep_ms(120)
        self._command(PIXEL_FORMAT, b"\x55")
        self._command(INVERT_ON if self._controller["inverted"] else INVERT_OFF)
        self.rotate(0)
        self._command(DISPLAY_ON)

    def _command(self, code, data=b""):
        self._select_pin.value(0)
        self._command_pin.value(0)
        self._spi.write(bytes((code,)))
        self._command_pin.value(1)
        if data:
            self._spi.write(data)
        self._select_pin.value(1)
        self.sent += 1 + len(data)

    def _as_turned(self, pair):
        return pair if self._turned % 2 == 0 else (pair[1], pair[0])

    def _window(self, x, y, width, height):
        left, top = self._as_turned(self._offset)
        self._command(COLUMNS, struct.pack(">HH", x + left, x + left + width - 1))
        self._command(ROWS, struct.pack(">HH", y + top, y + top + height - 1))

    def _pixels(self, line, times):
        """``line`` again and again into the window just opened."""
        self._select_pin.value(0)
        self._command_pin.value(0)
        self._spi.write(bytes((WRITE,)))
        self._command_pin.value(1)
        for _ in range(times):
            self._spi.write(line)
        self._select_pin.value(1)
        self.sent += 1 + times * len(line)

    def fill(self, x, y, width, height, colour):
        width, height = min(width, self.width - x), min(height, self.height - y)
        if width <= 0 or height <= 0:
            return
        self._window(x, y, width, height)
        colour = RGB565[colour]
        for at in range(0, 2 * width, 2):
            self._line[at] = colour[0]
            self._line[at + 1] = colour[1]
        self._pixels(memoryview(self._line)[: 2 * width], height)

    def blit(self, x, y, width, bits, times, ink, paper):
        if (ink, paper) != self._inks:
            self._inks = (ink, paper)
            one, zero = RGB565[ink], RGB565[paper]
            self._nibbles = [
                b"".join([one if four >> bit & 1 else zero for bit in (3, 2, 1, 0)]) for four in range(16)
            ]
        nibbles, line, at = self._nibbles, self._line, 0
        for byte in bits:
            for four in (byte >> 4, byte & 15):
                if at < 2 * width:
                    count = min(8, 2 * width - at)
                    line[at : at + count] = nibbles[four][:count]
                    at += 8
        self._window(x, y, width, times)
        self._pixels(memoryview(line)[: 2 * width], times)

    def rotate(self, quarters):
        self._turned = quarters
        self.width, self.height = self._as_turned(self._native)
        self._command(ORDER, bytes((self._controller["order"][quarters],)))

    def backlight(self, percent):
        self._light(percent)

    def beep(self, pattern):
        self._buzz(pattern)
