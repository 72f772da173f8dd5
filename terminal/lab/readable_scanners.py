"""Scanners' bytes in words. What was scanned is ``scan …``, to be masked where it may be a payment code.

Source: Hangzhou Grow GM65 and GM72 manuals; Symbol SE-923 Integration Guide, chapter 6; Honeywell N3680 guide;
Newland NLS-HR42 guide; Linux, uapi/linux/input.h.
"""

import re
import struct
from typing import Final

from terminal.lab.readable_displays import NOTHING, Taken

_KINDS: Final = {7: "read", 8: "write", 9: "save", 0x0A: "alive?", 0x3F: "nothing it knows,"}
_STATUS: Final = {0: "answer", 1: "answer: wrong check", 3: "answer: command not known"}
_OPS: Final = {
    0xA3: "version?", 0xA4: "version", 0xC6: "set", 0xC7: "settings?", 0xD0: "taken", 0xD1: "not taken",
    0xD2: "flush", 0xE4: "trigger on", 0xE5: "trigger off", 0xE6: "beep", 0xE7: "LED on", 0xE8: "LED off",
    0xE9: "enable", 0xEA: "disable", 0xF3: "scan", 0xF6: "event",
}  # fmt: skip
_CAUSES: Final = {1: "again", 2: "not now", 6: "denied", 10: "cancelled"}
_LINE: Final = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]+")
_MARKS: Final = {0x06: "<ACK>", 0x15: "<NAK>", 0x05: "<ENQ>"}
_EVENT: Final = struct.Struct("<qqHHi")
_KEYS: Final = {
    **dict(zip(range(2, 12), "1234567890", strict=True)),
    **dict(zip(range(16, 26), "qwertyuiop", strict=True)),
    **dict(zip(range(30, 39), "asdfghjkl", strict=True)),
    **dict(zip(range(44, 51), "zxcvbnm", strict=True)),
    28: "Enter", 42: "Shift", 54: "Shift", 57: "Space", 12: "-", 51: ",", 52: ".", 53: "/",
}  # fmt: skip


def line(way: str, data: bytes) -> Taken:
    """Text is a scan when it comes from the scanner; it is sent none."""
    if way == "out":
        return NOTHING
    ends = len(data) - len(data.lstrip(b"\r\n\t\0"))
    if ends:
        return ends, ""
    found = _LINE.match(data)
    return (found.end(), f"scan {found[0].decode('utf-8', 'replace')}") if found else NOTHING


def gm65(way: str, data: bytes) -> Taken:
    """``7E 00 kind length address data crc``, ``02 00 status length data crc``; scans: text, ``03 size text``."""
    if way == "out" and data[:2] == b"\x7e\x00" and len(data) >= 9 and data[2] in _KINDS and data[3]:
        size = 6 + (1 if data[2] == 7 else data[3]) + 2
        place = int.from_bytes(data[4:6], "big")
        value = data[6 : size - 2].hex(" ")
        if data[2] == 0x0A and len(data) < size:
            return NOTHING
        return (size, f"command: {_KINDS[data[2]]} {place:04X} {value}") if len(data) >= size else NOTHING
    if data[:4] == b"\x7e\x00\x0a\x01":
        return 7, "command: alive?"
    size = int.from_bytes(data[1:3], "big")
    if data[0] == 0x03 and size and len(data) >= 3 + size:
        return 3 + size, f"scan {data[3 : 3 + size].decode('utf-8', 'replace')}"
    if data[:2] in (b"\x02\x00", b"\x03\x00") and len(data) >= 7 and data[2] in _STATUS:
        size = 4 + (data[3] or 256) + 2
        if len(data) >= size:
            return size, f"{_STATUS[data[2]]} {data[4 : size - 2].hex(' ')}"
    return line(way, data)


def ssi(way: str, data: bytes) -> Taken:
    size = data[0] + 2
    known = len(data) >= 4 and data[1] in _OPS and data[0] >= 4 and data[2] in (0, 4)
    if (
        known
        and len(data) >= size
        and -sum(data[: size - 2]) & 0xFFFF == int.from_bytes(data[size - 2 : size], "big")
    ):
        body = data[4 : size - 2]
        return size, _packet(data[1], body)
    if data[:2] == b"\xff\xf4" and len(data) > 8:
        size = int.from_bytes(data[2:4], "big") + 2
        return size, f"scan {data[7 : size - 2].decode('utf-8', 'replace')}"
    return (1, "") if data[:1] == b"\0" else line(way, data)


def _packet(op: int, body: bytes) -> str:
    match op:
        case 0xF3:
            return f"scan {body[1:].decode('utf-8', 'replace')}"
        case 0xA4:
            return f"version “{body.decode('ascii', 'replace')}”"
        case 0xD1 if body:
            return f"not taken: {_CAUSES.get(body[0], body.hex())}"
    return f"{_OPS[op]} {body.hex(' ')}".rstrip()


def honeywell(way: str, data: bytes) -> Taken:
    """``16 kind 0D commands end`` to it; its answers are text with ACK, ENQ, NAK, its scans lines."""
    if data[0] == 0x16 and data[2:3] == b"\r":
        kind = data[1:2]
        if kind in (b"T", b"U"):
            return 3, "trigger on" if kind == b"T" else "trigger off"
        end = next((at for at in range(3, len(data)) if data[at : at + 1] in (b".", b"!")), -1)
        return (end + 1, f"command {data[3 : end + 1].decode('ascii', 'replace')}") if end > 0 else NOTHING
    marked = re.match(rb"[\x20-\x7e]*[\x05\x06\x15](?:[\x20-\x7e\x05\x06\x15]*[.!])?", data)
    if marked:
        return marked.end(), f"answer {_with_marks(marked[0])}"
    return line(way, data)


def newland(way: str, data: bytes) -> Taken:
    """``7E 01 0000 # commands ; 03`` to it, ``02 01 …`` back."""
    if data[:2] in (b"\x7e\x01", b"\x02\x01") and (end := data.find(b";\x03")) > 0:
        said = "command" if data[0] == 0x7E else "answer"
        return end + 2, f"{said} {_with_marks(data[6:end])}"
    if data[:1] in (b"\x06", b"\x15"):
        return 1, _MARKS[data[0]]
    return line(way, data)


def m3y(way: str, data: bytes) -> Taken:
    """``5A 00 length text check A5`` to it, ``5A 01 …`` back."""
    if data[:2] in (b"\x5a\x00", b"\x5a\x01") and len(data) >= 4:
        end = int.from_bytes(data[2:4], "big") + 6
        if len(data) >= end and data[end - 1] == 0xA5:
            text = data[4 : end - 2]
            said = text.decode("ascii") if text.isascii() else text.hex(" ")
            return end, f"{'command' if data[1] == 0 else 'answer'} {'done' if text == bytes((0x90, 0)) else said}"
    return line(way, data)


def _with_marks(data: bytes) -> str:
    return "".join(_MARKS.get(byte, chr(byte)) for byte in data)


def evdev(_way: str, data: bytes) -> Taken:
    if len(data) < _EVENT.size:
        return NOTHING
    _s, _us, kind, code, value = _EVENT.unpack_from(data)
    if kind != 1:
        return (_EVENT.size, "") if kind in (0, 4) else NOTHING
    act = {0: "up", 1: "down", 2: "held"}.get(value, str(value))
    return _EVENT.size, f"key {_KEYS.get(code, f'number {code}')} {act}"
