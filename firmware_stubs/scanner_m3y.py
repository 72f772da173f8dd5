"""A simulated M3Y-W module. Written from what cryptoadvance/specter-diy `src/hosts/qr.py` documents of its frames.

``5A type lenH lenL text check A5``: 00 to it, 01 from it, check the XOR of everything between; 90 00 is "done".
What it says of its version, and that codes come as plain lines, is assumed.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from firmware_stubs.scanner import LineScanner

_TEXT_MAX: Final = 64
_DONE: Final = b"\x90\x00"


def _answer(text: bytes) -> bytes:
    body = b"\x01" + len(text).to_bytes(2, "big") + text
    return b"\x5a" + body + bytes((reduce(xor, body), 0xA5))


@dataclass
class M3yScanner(LineScanner):
    """``on_demand``: it reads between start and stop only. ``resets`` counts what nobody may cause.

    Faults: ``mute`` hears nothing, ``refuses`` whatever it is told to do.
    """

    on_demand: bool = False
    mute: bool = False
    refuses: bool = False
    resets: int = 0
    _reading: bool = False
    _input: bytes = b""

    @property
    def reads(self) -> bool:
        return self._reading or not self.on_demand

    def scan(self, code: str | bytes, **how: object) -> None:
        if self.reads:
            self._reading = False
            super().scan(code, **how)  # type: ignore[arg-type]  # passed through as they came

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.heard += data[:4096]
        del self.heard[:-4096]
        self._input += data
        said = b""
        while (start := self._input.find(b"\x5a\x00")) >= 0:
            frame = self._input[start:]
            size = int.from_bytes(frame[2:4], "big") + 6
            if len(frame) >= 4 and size > _TEXT_MAX + 6:
                self._input = frame[1:]
                continue
            if len(frame) < 4 or len(frame) < size:
                break
            sound = frame[size - 1] == 0xA5 and reduce(xor, frame[1 : size - 1]) == 0
            said += self._obey(frame[4 : size - 2]) if sound else b""
            self._input = frame[size if sound else 1 :]
        self._input = self._input[-_TEXT_MAX - 6 :]
        return said + self.tick(now_ms)

    def _obey(self, text: bytes) -> bytes:
        if self.mute:
            return b""
        if text == b"T_OUT_CVER":
            return _answer(b"M3Y-W V1.02")
        if self.refuses or text not in (b"SR030301", b"SR030300", b"S_CMD_FFFF"):
            return _answer(b"\x91\x00")
        self._reading = text == b"SR030301"
        self.resets += text == b"S_CMD_FFFF"
        return _answer(_DONE)
