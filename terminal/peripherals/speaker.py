"""A talking chip as the speaker port. Nothing it does changes a result (I11)."""

import asyncio
from collections.abc import Callable
from typing import Final

from drivers.errors import DeviceError
from drivers.speaker.driver import END_SPARE_S, START_LIMIT_S, Speaker, Spoken
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Played, Utterance
from terminal.errors import PeripheralFailed
from terminal.peripherals.keeper import Keeper
from terminal.peripherals.sweep import Sweep, never

PIECES_MAX: Final = 4  # 200 bytes each; a phrase of money is one
_PLAYED: Final = {
    Spoken.DONE: Played.DONE,
    Spoken.NOT_SPOKEN: Played.NOT_PLAYED,
    Spoken.UNSURE: Played.CANNOT_TELL,
}


class TalkingSpeaker:
    """Args:
    phrase: turns an utterance into the words of its language.
    sweep: when a silent chip is asked whether it is there; None: never.
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
    ) -> None:
        self._profile, self._phrase, self._sweep = profile, phrase, sweep
        self.keeper = Keeper("speaker", where, open_, clock, self._serve)

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    async def say(self, utterance: Utterance) -> Played:
        """Bounded by the driver, and once more here: a chip that hangs delays nobody (V1)."""
        if self._sweep:
            self._sweep.used()
        text = self._phrase(utterance)
        limit_s = (START_LIMIT_S + END_SPARE_S) * PIECES_MAX + len(text) * 2 * self._profile.seconds_per_character
        try:
            async with asyncio.timeout(limit_s):
                spoken = await self.keeper.device.say(text)
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

    async def _serve(self, transport: Transport, ready: Callable[[Speaker], None]) -> None:
        device = Speaker(transport, self._profile)
        await device.busy()
        self.keeper.detail["model"] = self._profile.title
        self.keeper.well()
        ready(device)
        while self._sweep:
            await self._sweep.due()
            await device.busy()
            self.keeper.well()
        await never()
