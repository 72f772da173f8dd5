"""A simulated DFPlayer (YX5200, FN-M16P): frames of ten bytes, a card with numbered clips, a loudspeaker.

Written from the "FN-M16P Embedded MP3 Audio Module" data sheet: ``7E FF 06`` command, answer wanted, parameter of
two bytes, check (0 minus the sum), ``EF``; deaf until it is ready after power-up.
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_READY, _ENDED_USB, _ENDED, _ERROR, _ACK = 0x3F, 0x3C, 0x3D, 0x40, 0x41
_FRAME_WRONG, _CHECK_WRONG, _OUT_OF_RANGE, _NOT_FOUND = 3, 4, 5, 6
_FOREVER: Final = 1 << 60


@dataclass
class Played:
    """One clip of the card; ``ended_ms`` is None while it plays."""

    number: int
    started_ms: int
    ended_ms: int | None = None
    whole: bool = False


@dataclass
class DfPlayerStub(Stub):
    """Module, card and loudspeaker; ``played`` is what a person in the shop heard.

    Args:
        clips: number of each file in MP3 -> its length in ms; every other number is missing.
        boot_ms: it hears nothing until this time on the wire's clock, then says that it is ready.
        gap_ms: it stays silent so long before each clip.
    usb: the clips are on a stick, of which it tells ends by another word.

    Faults: ``mute`` plays and answers nothing; ``dead`` does neither; ``hang`` never ends a clip; ``busy`` so many
    plays are refused, as busy or as ``trouble`` says; ``lose_ends`` so many ends are not told; ``twice`` ends are
    told again so many ms later (0: once); ``lose_acks`` so many acknowledgements are not told; ``ack_first``
    acknowledges before it looks for the file.
    """

    clips: dict[int, int] = field(default_factory=dict)
    boot_ms: int = 0
    gap_ms: int = 100
    usb: bool = False
    mute: bool = False
    dead: bool = False
    hang: bool = False
    busy: int = 0
    trouble: int = 1
    lose_ends: int = 0
    lose_acks: int = 0
    twice: int = 0
    ack_first: bool = False
    volume: int = 30
    played: list[Played] = field(default_factory=list)
    _input: bytearray = field(default_factory=bytearray)
    _awake: bool = False
    _ends_ms: int | None = None
    _again_ms: int | None = None
    _unsaid: bytearray = field(default_factory=bytearray)

    @property
    def heard(self) -> list[int]:
        """Clips played to their end."""
        return [clip.number for clip in self.played if clip.whole]

    @property
    def playing(self) -> bool:
        return self._ends_ms is not None

    def pull_card(self) -> None:
        """The card is taken out: what plays stops. Poke the cable afterwards."""
        self._stop(None)
        self.clips = {}
        self._tell(0x3B, 2)

    def power_cycle(self, now_ms: int, boot_ms: int = 1000) -> None:
        self._stop(now_ms)
        self.volume, self._awake, self.boot_ms = 30, False, now_ms + boot_ms
        self._input.clear()

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = self.tick(now_ms)
        if self._awake and not self.dead:
            self._input += data
            while (frame := self._next_frame()) is not None:
                self._obey(frame, now_ms)
        return said + self._flush()

    def tick(self, now_ms: int) -> bytes:
        if not self._awake and now_ms >= self.boot_ms:
            self._awake = True
            if self.boot_ms:
                self._tell(_READY, 2 if self.clips else 0)
        if self._again_ms is not None and now_ms >= self._again_ms:
            self._again_ms = None
            self._tell(_ENDED, self.played[-1].number)
        if self._ends_ms is not None and now_ms >= self._ends_ms:
            clip = self.played[-1]
            clip.ended_ms, clip.whole, self._ends_ms = self._ends_ms, True, None
            if self.lose_ends > 0:
                self.lose_ends -= 1
            else:
                self._tell(_ENDED_USB if self.usb else _ENDED, clip.number)
                self._again_ms = now_ms + self.twice if self.twice else None
        return self._flush()

    def due(self, now_ms: int) -> int | None:
        if self._unsaid:
            return now_ms
        times = [self._ends_ms, self._again_ms, None if self._awake else self.boot_ms]
        return min((each for each in times if each is not None and each < _FOREVER), default=None)

    def _next_frame(self) -> bytes | None:
        """Command, answer wanted, parameter; a frame that is not sound is told and dropped."""
        while True:
            while self._input and self._input[0] != 0x7E:
                del self._input[0]
            if len(self._input) < 10:
                return None
            frame = bytes(self._input[:10])
            if frame[1:3] != b"\xff\x06" or frame[9] != 0xEF:
                del self._input[0]
                self._tell(_ERROR, _FRAME_WRONG)
                continue
            del self._input[:10]
            check = (0x10000 - sum(frame[1:7])) & 0xFFFF
            if frame[7:9] != bytes((check >> 8, check & 0xFF)):
                self._tell(_ERROR, _CHECK_WRONG)
                continue
            return frame[3:7]

    def _obey(self, frame: bytes, now_ms: int) -> None:
        command, value = frame[0], frame[2] * 256 + frame[3]
        if command == 0x12:
            self._play(value, bool(frame[1]), now_ms)
            return
        if frame[1]:
            self._acknowledge()
        if command == 0x06:
            self.volume = min(value, 30)
        elif command == 0x16:
            self._stop(now_ms)
        elif command == 0x42:
            self._tell(0x42, 0x0200 + (1 if self.playing else 0))
        elif command == 0x43:
            self._tell(0x43, self.volume)
        elif command == 0x48:
            self._tell(0x48, len(self.clips))
        elif command == 0x0C:
            self.power_cycle(now_ms)

    def _play(self, number: int, ack: bool, now_ms: int) -> None:
        if self.busy > 0:
            self.busy -= 1
            self._tell(_ERROR, self.trouble)
        elif not 1 <= number <= 3000:
            self._tell(_ERROR, _OUT_OF_RANGE)
        elif number not in self.clips:
            if ack and self.ack_first:
                self._acknowledge()
            self._tell(_ERROR, _NOT_FOUND)
        else:
            self._stop(now_ms)
            self.played.append(Played(number, now_ms + self.gap_ms))
            del self.played[:-1000]
            self._ends_ms = _FOREVER if self.hang else now_ms + self.gap_ms + self.clips[number]
            if ack:
                self._acknowledge()

    def _stop(self, now_ms: int | None) -> None:
        if self._ends_ms is not None:
            self.played[-1].ended_ms = now_ms
            self._ends_ms = None

    def _acknowledge(self) -> None:
        if self.lose_acks > 0:
            self.lose_acks -= 1
        else:
            self._tell(_ACK, 0)

    def _tell(self, command: int, value: int) -> None:
        if self.mute or self.dead:
            return
        body = bytes((0xFF, 0x06, command, 0x00, value >> 8, value & 0xFF))
        check = (0x10000 - sum(body)) & 0xFFFF
        self._unsaid += b"\x7e" + body + bytes((check >> 8, check & 0xFF)) + b"\xef"

    def _flush(self) -> bytes:
        said = bytes(self._unsaid)
        self._unsaid.clear()
        return said
