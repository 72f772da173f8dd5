"""A simulated Mertech QR-PAY: what sergw3x/mertech_qr's ``main.go`` sends, and what a person then sees.

``02 F2 02 length text 02 F2 03`` draws a code, ``02 F0 03 word 03`` clears, shows a picture, turns the screen off.
It answers nothing here: the form of its one answer is not known.
"""

from dataclasses import dataclass

from firmware_stubs.wire import Stub

_TEXT_MAX = 1000
_WORDS = {b"CLS": "", b"correct": "paid", b"mistake": "failed"}


@dataclass
class MertechStub(Stub):
    """``screen``: dark (empty), code, paid, failed; ``codes`` counts codes drawn, ``unknown`` bytes it dropped.

    Faults: ``lies`` keeps what it shows whatever it is told (L11).
    """

    lies: bool = False
    screen: str = ""
    payload: str = ""
    lit: bool = True
    codes: int = 0
    unknown: int = 0
    _input: bytes = b""

    def restart(self) -> None:
        """Power goes and comes back."""
        self.screen, self.payload, self.lit, self._input = "", "", True, b""

    def receive(self, data: bytes, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        self._input += data
        while self._input and (used := self._obey()):
            self._input = self._input[used:]
        return b""

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        return b""

    def _obey(self) -> int:
        """Bytes of what stands first; 0: the rest has not come."""
        head = self._input[:2]
        if head == b"\x02\xf2":
            return self._code()
        if head == b"\x02\xf0":
            end = self._input.find(b"\x03", 3)
            if self._input[2:3] not in (b"", b"\x03") or (end < 0 and len(self._input) >= 64):
                return self._dropped()
            return self._word(self._input[3:end], end + 1) if end > 0 else 0
        return 0 if head == b"\x02" else self._dropped()

    def _dropped(self) -> int:
        self.unknown += 1
        return 1

    def _code(self) -> int:
        if len(self._input) < 5:
            return 0
        size = int.from_bytes(self._input[3:5], "big")
        if self._input[2] != 0x02 or size > _TEXT_MAX:
            return self._dropped()
        if len(self._input) < size + 8:
            return 0
        if self._input[size + 5 : size + 8] != b"\x02\xf2\x03":
            return self._dropped()
        self.codes += 1
        self._show("code", self._input[5 : size + 5].decode("ascii", "replace"))
        return size + 8

    def _word(self, word: bytes, used: int) -> int:
        if word in _WORDS:
            self._show(_WORDS[word], "")
        elif word in (b"BTON", b"BTOFF"):
            self.lit = word == b"BTON"
        elif word != b"0D1302?":
            self.unknown += used
        return used

    def _show(self, screen: str, payload: str) -> None:
        if not self.lies:
            self.screen, self.payload = screen, payload
