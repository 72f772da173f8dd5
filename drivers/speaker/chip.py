"""A chip that reads text aloud: one phrase at a time, each sent at most once, every wait limited."""

import asyncio
from collections import deque
from typing import Final

from drivers.errors import DeviceRefused, DeviceTimeout
from drivers.speaker.chip_codec import ANSWERS, Answer, ChipCodec, answers, pieces
from drivers.speaker.phrase import ECHO, END_SPARE_S, START_LIMIT_S, Phrase, Spoken, volume_step
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import Transport

IDLE_LIMIT_S: Final = 1.4  # of START_LIMIT_S for what still plays, or for a chip that does not answer
ANSWER_S: Final = 0.45
TAKE_S: Final = 0.2  # for the answer to a phrase, beyond its time on the line
BETWEEN_FRAMES_S: Final = 0.012  # data sheet: more than 8 ms
TRIES: Final = 3
PIECE_MAX: Final = 200  # bytes of text at a time, so that a chip that hangs is missed early
PIECES_MAX: Final = 4  # of one phrase; a phrase of money is one
BACK_MAX: Final = 8  # a question has no more bytes
NOISE_MAX: Final = 8  # bytes between a question and its end that no such chip says; with more it is not ours


class TalkingChip:
    def __init__(self, transport: Transport, profile: SpeakerProfile, codec: ChipCodec) -> None:
        self._transport, self.profile, self._codec = transport, profile, codec
        self._turn = asyncio.Lock()  # a new text would interrupt the one being spoken
        self._heard: deque[Answer] = deque(maxlen=64)
        self._strange = 0  # bytes that no such chip says
        self._back = b""  # the first of what came

    async def hello(self) -> dict[str, str]:
        async with self._turn:
            await self._status(strict=True)
        return {}

    async def alive(self) -> bool:
        await self.busy()
        return True

    async def say(self, phrase: Phrase) -> Spoken:
        async with self._turn:
            outcome = Spoken.NOT_SPOKEN
            volume, speed = volume_step(phrase, self.profile), self.profile.speed
            tags = self.profile.tags.format(volume=volume, speed=speed).encode("ascii")
            room = min(self._codec.text_max, PIECE_MAX) - len(tags)
            parts = pieces(phrase.text, room)
            if len(parts) > PIECES_MAX:
                return Spoken.NOT_SPOKEN  # never a part of it that counts as said
            for number, piece in enumerate(parts):
                outcome = await self._say_piece(tags, piece)
                if outcome is not Spoken.DONE:
                    return Spoken.UNSURE if number else outcome
            return outcome

    def limit_s(self, phrase: Phrase) -> float:
        return (START_LIMIT_S + END_SPARE_S) * PIECES_MAX + len(
            phrase.text
        ) * 2 * self.profile.seconds_per_character

    async def busy(self) -> bool:
        """Ask the chip whether it is speaking. Raises DeviceTimeout, DeviceGone."""
        async with self._turn:
            return await self._status() is Answer.SPEAKING

    async def hush(self) -> None:
        await self._transport.write(self._codec.stop(), deadline_s=ANSWER_S)

    async def _say_piece(self, tags: bytes, piece: bytes) -> Spoken:
        try:
            async with asyncio.timeout(IDLE_LIMIT_S):
                await self._wait_until_idle()
        except (TimeoutError, DeviceTimeout):
            return Spoken.NOT_SPOKEN
        taken = await self._offer(self._codec.speak(tags + piece))
        if taken is not Spoken.DONE:
            return taken
        limit_s = len(piece) * self.profile.seconds_per_character + END_SPARE_S
        ended = await self._listen((Answer.IDLE, Answer.READY), limit_s)
        return Spoken.DONE if ended is Answer.IDLE and not self._noisy else Spoken.UNSURE

    @property
    def _noisy(self) -> bool:
        """What came is noise in which every answer stands somewhere: none of them counts."""
        return self._strange > NOISE_MAX

    async def _wait_until_idle(self) -> None:
        """What still plays is let finish. The caller limits the wait."""
        answer: Answer | None = await self._status()
        if answer is Answer.SPEAKING:
            answer = await self._listen((Answer.IDLE, Answer.READY), IDLE_LIMIT_S)
        if answer is None:
            raise DeviceTimeout("speaker: it never finishes what it is speaking")
        await asyncio.sleep(BETWEEN_FRAMES_S)

    async def _status(self, *, strict: bool = False) -> Answer:
        """``strict``: whoever says anything else too is another device."""
        for _ in range(TRIES):
            await self._forget()
            await self._transport.write(self._codec.status(), deadline_s=ANSWER_S)
            answer = await self._listen((Answer.IDLE, Answer.SPEAKING), ANSWER_S)
            if strict and self._back.startswith(self._codec.status()):
                raise DeviceRefused(ECHO)
            if answer is not None and self._strange <= (0 if strict else NOISE_MAX):
                return answer
        raise DeviceTimeout(f"speaker: no answer to {TRIES} questions of {ANSWER_S} s")

    async def _offer(self, frame: bytes) -> Spoken:
        """Send the phrase; DONE means taken. From its first byte on only a clear no means silence."""
        limit_s = len(frame) * 10 / self._transport.baud + TAKE_S
        for _ in range(TRIES):
            await self._forget()
            try:
                await self._transport.write(frame, deadline_s=ANSWER_S)
            except DeviceTimeout:
                return Spoken.UNSURE
            answer = await self._listen((Answer.ACCEPTED, Answer.BAD_FRAME, Answer.READY), limit_s)
            if answer is not Answer.BAD_FRAME:
                return Spoken.DONE if answer is Answer.ACCEPTED and not self._noisy else Spoken.UNSURE
            await asyncio.sleep(BETWEEN_FRAMES_S)
        return Spoken.NOT_SPOKEN

    async def _listen(self, wanted: tuple[Answer, ...], limit_s: float) -> Answer | None:
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    while self._heard:
                        answer = self._heard.popleft()
                        if answer in wanted:
                            return answer
                    self._hear(await self._transport.read())
        except TimeoutError:
            return None

    def _hear(self, data: bytes) -> None:
        found = answers(data)
        self._strange += sum(byte not in ANSWERS for byte in data)
        self._back = (self._back + data)[:BACK_MAX]
        if found and not self._noisy:
            self._transport.frame_seen()
        self._heard += found

    async def _forget(self) -> None:
        """Late answers belong to nobody."""
        await self._transport.discard_input()
        self._heard.clear()
        self._strange, self._back = 0, b""
