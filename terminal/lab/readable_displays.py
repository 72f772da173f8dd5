"""Displays' bytes in words. Each reader: bytes from here on -> how many it understood, and what they say.

Source: docs/display-frame.md; Bonrix DQR-222 guide; Nextion Instruction Set; DWIN T5L DGUSII guide; CD5220 command
manual; Epson commands for customer displays; LED8N command lists.
"""

import re
import struct
from typing import Final

from firmware_stubs.display_firmware import unstuff

Taken = tuple[int, str]
NOTHING: Final[Taken] = (0, "")
_FRAMES: Final = {
    0x01: "PING",
    0x02: "HELLO",
    0x10: "SHOW_QR",
    0x11: "SHOW_TEXT",
    0x12: "CLEAR",
    0x13: "SHOW_RESULT",
    0x14: "BRIGHTNESS",
    0x15: "BEEP",
    0x16: "TILE",
    0x17: "ROTATE",
    0x18: "SHOW_IDLE",
    0x20: "STATE",
    0x21: "EVENT",
    0x7F: "ACK",
}
_PANEL_SAYS: Final = {
    0x00: "does not know the command",
    0x01: "done",
    0x02: "no such component",
    0x03: "no such page",
    0x1A: "no such variable",
    0x1C: "could not assign",
    0x24: "its buffer ran over",
    0x65: "touched",
    0x66: "page",
    0x70: "text",
    0x71: "number",
    0x86: "sleeps",
    0x87: "wakes",
    0x88: "ready",
}
_END: Final = b"\xff\xff\xff"
_GREETING: Final = b"\0\0\0" + _END
_POLE: Final = {
    b"\x1b\x40": (0, "start"),
    b"\x1b\x11": (0, "overwrite"),
    b"\x1b\x12": (0, "scroll up"),
    b"\x1b\x13": (0, "scroll along"),
    b"\x1b\x6c": (2, "cursor"),
    b"\x1b\x2a": (1, "brightness"),
    b"\x1b\x5f": (1, "cursor shown"),
    b"\x1b\x3d": (1, "select"),
    b"\x1b\x66": (1, "letters of country"),
    b"\x1b\x63": (1, "code page"),
    b"\x1b\x74": (1, "code page"),
    b"\x1b\x73": (1, "lamp"),
    b"\x1f\x01": (0, "overwrite"),
    b"\x1f\x02": (0, "scroll up"),
    b"\x1f\x03": (0, "scroll along"),
    b"\x1f\x24": (2, "cursor"),
    b"\x1f\x43": (1, "cursor shown"),
    b"\x1f\x45": (1, "blink"),
    b"\x1f\x58": (1, "brightness"),
    b"\x1f\x72": (1, "reverse"),
}
_LINES: Final = {b"\x1b\x51\x41": "upper line", b"\x1b\x51\x42": "lower line"}
_LETTERS: Final = re.compile(rb"[\x20-\x7e\x80-\xff]+")


def countertop(way: str, data: bytes) -> Taken:
    """``00 stuffed 00``: what stands between two zeros, or from here to the next one."""
    if data[0] == 0:
        zeros = len(data) - len(data.lstrip(b"\0"))
        return zeros, ""
    end = data.find(b"\0")
    piece = data if end < 0 else data[:end]
    body = unstuff(bytearray(piece))
    if body is None or len(body) < 8:
        return _begun(piece) if way == "out" and end < 0 else NOTHING
    name = _FRAMES.get(body[1], f"type {body[1]:02x}")
    return len(piece), f"{name}{_detail(way, body[1], bytes(body[4:-4]))} #{body[2]}"


def _begun(piece: bytes) -> Taken:
    """A result's frame without its end, which follows when its payment is durable."""
    body, at = bytearray(), 0
    while at < len(piece):
        body += piece[at + 1 : at + piece[at]]
        at += piece[at]
        if at < len(piece):
            body.append(0)
    if len(body) < 8 or body[3] or body[1] not in _FRAMES:
        return NOTHING
    return len(piece), f"{_FRAMES[body[1]]} begins #{body[2]}"


def end_of_frame(way: str, data: bytes) -> str:
    """Whether that is all there is: a CRC-32, stuffed, and the zero behind it."""
    return "its end" if way == "out" and 5 <= len(data) <= 6 and data.find(0) == len(data) - 1 else ""


