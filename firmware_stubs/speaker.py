"""A simulated SYN6288 text-to-speech module: takes frames, "speaks" them into a transcript over given time.

Written from YuTone's "SYN6288" data sheet: frame ``FD`` + length + command + parameter + text + xor, answers of
one byte, a frame ends after 8 ms of silence, a new text interrupts the one being spoken.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_GAP_MS: Final = 8
_FRAME_MAX: Final = 206  # bytes, with 200 of text
_TAGS: Final = re.compile(r"\[[a-z]\d*\]")
_CODE_SETS: Final = ("gb2312", "gbk", "big5", "utf-16-be")
_TAKEN, _REFUSED, _READY, _TALKING, _QUIET = b"\x41", b"\x45", b"\x4a", b"\x4e", b"\x4f"
_FOREVER: Final = 1 << 60


@dataclass
class Said:
    """One text. ``text`` is without the chip's tags; ``ended_ms`` is None while it is spoken."""

    text: str
    raw: bytes
    started_ms: int
    ended_ms: int | None = None
    whole: bool = False  # spoken to its end, not interrupted


@dataclass
class Syn6288(Stub):
    """The module with its loudspeaker; ``transcript`` is what a person in the shop heard.

    Faults: ``mute`` speaks but answers nothing; ``dead`` does neither; ``hang`` takes a text and never ends it;
    ``refuse`` so many good frames get a "bad frame"; ``lose_ends`` so many ends are not reported.
    """

    ms_per_character: int = 200
    mute: bool = False
    dead: bool = False
    hang: bool = False
    refuse: int = 0
    lose_ends: int = 0
    transcript: list[Said] = field(default_factory=list)
    bad_frames: int = 0
    asleep: bool = False
    _input: bytearray = field(default_factory=bytearray)
    _input_ms: int = 0
    _ends_ms: int | None = None
    _unsaid: bytearray = field(default_factory=bytearray)  # answers not on the wire yet

    @property
    def speaking(self) -> bool:
        return self._ends_ms is not None

    @property
    def heard(self) -> list[str]:
        """Texts spoken to their end."""
        return [said.text for said in self.transcript if said.whole]

    def reboot(self) -> None:
        """Power goes and comes back: what was spoken stops. Poke the cable afterwards."""
        self._stop(None)
        self._input.clear()
        self.asleep = False
        self._unsaid += b"" if self.mute or self.dead else _READY

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = self.tick(now_ms)
        if self._input and now_ms - self._input_ms > _GAP_MS:
            self._input.clear()
            self.bad_frames += 1
            self._answer(_REFUSED)
        self._input += data
        self._input_ms = now_ms
        while (frame := self._next_frame()) is not None:
            self._obey(frame, now_ms)
        return said + self._flush()

    def tick(self, now_ms: int) -> bytes:
        if self._ends_ms is not None and now_ms >= self._ends_ms:
            said = self.transcript[-1]
            said.ended_ms, said.whole = self._ends_ms, True
            self._ends_ms = None
            if self.lose_ends > 0:
                self.lose_ends -= 1
            else:
                self._answer(_QUIET)
        return self._flush()

    def due(self, now_ms: int) -> int | None:
        if self._unsaid:
            return now_ms
        return None if self._ends_ms in (None, _FOREVER) else self._ends_ms

    def _next_frame(self) -> bytes | None:
        """Command to the byte before the check; frames with a wrong check are answered and dropped."""
        while True:
            while self._input and self._input[0] != 0xFD:
                del self._input[0]
            if len(self._input) < 3:
                return None
            size = 3 + int.from_bytes(self._input[1:3], "big")
            if not 5 <= size <= _FRAME_MAX:
                del self._input[0]
                continue
            if len(self._input) < size:
                return None
            frame = bytes(self._input[:size])
            del self._input[:size]
            check = 0
            for byte in frame:
                check ^= byte
            if check == 0:
                return frame[3:-1]
            self.bad_frames += 1
            self._answer(_REFUSED)

    def _obey(self, frame: bytes, now_ms: int) -> None:
        if self.dead:
            return
        if self.refuse > 0 and frame[0] == 0x01:
            self.refuse -= 1
            self._answer(_REFUSED)
            return
        if frame[0] == 0x01 and len(frame) > 2:
            self._speak(frame[1] & 0x07, frame[2:], now_ms)
        elif frame[0] == 0x02:
            self._stop(now_ms)
            self._answer(_TAKEN)
        elif frame[0] == 0x21:
            self._answer(_TALKING if self.speaking else _QUIET)
        elif frame[0] == 0x88:
            self.asleep = True
            self._answer(_TAKEN)
        elif frame[0] in (0x03, 0x04, 0x31):
            self._answer(_TAKEN)
        else:
            self._answer(_REFUSED)

    def _speak(self, code_set: int, raw: bytes, now_ms: int) -> None:
        try:
            text = _TAGS.sub("", raw.decode(_CODE_SETS[code_set]))
        except (IndexError, UnicodeDecodeError):
            self._answer(_REFUSED)
            return
        self._stop(now_ms)
        self.asleep = False
        self.transcript.append(Said(text, raw, now_ms))
        del self.transcript[:-1000]
        self._ends_ms = _FOREVER if self.hang else now_ms + max(1, len(text)) * self.ms_per_character
        self._answer(_TAKEN)

    def _stop(self, now_ms: int | None) -> None:
        if self._ends_ms is not None:
            self.transcript[-1].ended_ms = now_ms
            self._ends_ms = None

    def _answer(self, byte: bytes) -> None:
        if not (self.mute or self.dead):
            self._unsaid += byte

    def _flush(self) -> bytes:
        said = bytes(self._unsaid)
        self._unsaid.clear()
        return said
