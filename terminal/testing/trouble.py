"""Faults by the names of the lab, on one virtual counter."""

import asyncio
from typing import TYPE_CHECKING, Final

from terminal.lab.device_faults import Breakage
from terminal.lab.faults import FaultUnknown, Wish, find
from terminal.testing.setup import Fault

if TYPE_CHECKING:
    from terminal.testing.rig import Counter

__tracebackhide__ = True  # a failed test shows its own line
DOWN_S: Final = 1.0  # a killed process is away so long
WAITS_S: Final = 3600.0  # for its moment
Params = dict[str, int | str]


class Trouble:
    """``begun``: every fault that was ever switched on."""

    def __init__(self, counter: "Counter") -> None:
        self._counter = counter
        self._breakage = Breakage(counter.stand)
        self.begun: list[Fault] = []

    def begin(self, fault: Fault) -> None:
        """Raises FaultUnknown."""
        wish = Wish(fault.name, fault.count, fault.seconds, dict(fault.params or {}))
        row = wish.checked()
        if row.layer in ("scenario", "update"):
            raise FaultUnknown(f"{row.slug} is a story of its own: countertop lab run {row.slug}")
        self.begun.append(fault)
        self._counter.story.note("fault", f"{fault} begins")
        self._counter.run(self._begin(row.layer, wish, {**row.params, **wish.params}))

    async def _begin(self, layer: str, wish: Wish, params: Params) -> None:
        world = self._counter.world
        if layer == "provider":
            duration_ms = None if wish.seconds is None else wish.seconds * 1000
            world.bank.set_fault(
                wish.slug, world.bank_clock.wall_ms(), count=wish.count, duration_ms=duration_ms, params=params
            )
            world.bank_worked()
        elif layer == "clock":
            world.clock.jump_wall(int(params["ms"]))
        elif layer == "process":
            self._counter.aside(self._kill(params))
        else:
            await self._breakage.begin(wish.slug, params, seconds=wish.seconds, count=wish.count)

    async def _kill(self, params: Params) -> None:
        """Now, or when a code is before the customer; a little later it is started again."""
        if params["when"] != "now":
            await self._counter.reach(self._shows_code, WAITS_S)
        await self._counter.down(graceful=params["signal"] == "TERM")
        await asyncio.sleep(DOWN_S)
        await self._counter.up()

    def _shows_code(self) -> bool:
        if not self._counter.world.alive:
            return False
        sale = self._counter.lane.current
        return sale is not None and self._counter.code_there(sale)

    def heal(self, name: str = "") -> None:
        """Raises FaultUnknown."""
        if name:
            find(name)
        self._counter.story.note("fault", f"{name or 'everything'} healed")
        self._counter.run(self._heal(name))

    async def _heal(self, name: str) -> None:
        if not name or name in self._breakage.active():
            await self._breakage.mend(name)
        self._counter.world.bank.faults.clear(name)

    def close(self) -> None:
        self._breakage.close()
