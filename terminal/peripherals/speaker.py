"""A speaker of any protocol as the speaker port. Nothing it does changes a result (I11)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from drivers.errors import DeviceError
from drivers.speaker.driver import SpeakerDriver, make_driver
from drivers.speaker.phrase import Phrase, Spoken
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Played, Utterance
from terminal.errors import PeripheralFailed
from terminal.peripherals.clips import entries, phrase_clips
from terminal.peripherals.keeper import Keeper
from terminal.peripherals.loudness import Loudness
from terminal.peripherals.sweep import Sweep, never

_PLAYED: Final = {
    Spoken.DONE: Played.DONE,
    Spoken.NOT_SPOKEN: Played.NOT_PLAYED,
    Spoken.UNSURE: Played.CANNOT_TELL,
}
_AS_USUAL: Final = Loudness()
START_S: Final = 5.0  # a payment proven right after a start waits this long for the speaker's first answer


class TalkingSpeaker:
    """Args:
    phrase: turns an utterance into the words of its language, for chips that read text.
    sweep: when a silent speaker is asked whether it is there; None: never.
    loudness: volume and quiet hours, when nothing is spoken and everything is on the screens as ever.
    """

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: SpeakerProfile,
        phrase: Callable[[Utterance], str],
        sweep: Sweep | None = None,
        loudness: Loudness = _AS_USUAL,
    ) -> None:
        self._profile, self._phrase, self._sweep = profile, phrase, sweep
        self._clock, self._loudness = clock, loudness
        if profile.plays_clips:
            entries()  # read now: the first payment has no time for it
        self.keeper = Keeper("speaker", where, open_, clock, self._serve)

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        health = self.keeper.health()
        if self._loudness.is_quiet(self._clock.wall_ms()):
            return replace(health, detail={**health.detail, "quiet": self._loudness.hours})
        return health

    async def say(self, utterance: Utterance) -> Played:
        """Bounded by the driver, and once more here: a speaker that hangs delays nobody (V1)."""
        if self._sweep:
            self._sweep.used()
        volume = self._loudness.at(self._clock.wall_ms())
        if volume == 0:
            return Played.QUIET
        clips = phrase_clips(utterance) if self._profile.plays_clips else ()
        phrase = Phrase(self._phrase(utterance), clips, volume)
        await self.keeper.tried(START_S)
        try:
            device: SpeakerDriver = self.keeper.device
            async with asyncio.timeout(device.limit_s(phrase)):
                spoken = await device.say(phrase)
        except PeripheralFailed:
            return Played.NOT_PLAYED
        except TimeoutError:
            self.keeper.ill("speaker_no_answer")
            return Played.CANNOT_TELL
        except DeviceError as error:
            self.keeper.failed(error)
            return Played.CANNOT_TELL
        if spoken is Spoken.DONE:
            self.keeper.well()
        else:
            self.keeper.ill("speaker_no_answer")
        return _PLAYED[spoken]

    async def _serve(self, transport: Transport, ready: Callable[[SpeakerDriver], None]) -> None:
        device = make_driver(transport, self._profile)
        self.keeper.detail |= await device.hello()
        self.keeper.detail["model"] = self._profile.title
        self.keeper.well(cannot_tell=not await device.alive())
        ready(device)
        while self._sweep:
            await self._sweep.due()
            if await device.alive():
                self.keeper.well()
        await never()
