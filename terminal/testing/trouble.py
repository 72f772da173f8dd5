"""Faults by the names of the lab, on one virtual counter."""

from collections.abc import Callable, Coroutine
from typing import Any

from terminal.lab.device_faults import Breakage
from terminal.lab.faults import FaultUnknown, Wish, find
from terminal.lab.stand import Stand
from terminal.simulation.world import World
from terminal.testing.setup import Fault
from terminal.testing.story import Story
from terminal.testing.turns import Turns

__tracebackhide__ = True  # a failed test shows its own line
Params = dict[str, int | str]
Kill = Callable[[Params], Coroutine[Any, Any, None]]


class Trouble:
    """``begun``: every fault that was ever switched on. ``kill``: how the service ends and comes back."""

    def __init__(self, turns: Turns, world: World, stand: Stand, *, story: Story, kill: Kill) -> None:
        self._turns, self._world, self._story, self._kill = turns, world, story, kill
        self._breakage = Breakage(stand)
        self.begun: list[Fault] = []

    def begin(self, fault: Fault) -> None:
        """Raises FaultUnknown."""
        wish = Wish(fault.name, fault.count, fault.seconds, dict(fault.params or {}))
        row = wish.checked()
        if row.layer in ("scenario", "update"):
            raise FaultUnknown(f"{row.slug} is a story of its own: countertop lab run {row.slug}")
        self.begun.append(fault)
        self._story.note("fault", f"{fault} begins")
        self._turns.run(self._begin(row.layer, wish, {**row.params, **wish.params}))

    async def _begin(self, layer: str, wish: Wish, params: Params) -> None:
        world = self._world
        if layer == "provider":
            duration_ms = None if wish.seconds is None else wish.seconds * 1000
            world.bank.set_fault(
                wish.slug, world.bank_clock.wall_ms(), count=wish.count, duration_ms=duration_ms, params=params
            )
            world.bank_worked()
        elif layer == "clock":
            world.clock.jump_wall(int(params["ms"]))
        elif layer == "process":
            self._turns.aside(self._kill(params))
        else:
            await self._breakage.begin(wish.slug, params, seconds=wish.seconds, count=wish.count)

    def heal(self, name: str = "") -> None:
        """Raises FaultUnknown."""
        if name:
            find(name)
        self._story.note("fault", f"{name or 'everything'} healed")
        self._turns.run(self._heal(name))

    async def _heal(self, name: str) -> None:
        if not name or name in self._breakage.active():
            await self._breakage.mend(name)
        self._world.bank.faults.clear(name)

    def close(self) -> None:
        self._breakage.close()
