"""Boards that play a list of clips without gaps and tell nothing of themselves: they are asked until they stop."""

import asyncio
from typing import Final

from drivers.errors import DeviceTimeout
from drivers.speaker.jq8900 import Command, Decoder, Frame, Status, combine
from drivers.speaker.phrase import END_SPARE_S, START_LIMIT_S, Phrase, Spoken, volume_step
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import Transport

REPLY_S: Final = 0.45
TRIES: Final = 3
POLL_S: Final = 0.15  # while it plays: 100 to 200 ms
BEGIN_S: Final = 0.6  # until its status must say that it plays
BETWEEN_FRAMES_S: Final = 0.012


class Jq8900:
    def __init__(self, transport: Transport, profile: SpeakerProfile) -> None:
        self._transport, self.profile = transport, profile
        self._turn = asyncio.Lock()

    async def hello(self) -> dict[str, str]:
        async with self._turn:
            await self._status()
        return {}

    async def alive(self) -> bool:
        await self.hello()
        return True

    async def say(self, phrase: Phrase) -> Spoken:
        async with self._turn:
            numbers = [clip.number for clip in phrase.clips]
            if not 0 < len(numbers) <= self.profile.clips_max:
                return Spoken.NOT_SPOKEN  # a list that is cut would be another amount
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    await self._until_stopped()
                    await self._send(Frame(Command.VOLUME, bytes((volume_step(phrase, self.profile),))))
                    await asyncio.sleep(BETWEEN_FRAMES_S)
            except (TimeoutError, DeviceTimeout):
                return Spoken.NOT_SPOKEN
            try:
                await self._send(combine(numbers))
                return await self._follow(phrase)
            except (TimeoutError, DeviceTimeout):
                return Spoken.UNSURE

    async def hush(self) -> None:
        await self._send(Frame(Command.END_COMBINE))
        await asyncio.sleep(BETWEEN_FRAMES_S)
        await self._send(Frame(Command.STOP))

    def limit_s(self, phrase: Phrase) -> float:
        return START_LIMIT_S + self._length_s(phrase) + END_SPARE_S + TRIES * REPLY_S

    def _length_s(self, phrase: Phrase) -> float:
        return sum(clip.ms + self.profile.gap_ms for clip in phrase.clips) / 1000

    async def _follow(self, phrase: Phrase) -> Spoken:
        """Nothing confirms the list: it was said when the board played and then stopped, not too early."""
        loop = asyncio.get_running_loop()
        began_s, least_s = loop.time(), sum(clip.ms for clip in phrase.clips) / 2000
        played = False
        async with asyncio.timeout(self._length_s(phrase) + END_SPARE_S):
            while True:
                await asyncio.sleep(POLL_S)
                status = await self._status()
                gone_s = loop.time() - began_s
                if status is Status.PLAYING:
                    played = True
                elif played:
                    return Spoken.DONE if gone_s >= least_s else Spoken.UNSURE
                elif gone_s >= BEGIN_S:
                    return Spoken.UNSURE  # a clip is missing, or it was over between two questions

    async def _until_stopped(self) -> None:
        """What still plays is let finish. The caller limits the wait."""
        while await self._status() is Status.PLAYING:  # noqa: ASYNC110  # the board tells nothing of itself
            await asyncio.sleep(POLL_S)

    async def _status(self) -> Status:
        for _ in range(TRIES):
            await self._transport.discard_input()
            await self._send(Frame(Command.STATUS))
            status = await self._answer()
            if status is not None:
                return status
        raise DeviceTimeout(f"speaker: no answer to {TRIES} questions of {REPLY_S} s")

    async def _answer(self) -> Status | None:
        decoder = Decoder()
        try:
            async with asyncio.timeout(REPLY_S):
                while True:
                    for frame in decoder.feed(await self._transport.read()):
                        self._transport.frame_seen()
                        if frame.command == Command.STATUS and len(frame.data) == 1 and frame.data[0] in (0, 1, 2):
                            return Status(frame.data[0])
        except TimeoutError:
            return None

    async def _send(self, frame: Frame) -> None:
        await self._transport.write(frame.to_bytes(), deadline_s=REPLY_S)
