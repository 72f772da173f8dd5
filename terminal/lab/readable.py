"""Bytes on a cable in words, as far as that is easy: for people who look at the timeline, decides nothing.

Source: docs/display-frame.md; Epson ESC/POS command reference; YuTone SYN6288 data sheet; Hangzhou Grow GM65
manual.
"""

import re
from typing import Final

from firmware_stubs.display_firmware import unstuff

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
_SPEAKER: Final = {0x41: "taken", 0x45: "refused", 0x4A: "ready", 0x4E: "speaking", 0x4F: "quiet"}
_SPEAKER_ASKS: Final = {0x01: "speak", 0x02: "stop", 0x21: "busy?", 0x88: "sleep"}
_CODE_SETS: Final = ("gb2312", "gbk", "big5", "utf-16-be")
_WORDS: Final = re.compile(r"[^\x00-\x1f\x7f\ufffd]{2,}")
# FS & and FS . switch Chinese on and off; GS ( k: a QR code's model, size, level, store and print
_SETTINGS: Final = re.compile(rb"\x1c[&.]|\x1d\(k..1(?:A..|[CEQ].|P0)", re.DOTALL)
_RULE: Final = re.compile("-{4,}")
TEXT_MAX: Final = 160


def readable(role: str, source: str, data: bytes) -> str:
    """``source``: "host" or "device", as cables name it."""
    match role:
        case "display":
            text = _display(data)
        case "printer":
            text = _printer(data) if source == "host" else f"status {data.hex(' ')}"
        case "speaker":
            text = _speaker(data, source)
        case _:
            text = _scanner(data)
    return text[:TEXT_MAX]


def _display(data: bytes) -> str:
    names = []
    for piece in data.split(b"\0"):
        body = unstuff(bytearray(piece)) if piece else None
        if body is not None and len(body) >= 8:
            name = _FRAMES.get(body[1], f"type {body[1]:02x}")
            detail = ""
            if body[1] == 0x7F and len(body) >= 10:
                detail = f" {_FRAMES.get(body[4], '')} {'ok' if body[5] == 0 else f'status {body[5]}'}"
            names.append(f"{name}{detail} #{body[2]}")
    return ", ".join(names)


def _printer(data: bytes) -> str:
    if data[:2] == b"\x10\x04":
        return f"status {data[2]}?" if len(data) > 2 else "status?"
    words = _WORDS.findall(_SETTINGS.sub(b"\0", data).decode("gb18030", "replace"))
    return " · ".join(_RULE.sub("---", each) for each in words)


def _speaker(data: bytes, source: str) -> str:
    if source == "device":
        return ", ".join(_SPEAKER.get(byte, f"{byte:02x}") for byte in data)
    if len(data) < 5 or data[0] != 0xFD:
        return ""
    asked = _SPEAKER_ASKS.get(data[3], f"command {data[3]:02x}")
    if data[3] != 0x01:
        return asked
    return f"{asked} “{data[5:-1].decode(_CODE_SETS[min(data[4] & 7, 3)], 'replace')}”"


def _scanner(data: bytes) -> str:
    if data[:2] in (b"\x7e\x00", b"\x02\x00"):
        return "command" if data[0] == 0x7E else "answer"
    return data.decode("utf-8", "replace").strip()
