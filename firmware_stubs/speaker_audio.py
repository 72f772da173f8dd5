"""A simulated sound output: takes a whole WAV file, plays it for as long as it lasts, tells the player's status.

Written from the WAVE format (IBM and Microsoft, 1991) and from what aplay's exit status means: 0 played, else not.
"""

from dataclasses import dataclass, field

from firmware_stubs.wire import Stub


@dataclass
class AudioStub(Stub):
    """``played`` holds the samples of every file played to its end.

    Faults: ``fail`` so many files end with status 1 and are not heard; ``hang`` never ends.
    """

    fail: int = 0
    hang: bool = False
    played: list[bytes] = field(default_factory=list)
    _input: bytearray = field(default_factory=bytearray)
    _ends: list[tuple[int, bytes | None]] = field(default_factory=list)

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = self.tick(now_ms)
        self._input += data
        while len(self._input) >= 12:
            size = 8 + int.from_bytes(self._input[4:8], "little")
            if self._input[:4] != b"RIFF" or self._input[8:12] != b"WAVE":
                del self._input[0]
                continue
            if len(self._input) < size:
                break
            self._begin(bytes(self._input[:size]), now_ms)
            del self._input[:size]
        return said + self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        if not self._ends or self._ends[0][0] > now_ms:
            return b""
        _, samples = self._ends.pop(0)
        if samples is None:
            return b"\x01"
        self.played.append(samples)
        del self.played[:-1000]
        return b"\x00"

    def due(self, now_ms: int) -> int | None:  # noqa: ARG002 - the same at any time
        return self._ends[0][0] if self._ends else None

    def _begin(self, file: bytes, now_ms: int) -> None:
        if self.hang:
            return
        if self.fail > 0:
            self.fail -= 1
            self._ends.append((now_ms, None))
            return
        at = file.index(b"data")
        rate = int.from_bytes(file[file.index(b"fmt ") + 12 :][:4], "little")
        samples = file[at + 8 : at + 8 + int.from_bytes(file[at + 4 : at + 8], "little")]
        self._ends.append((now_ms + len(samples) * 1000 // rate, samples))
