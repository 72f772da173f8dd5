"""This computer's own sound output: a phrase's clips become one WAV file, played once, in bounded time (V1).

The pipe is ``drivers/audio_port.py``: it takes a whole WAV file and answers with one byte, its player's status.
"""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Final

from drivers.errors import DeviceRefused, DeviceTimeout
from drivers.speaker import wav
from drivers.speaker.phrase import END_SPARE_S, Clip, Phrase, Spoken, volume_step
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import Transport

PLAYED: Final = 0
KEEP: Final = 128  # sounds read once and kept, some 6 KB each


class AudioOutput:
    """``spare_s``: what a player may take beyond the sound's own length."""

    def __init__(self, transport: Transport, profile: SpeakerProfile, *, spare_s: float = END_SPARE_S) -> None:
        self._transport, self.profile, self._spare_s = transport, profile, spare_s
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[str, wav.Sound] = OrderedDict()

    async def hello(self) -> dict[str, str]:
        """A sound output is not asked: hearing it is the proof."""
        return {"output": self._transport.name}

    async def alive(self) -> bool:
        return False

    async def say(self, phrase: Phrase) -> Spoken:
        """Raises DeviceRefused: the player ended in error (its sound card is missing or in use)."""
        async with self._turn:
            if not 0 < len(phrase.clips) <= self.profile.clips_max:
                return Spoken.NOT_SPOKEN
            try:
                sound = wav.together(
                    [self._sound(clip) for clip in phrase.clips], volume_step(phrase, self.profile)
                )
            except (OSError, ValueError):
                return Spoken.NOT_SPOKEN  # a clip is missing: nothing is said rather than another amount
            return await self._play(wav.write(sound), len(sound.samples) / sound.rate + self._spare_s)

    async def hush(self) -> None:
        await self._transport.write(b"")

    def limit_s(self, phrase: Phrase) -> float:
        return sum(clip.ms + wav.GAP_MS for clip in phrase.clips) / 1000 + 2 * self._spare_s

    async def _play(self, file: bytes, limit_s: float) -> Spoken:
        await self._transport.discard_input()
        try:
            async with asyncio.timeout(limit_s):
                await self._transport.write(file, deadline_s=limit_s)
                status = await self._transport.read()
        except (TimeoutError, DeviceTimeout):
            return Spoken.UNSURE
        self._transport.frame_seen()
        if status[0] != PLAYED:
            raise DeviceRefused(f"speaker: the player of {self._transport.name} ended with status {status[0]}")
        return Spoken.DONE

    def _sound(self, clip: Clip) -> wav.Sound:
        if clip.file not in self._kept:
            self._kept[clip.file] = wav.read(Path(clip.file).read_bytes())
            while len(self._kept) > KEEP:
                self._kept.popitem(last=False)
        return self._kept[clip.file]
