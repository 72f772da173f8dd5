"""A simulated JQ8900 / DFR0534 board: plays lists of two-character clips, tells its status when it is asked.

Written from DFRobot's "DFR0534 Voice Module" wiki: ``AA``, command, length, data, low byte of the sum.
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_FOREVER: Final = 1 << 60
_NAME_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Combination:
    """One list as it was played; a clip that is not in the folder ends it."""

    names: list[str]
    started_ms: int
    ended_ms: int | None = None
    whole: bool = False


@dataclass
class Jq8900Stub(Stub):
    """Board and loudspeaker; ``played`` is what a person in the shop heard.

    Args:
        clips: two-character file name in ZH -> its length in ms.

    Faults: ``mute`` plays and answers nothing; ``dead`` does neither; ``hang`` never stops; ``lose_answers`` so
    many answers are not told; ``stuck`` says for ever that it has stopped. Somebody's finger: ``paused``.
    """

    clips: dict[str, int] = field(default_factory=dict)
    mute: bool = False
    dead: bool = False
    hang: bool = False
    stuck: bool = False
    paused: bool = False
    lose_answers: int = 0
    volume: int = 20
    played: list[Combination] = field(default_factory=list)
    bad_frames: int = 0
    _input: bytearray = field(default_factory=bytearray)
    _ends_ms: int | None = None

    @property
    def playing(self) -> bool:
        return self._ends_ms is not None

    @property
    def heard(self) -> list[list[str]]:
        """Lists played to their end."""
        return [each.names for each in self.played if each.whole]

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.tick(now_ms)
        said = b""
        if self.dead:
            return said
        self._input += data
        while (frame := self._next_frame()) is not None:
            said += self._obey(frame[0], frame[1:], now_ms)
        if self.lose_answers > 0 and said:
            self.lose_answers -= 1
            return b""
        return b"" if self.mute else said

    def tick(self, now_ms: int) -> bytes:
        """It tells nothing of itself."""
        if self._ends_ms is not None and now_ms >= self._ends_ms:
            self.played[-1].ended_ms, self._ends_ms = self._ends_ms, None
            self.played[-1].whole = all(name in self.clips for name in self.played[-1].names)
        return b""

    def due(self, now_ms: int) -> int | None:  # noqa: ARG002 - the same at any time
        return None if self._ends_ms in (None, _FOREVER) else self._ends_ms

    def _next_frame(self) -> bytes | None:
        """Command and data."""
        while True:
            while self._input and self._input[0] != 0xAA:
                del self._input[0]
            if len(self._input) < 4 or len(self._input) < 4 + self._input[2]:
                return None
            size = 4 + self._input[2]
            if sum(self._input[: size - 1]) % 256 != self._input[size - 1]:
                self.bad_frames += 1
                del self._input[0]
                continue
            frame = bytes((self._input[1], *self._input[3 : size - 1]))
            del self._input[:size]
            return frame

    def _obey(self, command: int, data: bytes, now_ms: int) -> bytes:
        if command == 0x01:
            state = 2 if self.paused else 1 if self.playing and not self.stuck else 0
            return bytes((0xAA, 0x01, 0x01, state, (0xAA + 2 + state) % 256))
        if command in (0x04, 0x1C):
            self._stop(now_ms)
        elif command == 0x13 and data:
            self.volume = min(data[0], 30)
        elif command == 0x1B and data and len(data) % 2 == 0:
            self._combine([data[at : at + 2].decode("latin-1") for at in range(0, len(data), 2)], now_ms)
        return b""

    def _combine(self, names: list[str], now_ms: int) -> None:
        self._stop(now_ms)
        self.paused = False
        self.played.append(Combination(names, now_ms))
        del self.played[:-1000]
        length_ms = 0
        for name in names:
            if name not in self.clips:
                break
            length_ms += self.clips[name]
        self._ends_ms = _FOREVER if self.hang else now_ms + length_ms
        self.tick(now_ms)

    def _stop(self, now_ms: int) -> None:
        if self._ends_ms is not None:
            self.played[-1].ended_ms, self._ends_ms = now_ms, None


def name_of(number: int) -> str:
    """How a card names clip ``number``: two digits of a count to 36."""
    return _NAME_DIGITS[number // 36] + _NAME_DIGITS[number % 36]
