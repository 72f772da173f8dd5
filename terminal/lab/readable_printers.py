"""Receipt printers' bytes in words: text, codes, cuts and states; settings between them are left out.

Source: Epson ESC/POS command reference; Star Micronics, "STAR Line Mode Command Specifications".
"""

import re
from typing import Final

from firmware_stubs.escpos_commands import next_command
from terminal.lab.readable_displays import NOTHING, Taken

_TEXT: Final = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x20-\x7e\x80-\xff])+")
_RULE: Final = re.compile("-{4,}")
_QUIET: Final = frozenset(
    ("ESC 2", "ESC 3", "ESC G", "ESC !", "ESC -", "ESC R", "ESC M", "ESC V", "ESC {", "ESC $", "ESC \\", "ESC E",
     "ESC a", "ESC D", "ESC t", "FS &", "FS .", "FS !", "FS -", "FS C", "FS S", "GS !", "GS B", "GS H", "GS f",
     "GS h", "GS w", "GS L", "GS W", "GS P")
)  # fmt: skip
_NAMES: Final = {
    "ESC @": "start",
    "ESC i": "cut",
    "ESC m": "cut",
    "ESC d": "feed",
    "ESC J": "feed",
    "ESC B": "buzzer",
    "ESC p": "drawer",
    "GS V": "cut",
    "GS v": "picture",
    "ESC *": "picture",
    "GS 8": "picture",
    "GS a": "automatic status",
    "GS r": "printed?",
    "GS I": "who are you?",
}
_SHOWN: Final = {"ESC d", "ESC J", "GS a"}  # with their number
_STATES: Final = ((0x08, "offline"), (0x20, "waits"), (0x40, "feeds"))
_STAR: Final = {
    b"\x1b@": (2, "start"),
    b"\x1bE": (2, ""),
    b"\x1bF": (2, ""),
    b"\x1ba": (3, "feed"),
    b"\x1bJ": (3, "feed"),
    b"\x1bd": (3, "cut"),
    b"\x1bi": (4, ""),
    b"\x1b\x06\x01": (3, "status?"),
    b"\x1b\x07": (4, "drawer's pulse"),
    b"\x1b#*": (5, "who are you?"),
    b"\x1b\x1da": (4, ""),
    b"\x1b\x1dt": (4, ""),
    b"\x1b\x1dA": (5, ""),
    b"\x1b\x1dyS": (6, ""),
    b"\x1b\x1dyP": (4, "code printed"),
    b"\x1b*rA": (4, "picture"),
    b"\x1b*rB": (4, ""),
    b"\x1b*rP": (6, ""),
    b"\x1b*rE": (6, ""),
}
_STAR_BYTES: Final = {0x07: "drawer", 0x17: "count when printed", 0x18: "cancel", 0x0A: "", 0x0D: ""}


def escpos(way: str, data: bytes) -> Taken:
    if way == "in":
        return _answer(data)
    if data[0] in (0x09, 0x0A, 0x0D, 0x00):
        return 1, ""
    command = next_command(data)
    if command is None or command.name == "?":
        return NOTHING
    if command.name == "":
        return _text(data)
    return command.length, _said(command.name, command.data)


def _said(name: str, data: bytes) -> str:
    if name == "DLE":
        return f"status {data[1]}?" if data[0] == 0x04 and len(data) > 1 else "drawer or power, at once"
    if name == "GS (":
        return _group(data)
    if name in _QUIET:
        return ""
    number = f" {data[0]}" if name in _SHOWN and data else ""
    return _NAMES.get(name, f"{name} {data.hex(' ')}") + number


def _group(data: bytes) -> str:
    """GS ( k: a code's model, size, level, text and printing; GS ( H: was it printed?"""
    kind, body = data[:1], data[3:]
    if kind == b"H":
        return f"printed {body[2:].decode('ascii', 'replace')}?"
    if kind == b"k" and body[:3] == b"1P0":
        return body[3:].decode("utf-8", "replace")
    return "" if kind == b"k" else f"GS ( {data.hex(' ')}"


def _text(data: bytes) -> Taken:
    found = _TEXT.match(data)
    if found is None:
        return NOTHING
    words = found[0].decode("gb18030", "replace")
    if "\ufffd" in words:  # a character table chosen by ESC t; nearly always this one
        words = found[0].decode("cp1252", "replace")
    if "\ufffd" in words:
        words = found[0].decode("cp437")
    return found.end(), _RULE.sub("---", words)


def _answer(data: bytes) -> Taken:
    first = data[0]
    if first in (0x11, 0x13):
        return 1, "go on" if first == 0x11 else "wait"
    if first == 0x37 and len(data) >= 7 and data[6] == 0:
        return 7, f"printed {data[2:6].decode('ascii', 'replace')}" if data[
            1
        ] == 0x22 else f"process {data[1]:02x}"
    if first == 0x5F and 0 in data:
        end = data.index(0)
        return end + 1, f"is {data[1:end].decode('ascii', 'replace')}"
    if first & 0x93 == 0x10 and len(data) >= 4 and not any(byte & 0x90 for byte in data[1:4]):
        return 4, f"status {data[:4].hex(' ')}{_state(data[0] & 0x28)}"
    if first & 0x93 == 0x12:
        return 1, f"status {first:02x}{_state(first)}"
    return NOTHING


def _state(value: int) -> str:
    words = [name for bit, name in _STATES if value & bit and not (value & 0x60 == 0x60 and bit != 0x08)]
    return f" ({', '.join(words)})" if words else ""


def star(way: str, data: bytes) -> Taken:
    if way == "in":
        return _star_state(data)
    if data[0] in _STAR_BYTES:
        return 1, _STAR_BYTES[data[0]]
    if data[:2] == b"\x10\x04" and len(data) >= 3:
        return 3, "status? (ESC/POS)"
    if data[:5] == b"\x1b\x1dyD1" and len(data) >= 8:
        size = int.from_bytes(data[6:8], "little")
        return 8 + size, f"code “{data[8 : 8 + size].decode('utf-8', 'replace')}”"
    if data[:1] == b"b" and len(data) >= 3 and data[2] < 2 and data[1:3] != b"\0\0":
        return 3 + int.from_bytes(data[1:3], "little"), ""  # a row of a picture
    for head, (size, name) in _STAR.items():
        if data.startswith(head) and len(data) >= size:
            return size, f"{name} {data[2]}" if name == "feed" else name
    return _text(data)


def _star_state(data: bytes) -> Taken:
    head = data[0]
    if head in (0x11, 0x13):
        return 1, "go on" if head == 0x11 else "wait"
    size = head >> 1 & 0x07 | head >> 2 & 0x18
    if head & 0x91 != 0x01 or not 7 <= size <= len(data):
        return NOTHING
    words = ["status"]
    words += ["cover open"] if data[2] & 0x20 else []
    words += ["offline"] if data[2] & 0x08 else []
    words += ["cutter"] if data[3] & 0x08 else []
    words += ["paper out"] if data[5] & 0x08 else ["paper low"] if data[5] & 0x06 else []
    if size > 7:
        words.append(f"{data[7] >> 1 & 0x07 | data[7] >> 2 & 0x18} printed")
    return size, " ".join(words)
