"""MicroPython runs this as a board would run main.py; the arguments: which board of boards.py."""

import sys

from firmware_stubs.board import boards, main

main.run(getattr(boards, sys.argv[1])(), sys.stdin.buffer, sys.stdout.buffer)
