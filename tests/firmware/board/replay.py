"""The firmware without a board: lines of ``milliseconds hex`` on stdin, after each what it answers and painted.

The last line tells the bytes of heap in use, as ``heap N``. Runs under MicroPython and CPython alike.
"""

import binascii
import gc
import sys

from firmware_stubs.display_drawing import Panel
from firmware_stubs.display_firmware import Display


class Canvas(Panel):
    """Folds every operation into one number: two runs that painted alike end alike."""

    def __init__(self):
        self.width, self.height = 240, 320
        self.painted = 0

    def note(self, *what):
        for each in what:
            data = each if isinstance(each, (bytes, bytearray)) else str(each).encode()
            self.painted = binascii.crc32(data, self.painted)

    def fill(self, x, y, width, height, colour):
        self.note("fill", x, y, width, height, colour)

    def blit(self, x, y, width, bits, times, ink, paper):
        self.note("blit", x, y, width, bits, times, ink, paper)

    def backlight(self, percent):
        self.note("light", percent)

    def beep(self, pattern):
        self.note("beep", pattern)

    def rotate(self, quarters):
        self.note("turn", quarters)
        if quarters % 2 != (self.width > self.height):
            self.width, self.height = self.height, self.width


canvas = Canvas()
display = Display(canvas, 7, "TEST")
print(binascii.hexlify(display.start(0)).decode(), display.due(), canvas.painted)
for line in sys.stdin:
    at, data = (line.strip() + " ").split(" ", 1)
    said = display.receive(binascii.unhexlify(data.strip()), int(at)) if data.strip() else display.tick(int(at))
    print(binascii.hexlify(said).decode(), display.due(), canvas.painted)
gc.collect()
print("heap", gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0)
