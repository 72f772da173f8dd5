"""What runs on the board: bytes from USB or a UART into the firmware, its answers back.

Copied to the board as ``main.py`` beside ``firmware_stubs/``; docs/devices/firmware.md shows how.
The third line of ``run`` matters on USB: byte 03 would stop the program and leave a dead display, so it is
taken as data, and given back on the way out so that the board can still be reached.
Source: MicroPython documentation, ``micropython.kbd_intr``, ``select.poll``, ``machine.unique_id``.
"""

import binascii
import os
import select
import sys
import time

import machine
import micropython

from firmware_stubs.board import boards
from firmware_stubs.display_firmware import Display

READ_MAX = 256
IDLE_MS = 1000


def run(panel, source, target):
    """For ever. ``source`` and ``target`` are binary streams: USB's stdin and stdout, or a UART twice."""
    serial = binascii.hexlify(machine.unique_id()).decode().upper()
    boot_id = int.from_bytes(os.urandom(4), "little") | 1
    micropython.kbd_intr(-1)
    try:
        _serve(Display(panel, boot_id, serial), source, target)
    finally:
        micropython.kbd_intr(3)


def _serve(display, source, target):
    began, now_ms = time.ticks_ms(), 0
    poll = select.poll()
    poll.register(source, select.POLLIN)
    _say(target, display.start(now_ms))
    while True:
        due = display.due()
        wait_ms = IDLE_MS if due is None else max(0, min(IDLE_MS, due - now_ms))
        ready = poll.poll(wait_ms)
        passed = time.ticks_diff(time.ticks_ms(), began)
        began, now_ms = time.ticks_add(began, passed), now_ms + passed
        if not ready:
            _say(target, display.tick(now_ms))
            continue
        if ready[0][1] & select.POLLHUP and not ready[0][1] & select.POLLIN:
            return
        data = _read(source, poll)
        if not data:
            return
        _say(target, display.receive(data, now_ms))


def _read(source, poll):
    """What is there now; a stream that promises more than it has would block, so a byte at a time."""
    data = bytearray()
    while len(data) < READ_MAX:
        byte = source.read(1)
        if not byte:
            break
        data.extend(byte)
        if not poll.poll(0):
            break
    return bytes(data)


def _say(target, data):
    if data:
        target.write(data)
        if hasattr(target, "flush"):
            target.flush()


if __name__ == "__main__":
    run(boards.esp32_st7789_240x320(), sys.stdin.buffer, sys.stdout.buffer)
