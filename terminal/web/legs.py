"""Which legs of a counter carry: its printer, the way out of the house, and each bank, which is asked for it."""

import asyncio
from typing import Final

from terminal.counter.service import Service
from terminal.visit.asking import ask
from terminal.visit.legs import Leg, legs
from terminal.visit.proofs import Heard
from terminal.web.network import has_way_out

ASK_S: Final = 8.0
FRESH_S: Final = 5.0  # banks are asked no oftener, however often somebody looks


class Looking:
    """What the banks said last. One question at a time, also with two people before two screens."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._heard: list[Heard] = []
        self._until_ns = 0
        self._turn = asyncio.Lock()

    async def legs(self, counter: str) -> tuple[Leg, ...]:
        """Within ASK_S. Raises NotFound("counter_unknown")."""
        health = self._service.lane(counter).devices.health().get("printer")
        async with self._turn:
            if self._service.parts.clock.mono_ns() >= self._until_ns:
                ids, channels = self._service.parts.ids, self._service.providers().items()
                asked = (ask(name, provider, ids.ulid(), ASK_S) for name, provider in channels)
                self._heard = list(await asyncio.gather(*asked))
                self._until_ns = self._service.parts.clock.mono_ns() + int(FRESH_S * 1e9)
        return legs(health, has_way_out(), self._heard)
