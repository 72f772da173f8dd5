"""A talking chip on a transport: one phrase at a time, each sent at most once, every wait limited."""

import asyncio
from collections import deque
from enum import StrEnum
from typing import Final

from drivers.errors import DeviceTimeout
from drivers.speaker import syn6288
from drivers.speaker.profile import SpeakerProfile
from drivers.speaker.syn6288 import Answer
from drivers.transport import Transport

START_LIMIT_S: Final = 2.0  # from a phrase's turn until the chip took it, or it is not spoken
IDLE_LIMIT_S: Final = 1.4  # of these for what still plays, or for a chip that does not answer
ANSWER_S: Final = 0.45
TAKE_S: Final = 0.2  # for the answer to a phrase, beyond its time on the line
END_SPARE_S: Final = 2.0  # beyond the phrase's own length
BETWEEN_FRAMES_S: Final = 0.012  # data sheet: more than 8 ms
TRIES: Final = 3


class Spoken(StrEnum):
    DONE = "done"
    NOT_SPOKEN = "not_spoken"  # certainly silent
    UNSURE = "unsure"  # wholly, partly or not: never say it again


class Speaker:
    def __init__(self, transport: Transport, profile: SpeakerProfile) -> None:
        self._transport, self.profile = transport, profile
        self._turn = asyncio.Lock()  # a new text would interrupt the one being spoken
        self._tags = f"[v{profile.volume}][t{profile.speed}]".encode("ascii")
        self._heard: deque[Answer] = deque(maxlen=64)

    async def say(self, text: str) -> Spoken:
        """Speak a phrase and wait for its end.

        Takes at most ``START_LIMIT_S`` (2 s) plus the phrase's length plus ``END_SPARE_S`` for each 200 bytes,
        after its turn has come.

        Raises:
            DeviceGone: the port closed. It may have spoken.
        """
        async with self._turn:
            outcome = Spoken.NOT_SPOKEN
            for number, piece in enumerate(syn6288.pieces(text, syn6288.TEXT_MAX - len(self._tags))):
                outcome = await self._say_piece(piece)
                if outcome is not Spoken.DONE:
                    return Spoken.UNSURE if number else outcome
            return outcome

    async def busy(self) -> bool:
        """Ask the chip whether it is speaking. Raises DeviceTimeout, DeviceGone."""
        async with self._turn:
            return await self._status() is Answer.SPEAKING

    async def hush(self) -> None:
        """Stop what is being spoken, whoever started it. Raises DeviceTimeout, DeviceGone."""
        await self._transport.write(syn6288.stop(), deadline_s=ANSWER_S)

    async def _say_piece(self, piece: bytes) -> Spoken:
        try:
            async with asyncio.timeout(IDLE_LIMIT_S):
                await self._wait_until_idle()
        except (TimeoutError, DeviceTimeout):
            return Spoken.NOT_SPOKEN
        taken = await self._offer(syn6288.speak(self._tags + piece))
        if taken is not Spoken.DONE:
            return taken
        limit_s = len(piece) * self.profile.seconds_per_character + END_SPARE_S
        ended = await self._listen((Answer.IDLE, Answer.READY), limit_s)
        return Spoken.DONE if ended is Answer.IDLE else Spoken.UNSURE

    async def _wait_until_idle(self) -> None:
        """What still plays is let finish. The caller limits the wait."""
        answer: Answer | None = await self._status()
        if answer is Answer.SPEAKING:
            answer = await self._listen((Answer.IDLE, Answer.READY), IDLE_LIMIT_S)
        if answer is None:
            raise DeviceTimeout("speaker: it never finishes what it is speaking")
        await asyncio.sleep(BETWEEN_FRAMES_S)

    async def _status(self) -> Answer:
        for _ in range(TRIES):
            await self._forget()
            await self._transport.write(syn6288.status(), deadline_s=ANSWER_S)
            answer = await self._listen((Answer.IDLE, Answer.SPEAKING), ANSWER_S)
            if answer is not None:
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
                return Spoken.DONE if answer is Answer.ACCEPTED else Spoken.UNSURE
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
        found = syn6288.answers(data)
        if found:
            self._transport.frame_seen()
        self._heard += found

    async def _forget(self) -> None:
        """Late answers belong to nobody."""
        await self._transport.discard_input()
        self._heard.clear()
