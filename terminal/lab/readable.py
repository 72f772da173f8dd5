"""Bytes on a cable in words, for people: one reader a protocol of the catalogue. It decides nothing."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from terminal.lab import readable_displays as displays
from terminal.lab import readable_printers as printers
from terminal.lab import readable_scanners as scanners
from terminal.lab import readable_speakers as speakers
from terminal.lab.readable_displays import Taken

Way = Literal["out", "in"]
Reader = Callable[[str, bytes], Taken]
READERS: Final[Mapping[str, Reader]] = {
    "display/countertop": displays.countertop,
    "display/bonrix": displays.bonrix,
    "display/nextion": displays.nextion,
    "display/dgus": displays.dgus,
    "display/mertech": displays.mertech,
    "display/cd5220": displays.pole,
    "display/escpos-vfd": displays.pole,
    "display/led8n": displays.pole,
    "scanner/gm65": scanners.gm65,
    "scanner/line": scanners.line,
    "scanner/gmssi": scanners.ssi,
    "scanner/ssi": scanners.ssi,
    "scanner/hon": scanners.honeywell,
    "scanner/nls": scanners.newland,
    "scanner/m3y": scanners.m3y,
    "scanner/evdev": scanners.evdev,
    "printer/escpos": printers.escpos,
    "printer/star": printers.star,
    "speaker/syn6288": speakers.syn6288,
    "speaker/xfs5152": speakers.xfs5152,
    "speaker/dfplayer": speakers.dfplayer,
    "speaker/jq8900": speakers.jq8900,
    "speaker/audio": speakers.audio,
}
LAB: Final = {
    "display": "display/countertop",
    "scanner": "scanner/gm65",
    "printer": "printer/escpos",
    "speaker": "speaker/syn6288",
}
"""What the lab's own devices speak."""
DATA_MAX: Final = 65536  # bytes read at once; the rest is counted
LOOK_MAX: Final = 8192  # no protocol's unit is longer, pictures aside, which tell their length first
DULL: Final = ("STATE", "TILE", "ACK TILE ok", "busy?", "status", "quiet", "command", "answer", "ALIVE")
TEXT_MAX: Final = 160
_JOINED: Final = {"printer": " · "}
_TOO_SHORT: Final = re.compile(r"^.$|^start$|^cut$|^feed\b|^picture$")


def telling(text: str) -> bool:
    """Whether a line says more than what a healthy counter asks all day, or pieces of pictures."""
    return bool(text) and not text.startswith(DULL)


def describe(protocol: str, way: Way, data: bytes) -> list[str]:
    """What the bytes say, one entry a command, answer or text; what is not understood as hex.

    Args:
        protocol: ``role/name`` of the catalogue; KeyError for another.
        way: "out" towards the device.
    """
    take = READERS[protocol]
    if protocol == LAB["display"] and (end := displays.end_of_frame(way, data)):
        return [end]
    words: list[str] = []
    unknown = bytearray()
    at = 0
    while at < min(len(data), DATA_MAX):
        used, text = take(way, data[at : at + LOOK_MAX])
        if used == 0:
            unknown.append(data[at])
            at += 1
            continue
        _hex(words, unknown)
        if text:
            words.append(text)
        at += used
    _hex(words, unknown)
    if len(data) > DATA_MAX:
        words.append(f"… {len(data) - DATA_MAX} bytes more")
    return words


def _hex(words: list[str], unknown: bytearray) -> None:
    if unknown:
        words.append(f"<{unknown.hex(' ')}>")
        unknown.clear()


def readable(role: str, source: str, data: bytes) -> str:
    """A line of the lab's timeline. ``source``: "host" or "device", as cables name it."""
    words = describe(LAB[role], "out" if source == "host" else "in", data)
    if role == "printer" and source == "host":
        words = [word for word in words if not _TOO_SHORT.match(word)]
    if role == "scanner":
        words = [word.removeprefix("scan ") for word in words]
    return _JOINED.get(role, ", ").join(words)[:TEXT_MAX]
