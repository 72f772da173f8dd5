"""A talking chip as the speaker port. Nothing it does changes a result (I11)."""

import asyncio
from collections.abc import Callable
from typing import Final

from drivers.errors import DeviceError
from drivers.speaker.driver import Speaker, Spoken
from drivers.speaker.profile import SpeakerProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Played, Utterance
from terminal.errors import PeripheralFailed
from terminal.peripherals.keeper import Keeper

_PLAYED: Final = {
    Spoken.DONE: Played.DONE,
    Spoken.NOT_SPOKEN: Played.NOT_PLAYED,
    Spoken.UNSURE: Played.CANNOT_TELL,
}


class TalkingSpeaker:
    """``phrase`` turns an utterance into the words of its language."""

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: SpeakerProfile,
        phrase: Callable[[Utterance], str],
        sweep_s: float | None = 60.0,
    ) -> None:
        self._profile, self._phrase, self._sweep_s = profile, phrase, sweep_s
        self.keeper = Keeper("speaker", where, open_, clock, greet=self._greet, watch=self._watch)

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    async def say(self, utterance: Utterance) -> Played:
        try:
            spoken = await self.keeper.device.say(self._phrase(utterance))
        except PeripheralFailed:
            return Played.NOT_PLAYED
        except DeviceError as error:
            self.keeper.failed(error)
            return Played.CANNOT_TELL
        if spoken is Spoken.DONE:
            self.keeper.well()
        else:
            self.keeper.ill("speaker_no_answer")
        return _PLAYED[spoken]

    async def _greet(self, transport: Transport) -> Speaker:
        device = Speaker(transport, self._profile)
        self.keeper.detail["model"] = self._profile.name
        await device.busy()
        return device

    async def _watch(self, device: Speaker) -> None:
        while True:
            await asyncio.sleep(self._sweep_s or 3600.0)
            if self._sweep_s:
                await device.busy()
                self.keeper.well()
