"""Training at a real machine: its till and devices, a bank of its own, and a journal of its own (row 102).

Beside the real service runs a second one whose only channels are the simulated bank's, in a folder of its own:
what is practised cannot come into the shop's journal, reports or events. It is started when somebody begins and
stopped when the last counter ends. A counter either sells or trains; what was under way at real banks is resolved
meanwhile.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from terminal.counter.lane import Away
from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.errors import Conflict, TerminalError, Unavailable
from terminal.payments.event import Actor, NewEvent
from terminal.people.service import People
from terminal.peripherals.shared import Shared
from terminal.settings import Loaded

if TYPE_CHECKING:
    from terminal.wiring.practice import World

END_S: Final = 5.0
LINGER_S: Final = 10.0  # its pages are told where to go before they lose their service
ON: Final = "training_on"
OFF: Final = "training_off"
_SYSTEM: Final = Actor("system", "training")


class Training:
    """``live_url`` is told when the pages' address is known; ``shared``: every counter's devices."""

    def __init__(
        self,
        loaded: Loaded,
        live: Service,
        people: People,
        shared: Mapping[str, Shared],
        machine: tuple[Clock, Entropy, Ids],
        pepper: bytes,
    ) -> None:
        self._loaded, self._live, self._people = loaded, live, people
        self._shared, self._machine, self._pepper = shared, machine, pepper
        self._stream = f"store:{live.house.store}"
        self._turn = asyncio.Lock()
        self.world: World | None = None
        self.live_url = ""
        self.linger_s = LINGER_S
        self._closing: asyncio.Task[None] | None = None

    @property
    def _back(self) -> Away:
        """To the shop's pages; in the fragment the port for a page that came by the door for phones."""
        listen = self._loaded.settings.listen
        return Away(OFF, f"{self.live_url}#{listen.lan_port}" if listen.lan else self.live_url)

    def on(self, counter: str) -> bool:
        return self._shared[self._live.lane(counter).id].lent

    async def recover(self) -> None:
        """A process that ended while somebody trained: the counter sells again, and the journal says so."""
        for counter in self._live.lanes:
            events = self._live.feed.of_subject(_subject(counter))
            if events and events[-1].type == "training_begun":
                await self._ended(counter, _SYSTEM, "restart")

    async def begin(self, counter: str, actor: Actor) -> str:
        """Practice at this counter from now on; returns the address of its pages.

        Raises:
            Conflict("sale_live"): finish or park it first; Unavailable("training_unusable"): with what was wrong.
        """
        lane = self._live.lane(counter)
        async with self._turn, lane.turn:
            await self._bury()
            if self._shared[lane.id].lent:
                assert self.world is not None, "a counter trains without a world"
                return self.world.url
            if lane.current is not None:
                raise Conflict("sale_live", sale=lane.current)
            await self._close_no_more()
            if self.world is None:
                self.world = await self._open()
            body: dict[str, Any] = {"counter": lane.id}
            begun = NewEvent(self._stream, "training_begun", _subject(lane.id), actor, body)
            await self._live.feed.append([begun])
            self._lend(lane.id, self.world, lent=True)
            return self.world.url

    async def end(self, counter: str, actor: Actor, why: str = "ended") -> None:
        """The counter sells again. What was being practised is cancelled."""
        lane = self._live.lane(counter)
        async with self._turn:
            world = self.world
            if world is None or not self._shared[lane.id].lent:
                return
            practised = world.service.lane(lane.id)
            with suppress(TimeoutError):  # a sale that is just being opened is open, or refused, after this
                async with asyncio.timeout(END_S), practised.turn:
                    practised.away = self._back
            practised.away = self._back
            # whatever of it does not end, or cannot: it stays in its own journal, and the counter sells again.
            # No lesson begins any more; one that waits for its turn has it before this
            with suppress(TerminalError, TimeoutError):
                async with asyncio.timeout(END_S):
                    await world.classroom.lessons.leave(lane.id)
            if practised.current is not None:
                with suppress(TerminalError, TimeoutError):
                    async with asyncio.timeout(END_S):
                        await world.service.checkout.cancel(practised.current, why="training", actor=actor)
            self._lend(lane.id, world, lent=False)
            await self._ended(lane.id, actor, why)
            if not any(each.lent for each in self._shared.values()):
                self._closing = asyncio.create_task(self._close_later(), name="training ends")

    async def _bury(self) -> None:
        """Practice that broke is over for every counter; what begins now has another."""
        if self.world is None or not self.world.life.done():
            return
        for name, shared in self._shared.items():
            if shared.lent:
                await self._ended(name, _SYSTEM, "broken")
        await self.close()

    async def _close_later(self) -> None:
        await asyncio.sleep(self.linger_s)
        async with self._turn:
            if not any(each.lent for each in self._shared.values()):
                await self.close()

    async def stop(self) -> None:
        """The service stops: practice with it, once what is being opened or closed now is so."""
        taken = False
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                taken = await self._turn.acquire()
        try:
            await self._close_no_more()
            await self.close()
        finally:
            if taken:
                self._turn.release()

    async def _close_no_more(self) -> None:
        """With our turn taken it sleeps or waits for the turn: nothing is half closed."""
        closing, self._closing = self._closing, None
        if closing is not None:
            closing.cancel()
            await asyncio.wait({closing})

    async def close(self) -> None:
        world, self.world = self.world, None
        if world is not None:
            for name, shared in self._shared.items():
                if shared.lent:
                    self._lend(name, world, lent=False)
            await world.stack.aclose()

    def _lend(self, counter: str, world: "World", *, lent: bool) -> None:
        live, practised = self._live.lane(counter), world.service.lane(counter)
        live.away = Away(ON, world.url) if lent else Away()
        practised.away = Away() if lent else self._back
        self._shared[counter].lend(lent)
        live.on_change()
        practised.on_change()

    async def _ended(self, counter: str, actor: Actor, why: str) -> None:
        body: dict[str, Any] = {"counter": counter, "why": why}
        await self._live.feed.append([NewEvent(self._stream, "training_ended", _subject(counter), actor, body)])

    async def _open(self) -> "World":
        from terminal.wiring.practice import (  # a bank's whole wire protocol: only who practises needs it
            Shop,
            open_world,
        )

        shop = Shop(self._loaded, self._live, self._people, self._shared, self._machine, self._pepper)
        try:
            return await open_world(shop, self, self._back)
        except OSError as error:
            raise Unavailable("training_unusable", why=error.strerror or type(error).__name__) from None


def _subject(counter: str) -> str:
    return f"training:{counter}"
