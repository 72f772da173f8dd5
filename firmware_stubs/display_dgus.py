"""A simulated DWIN DGUS II panel with the project of docs/devices/panels/dgus.md.

Written from DWIN's "T5L DGUSII Application Development Guide": ``5A A5 length 82|83 address …``, addresses of
16-bit words, write answer ``82 4F 4B``, page number at 0014, page change by ``5A 01`` at 0084, an optional
CRC-16/MODBUS. Written words stay until others are written over them.
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_CODE, _AMOUNT, _TITLE, _WORDS, _TEST, _SERIAL = 0x2000, 0x1000, 0x1040, 0x1080, 0x10C0, 0x1F00
_PAGES: Final = ("idle", "code", "result")
_TOP: Final = 0x7000  # words of memory for projects: 0000 to 6FFF


@dataclass
class DgusStub(Stub):
    """``page`` is what is shown.

    Faults: ``mute`` does all and says nothing; ``lies`` says "OK" and keeps the old texts (L11). ``acks`` off and
    ``crc`` on are kinds of firmware, not faults.
    """

    serial: str = "PANEL-0001"
    acks: bool = True
    crc: bool = False
    mute: bool = False
    lies: bool = False
    page: int = 0
    codes: int = 0
    bad_frames: int = 0
    memory: bytearray = field(default_factory=bytearray)
    _input: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Power goes and comes back: the project's first page, its texts empty."""
        self.memory = bytearray(_TOP * 2)
        self._put(_SERIAL, self.serial.encode("ascii")[:16])
        self.page = 0
        self._input.clear()

    @property
    def screen(self) -> str:
        return _PAGES[self.page]

    @property
    def payload(self) -> str:
        """What a phone before the glass reads; empty when no code is shown."""
        return self.text(_CODE).decode("latin-1") if self.screen == "code" else ""

    @property
    def amount(self) -> str:
        return self.text(_AMOUNT).decode("gbk", "replace")

    @property
    def title(self) -> str:
        return self.text(_TITLE).decode("gbk", "replace")

    @property
    def words(self) -> str:
        return self.text(_WORDS).decode("gbk", "replace")

    @property
    def test(self) -> str:
        return self.text(_TEST).decode("gbk", "replace")

    def text(self, vp: int) -> bytes:
        """Up to 00 00 or FF FF, as a text or QR control reads it."""
        held = bytes(self.memory[vp * 2 : vp * 2 + 512])
        ends = [at for end in (b"\0\0", b"\xff\xff") if (at := held.find(end)) >= 0]
        return held[: min(ends)] if ends else held

    def receive(self, data: bytes, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        self._input += data
        said = b""
        while (frame := self._next()) is not None:
            said += self._obey(frame)
        return b"" if self.mute else said

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        return b""

    def _next(self) -> bytes | None:
        """Command and data of the next sound frame."""
        while len(self._input) >= 3:
            if self._input[:2] != b"\x5a\xa5":
                del self._input[0]
                continue
            end = 3 + self._input[2]
            if len(self._input) < end:
                return None
            body = bytes(self._input[3:end])
            del self._input[:end]
            if not self.crc:
                return body
            if _crc(body) == 0:
                return body[:-2]
            self.bad_frames += 1
        return None

    def _obey(self, frame: bytes) -> bytes:
        if len(frame) < 4 or frame[0] not in (0x82, 0x83):
            return b""
        vp = frame[1] << 8 | frame[2]
        if frame[0] == 0x83:
            return self._answer(frame[:4] + self._words(vp, frame[3]))
        if vp == 0x0084 and frame[3:5] == b"\x5a\x01" and len(frame) == 7:
            self._turn_to(frame[5] << 8 | frame[6])
        elif not self.lies:
            self._put(vp, frame[3:])
        return self._answer(b"\x82OK") if self.acks else b""

    def _turn_to(self, page: int) -> None:
        if page < len(_PAGES):
            self.page = page
            self.codes += self.screen == "code"

    def _words(self, vp: int, count: int) -> bytes:
        if vp == 0x0014:
            return self.page.to_bytes(2, "big") + bytes(count * 2 - 2)
        return bytes(self.memory[vp * 2 : (vp + count) * 2]).ljust(count * 2, b"\0")

    def _put(self, vp: int, data: bytes) -> None:
        if vp * 2 + len(data) <= len(self.memory):
            self.memory[vp * 2 : vp * 2 + len(data)] = data

    def _answer(self, body: bytes) -> bytes:
        check = _crc(body).to_bytes(2, "little") if self.crc else b""
        return b"\x5a\xa5" + bytes((len(body) + len(check),)) + body + check


def _crc(data: bytes) -> int:
    """CRC-16/MODBUS; 0 over a body with its own check behind it."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            odd = register & 1
            register >>= 1
            if odd:
                register ^= 0xA001
    return register
