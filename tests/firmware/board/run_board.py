"""MicroPython runs this as a board would run main.py; the arguments: which board of boards.py."""

import sys
import time

from firmware_stubs.board import boards, main


class Unhurried:
    """A board has its processor for itself; here tests run beside it, so that its seconds are ten of ours."""

    ticks_ms = staticmethod(lambda: time.ticks_ms() // 10)
    ticks_diff = staticmethod(lambda later, earlier: later - earlier)
    ticks_add = staticmethod(lambda at, passed: at + passed)


main.time = Unhurried  # type: ignore[assignment]  # the little of the module that the program uses
main.run(getattr(boards, sys.argv[1])(), sys.stdin.buffer, sys.stdout.buffer)
