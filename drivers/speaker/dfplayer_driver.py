"""The DFPlayer family: clip by clip from MP3/nnnn of its card, each started once, each end waited for."""

import asyncio
from collections import deque
from typing import Final

from drivers.errors import DeviceRefused, DeviceTimeout
from drivers.speaker.dfplayer import Command, Decoder, Frame, Told, Trouble
from drivers.speaker.phrase import ECHO, END_SPARE_S, START_LIMIT_S, Clip, Phrase, Spoken, volume_step
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import Transport

REPLY_S: Final = 0.5  # DFRobotDFPlayerMini's time-out
TRIES: Final = 3
HELLO_TRIES: Final = (
    5  # data sheet: ready 500 to 1500 ms behind power, which may come with the port; deaf until then
)
BETWEEN_FRAMES_S: Final = 0.012  # at least 10 ms behind a command without answer
SAME_END_S: Final = 0.2  # clones tell an end twice
CLIP_SPARE_S: Final = 0.7  # beyond a clip's length before the module is asked whether it still plays
_ENDED: Final = (Told.ENDED, Told.ENDED_USB)
_AGAIN: Final = (Trouble.BUSY, Trouble.ASLEEP, Trouble.FRAME, Trouble.CHECK)  # certainly not played
_LOST: Final = (Told.MEDIA_OUT, Told.READY)  # card pulled, power gone: what played is over


class DfPlayer:
    def __init__(self, transport: Transport, profile: SpeakerProfile) -> None:
        self._transport, self.profile = transport, profile
        self._turn = asyncio.Lock()
        self._decoder = Decoder()
        self._heard: deque[Frame] = deque(maxlen=32)
        self._ended_s = -1.0  # when the last clip ended, in loop time
        self._hushed = False

    async def hello(self) -> dict[str, str]:
        """Raises DeviceRefused: it has no card, or nothing on it, or what we send comes back."""
        async with self._turn:
            if await self._query(Command.STATUS, Told.STATUS, HELLO_TRIES, ack=True) is None:
                raise DeviceTimeout(f"speaker: no answer to {HELLO_TRIES} questions of {REPLY_S} s")
            files = await self._query(Command.FILES, Told.FILES)
        if files == 0:
            raise DeviceRefused("speaker: no clips on its card; write them first")
        return {} if files is None else {"files": str(files)}

    async def alive(self) -> bool:
        async with self._turn:
            if await self._query(Command.STATUS, Told.STATUS) is None:
                raise DeviceTimeout(f"speaker: no answer to {TRIES} questions of {REPLY_S} s")
        return True

    async def say(self, phrase: Phrase) -> Spoken:
        async with self._turn:
            self._hushed = False
            if not 0 < len(phrase.clips) <= self.profile.clips_max:
                return Spoken.NOT_SPOKEN  # a phrase that is cut would be another amount
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    if not await self._quiet():
                        return Spoken.NOT_SPOKEN
                    await self._set_volume(volume_step(phrase, self.profile))
            except (TimeoutError, DeviceTimeout):
                return Spoken.NOT_SPOKEN
            for number, clip in enumerate(phrase.clips):
                played = await self._play(clip)
                if played is Spoken.DONE and self._hushed:
                    return Spoken.UNSURE
                if played is not Spoken.DONE:
                    return Spoken.UNSURE if number else played  # a hole in an amount is another amount: no more
            return Spoken.DONE

    async def hush(self) -> None:
        self._hushed = True
        await self._transport.write(Frame(Command.STOP).to_bytes(), deadline_s=REPLY_S)

    def limit_s(self, phrase: Phrase) -> float:
        each_s = TRIES * REPLY_S + CLIP_SPARE_S + self.profile.gap_ms / 1000
        return START_LIMIT_S + END_SPARE_S + sum(clip.ms / 1000 + each_s for clip in phrase.clips)

    # --- one phrase ---------------------------------------------------------------------------------------

    async def _quiet(self) -> bool:
        """Whether nothing plays; what still plays is let finish. The caller limits the wait."""
        while (status := await self._query(Command.STATUS, Told.STATUS)) is not None:
            if status & 0xFF != 1:
                return True
            await self._listen(_ENDED, REPLY_S)
        return False

    async def _set_volume(self, steps: int) -> None:
        """For every phrase: after a power cut, which nobody may have heard of, it has a volume of its own."""
        await self._send(Frame(Command.VOLUME, steps))
        await asyncio.sleep(BETWEEN_FRAMES_S)

    async def _play(self, clip: Clip) -> Spoken:
        started = await self._start(clip)
        if started is not Spoken.DONE:
            return started
        limit_s = clip.ms / 1000 + CLIP_SPARE_S + self.profile.gap_ms / 1000
        ended = await self._listen((*_ENDED, *_LOST, Told.ERROR), limit_s)
        if ended is None:  # its end was lost, or it hangs: only the module knows
            status = await self._query(Command.STATUS, Told.STATUS)
            return Spoken.DONE if status is not None and status & 0xFF == 0 else Spoken.UNSURE
        if ended.command == Told.ERROR:  # taken first, and the file missed behind it
            return Spoken.NOT_SPOKEN
        return Spoken.DONE if ended.command in _ENDED else Spoken.UNSURE

    async def _start(self, clip: Clip) -> Spoken:
        """DONE means taken. Sent again only when the module said that it did not play; silence may have played."""
        for _ in range(TRIES):
            self._heard.clear()
            try:
                await self._send(Frame(Command.PLAY_MP3, clip.number, ack=True))
            except DeviceTimeout:
                return Spoken.UNSURE
            answer = await self._listen((Told.ACK, Told.ERROR, *_LOST), REPLY_S)
            if answer is None or answer.command in _LOST:
                return Spoken.UNSURE
            if answer.command == Told.ACK:
                return Spoken.DONE
            if answer.value & 0xFF not in _AGAIN:
                return Spoken.NOT_SPOKEN
            await asyncio.sleep(BETWEEN_FRAMES_S)
        return Spoken.NOT_SPOKEN

    # --- frames -------------------------------------------------------------------------------------------

    async def _query(self, command: Command, wanted: Told, tries: int = TRIES, *, ack: bool = False) -> int | None:
        """With ``ack`` an echo of the question is told from its answer: no answer asks for one (L5)."""
        for _ in range(tries):
            await self._forget()
            await self._send(Frame(command, ack=ack))
            answer = await self._listen((wanted,), REPLY_S)
            if answer is not None and answer.ack:
                raise DeviceRefused(ECHO)
            if answer is not None:
                return answer.value
        return None

    async def _send(self, frame: Frame) -> None:
        await self._transport.write(frame.to_bytes(), deadline_s=REPLY_S)

    async def _forget(self) -> None:
        """Late answers belong to nobody."""
        await self._transport.discard_input()
        self._decoder = Decoder()
        self._heard.clear()

    async def _listen(self, wanted: tuple[Told, ...], limit_s: float) -> Frame | None:
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    while self._heard:
                        frame = self._heard.popleft()
                        if frame.command in wanted and not self._told_before(frame):
                            return frame
                    self._hear(await self._transport.read())
        except TimeoutError:
            return None

    def _hear(self, data: bytes) -> None:
        frames = self._decoder.feed(data)
        if frames:
            self._transport.frame_seen()
        self._heard += frames

    def _told_before(self, frame: Frame) -> bool:
        """An end within 200 ms of an end is the same one: no clip is so short."""
        if frame.command not in _ENDED:
            return False
        now_s = asyncio.get_running_loop().time()
        before, self._ended_s = self._ended_s, now_s
        return before >= 0 and now_s - before < SAME_END_S
