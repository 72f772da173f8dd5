"""Speakers' bytes in words.

Source: YuTone SYN6288 data sheet; iFlytek XFS5152CE guide; FN-M16P data sheet; DFRobot DFR0534 wiki; RIFF WAVE.
"""

from typing import Final

from terminal.lab.readable_displays import NOTHING, Taken

_SAYS: Final = {0x41: "taken", 0x45: "refused", 0x4A: "ready", 0x4E: "speaking", 0x4F: "quiet"}
_ASKS: Final = {
    0x01: "speak",
    0x02: "stop",
    0x03: "pause",
    0x04: "go on",
    0x21: "busy?",
    0x31: "baud",
    0x88: "sleep",
}
_CODE_SETS: Final = ("gb2312", "gbk", "big5", "utf-16-be")
_PLAYER: Final = {
    0x03: "play number", 0x06: "volume", 0x0C: "reset", 0x0F: "play folder and file", 0x12: "play MP3/",
    0x16: "stop", 0x42: "status", 0x48: "files", 0x3A: "card in", 0x3B: "card out", 0x3C: "ended (USB)",
    0x3D: "ended", 0x3F: "ready", 0x40: "error", 0x41: "taken",
}  # fmt: skip
_BOARD: Final = {
    0x01: "status", 0x02: "play", 0x03: "pause", 0x04: "stop", 0x07: "play number", 0x0A: "which store?",
    0x13: "volume", 0x18: "loop mode", 0x1B: "combine", 0x1C: "end combination",
}  # fmt: skip


def syn6288(way: str, data: bytes) -> Taken:
    return _chip(way, data, checked=True)


def xfs5152(way: str, data: bytes) -> Taken:
    return _chip(way, data, checked=False)


def _chip(way: str, data: bytes, *, checked: bool) -> Taken:
    """``FD lengthH lengthL command``, then for speech the code set and the text; one of them adds a check."""
    if way == "in":
        return (1, _SAYS[data[0]]) if data[0] in _SAYS else NOTHING
    if data[0] != 0xFD or len(data) < 4:
        return NOTHING
    size = 3 + int.from_bytes(data[1:3], "big")
    body = data[3:size]
    if len(data) < size or not body:
        return NOTHING
    asked = _ASKS.get(body[0], f"command {body[0]:02x}")
    if body[0] != 0x01 or len(body) < 2:
        return size, asked
    text = body[2:-1] if checked else body[2:]
    return size, f"{asked} “{text.decode(_CODE_SETS[min(body[1] & 7, 3)], 'replace')}”"


def dfplayer(_way: str, data: bytes) -> Taken:
    if data[:3] != b"\x7e\xff\x06" or len(data) < 10 or data[9] != 0xEF:
        return NOTHING
    return 10, f"{_PLAYER.get(data[3], f'command {data[3]:02x}')} {int.from_bytes(data[5:7], 'big')}"


def jq8900(way: str, data: bytes) -> Taken:
    if data[0] != 0xAA or len(data) < 4 or len(data) < data[2] + 4:
        return NOTHING
    body = data[3 : 3 + data[2]]
    name = _BOARD.get(data[1], f"command {data[1]:02x}")
    if data[1] == 0x1B:
        clips = body.decode("ascii", "replace")
        return 4 + len(body), f"{name} {' '.join(clips[at : at + 2] for at in range(0, len(clips), 2))}"
    return 4 + len(body), f"{name} {body.hex(' ')}".rstrip() + ("?" if data[1] == 1 and way == "out" else "")


def audio(_way: str, data: bytes) -> Taken:
    """Whole WAVE files; their sound is counted."""
    if data[:4] != b"RIFF" or len(data) < 12:
        return NOTHING
    size = 8 + int.from_bytes(data[4:8], "little")
    return size, f"{size - 44} bytes of sound"