def _detail(way: str, kind: int, payload: bytes) -> str:
    if kind == 0x7F and len(payload) >= 2:
        return f" {_FRAMES.get(payload[0], '')} {'ok' if payload[1] == 0 else f'status {payload[1]}'}"
    if kind == 0x02 and way == "in" and len(payload) > 10:
        protocol, boot, width, height = struct.unpack_from("<BIHH", payload[:9].ljust(9, b"\0"))
        text = payload[12:].decode("ascii", "replace")
        return f" version {protocol} boot {boot} {width}x{height} {text}"
    return ""


def bonrix(_way: str, data: bytes) -> Taken:
    return _line(data, b"\n")


def mertech(_way: str, data: bytes) -> Taken:
    """``02 F2 02 length text 02 F2 03`` is a code, ``02 F0 03 word 03`` the rest."""
    if data[:3] == b"\x02\xf2\x02" and len(data) >= 5:
        end = int.from_bytes(data[3:5], "big") + 8
        if data[end - 3 : end] == b"\x02\xf2\x03":
            return end, f"code “{data[5 : end - 3].decode('ascii', 'replace')}”"
    if data[:3] == b"\x02\xf0\x03" and (end := data.find(b"\x03", 3)) > 0:
        said = data[3:end].decode("ascii", "replace")
        return (end + 1, said) if said.isprintable() else NOTHING
    return NOTHING


def _line(data: bytes, end: bytes) -> Taken:
    at = data.find(end)
    line = data if at < 0 else data[:at]
    text = line.rstrip(b"\r").decode("utf-8", "replace")
    return (len(line) + (at >= 0), f"“{text}”" if text else "") if text.isprintable() else NOTHING


def nextion(way: str, data: bytes) -> Taken:
    """Commands are text; returns begin with a code. Both end with FF FF FF."""
    if data.startswith(_END):
        return 3, ""
    if way == "in" and data.startswith(_GREETING):
        return len(_GREETING), "starts"
    end = data.find(_END, 5 if way == "in" and data[0] == 0x71 else 1)
    if end < 0:
        return NOTHING
    if way == "out":
        text = data[:end].decode("utf-8", "replace")
        return (end + 3, text) if text.isprintable() else NOTHING
    if data[0] not in _PANEL_SAYS:
        return NOTHING
    return end + 3, f"{_PANEL_SAYS[data[0]]}{_value(data[0], data[1:end])}"


def _value(code: int, value: bytes) -> str:
    match code:
        case 0x70:
            return f" “{value.decode('utf-8', 'replace')}”"
        case 0x71:
            return f" {int.from_bytes(value, 'little', signed=True)}"
        case 0x65 if len(value) == 3:
            return f" component {value[1]} of page {value[0]}"
    return f" {value.hex(' ')}".rstrip()


def dgus(way: str, data: bytes) -> Taken:
    if data[:2] != b"\x5a\xa5" or len(data) < 4 or len(data) < 3 + data[2] or data[2] < 3:
        return NOTHING
    size, kind, body = 3 + data[2], data[3], data[4 : 3 + data[2]]
    if kind == 0x82 and body[:2] == b"OK":
        return size, "taken"
    place = f"{int.from_bytes(body[:2], 'big'):04X}"
    if kind == 0x82:
        return size, f"write {place}{_field(body[2:])}"
    if kind == 0x83:
        asked = f"read {place}, {body[2]} words" if len(body) > 2 else f"read {place}"
        return size, asked if way == "out" else f"{place} holds{_field(body[3:])}"
    return size, f"command {kind:02x} {body.hex(' ')}"


def _field(data: bytes) -> str:
    text = data.split(b"\xff\xff")[0].rstrip(b"\0")
    shown = text.decode("ascii", "replace")
    return f" “{shown}”" if len(text) > 1 and shown.isprintable() and shown.isascii() else f" {data.hex(' ')}"


def pole(_way: str, data: bytes) -> Taken:
    if data[0] == 0x0C:
        return 1, "clear"
    if data[0] == 0x18:
        return 1, "clear line"
    if data[:3] in _LINES and (end := data.find(b"\r", 3)) >= 0:
        return end + 1, f"{_LINES[data[:3]]} “{data[3:end].decode('cp437').rstrip()}”"
    if data[:2] in _POLE:
        size, name = _POLE[data[:2]]
        values = data[2 : 2 + size]
        if len(values) < size:
            return NOTHING
        return 2 + size, " ".join([name, *(str(value) for value in values)])
    if found := _LETTERS.match(data):
        return found.end(), f"“{found[0].decode('cp437')}”"
    return NOTHING
