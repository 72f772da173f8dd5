"""Plays the troubles of a swarm: at the bank, on the line, to the process, the clock and the devices."""

import asyncio
import errno
from collections.abc import Callable, Sequence
from typing import Final

from terminal.chance import Chance
from terminal.sandbox.any_bank import FAULTS as ACCOUNT_FAULTS
from terminal.sandbox.faults import ROWS
from terminal.simulation.models import Props
from terminal.simulation.swarm import LINE, PROCESS, Swarm
from terminal.simulation.trace import Trace
from terminal.simulation.world import Gone, Killed, World

VARIANTS: Final = {
    "malformed-answer": ("html", "empty", "truncated", "duplicate-key", "list"),
    "bad-signature": ("flipped", "missing", "unknown-serial", "stale", "signtest"),
    "notify-bad-signature": ("flipped", "missing", "unknown-serial", "stale", "signtest"),
    "forged-notification": ("leaked-apiv3", "stranger"),
}
CALLS: Final = ("native", "codepay", "query", "close", "reverse", "refund", "refund-query")
FAULT_LASTS_MS: Final = 60_000
ARMED_S: Final = 30.0


class Trouble:
    def __init__(self, world: World, swarm: Swarm, trace: Trace, models: Sequence[Props]) -> None:
        self._world, self._swarm, self._trace, self._models = world, swarm, trace, models
        self._chance = Chance(world.seed).split("trouble")
        self.turn = asyncio.Lock()  # held while one process ends and the next begins
        for name in ACCOUNT_FAULTS if world.account is not None else ():
            if swarm.rate(name):
                assert world.account is not None
                world.account.break_it(name)
        for name in LINE:
            for line in world.lines:
                setattr(line.faults, name, swarm.rate(f"line {name}"))

    async def play(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as all_kinds:
            all_kinds.create_task(asyncio.Event().wait())
            all_kinds.create_task(self._at_the_bank())
            if any(kind in self._swarm.rates for kind in PROCESS):
                all_kinds.create_task(self._to_the_process())
            if self._swarm.rate("clock"):
                all_kinds.create_task(self._to_the_clock())
            if self._models:
                all_kinds.create_task(self._to_the_devices())

    def heal(self) -> None:
        self._world.bank.faults.clear()
        for line in self._world.lines:
            line.faults.heal()
        self._world.at_point = lambda _point: None
        for model in self._models:
            model.heal()

    async def keep_alive(self) -> None:
        """Start until a start holds: it may be killed itself."""
        while not self._world.alive:
            try:
                await self._world.start()
            except Gone:
                self._trace.note("died while starting")

    # --- the bank ---------------------------------------------------------------------------------------

    async def _at_the_bank(self) -> None:
        chance, bank = self._chance.split("bank"), self._world.bank
        kinds = self._swarm.on("bank ")
        while kinds:
            await asyncio.sleep(chance.between(500, 4000) / 1000)
            kind = chance.choice(kinds)
            slug = kind.removeprefix("bank ")
            if chance.below(1000) >= 2 * self._swarm.rate(kind):
                continue
            params: dict[str, int | str] = {}
            if slug in VARIANTS:
                params["variant"] = chance.choice(VARIANTS[slug])
            if "call" in ROWS[slug].params and slug not in {
                "not-found-lag",
                "reverse-refused-paying",
                "pay-queued",
            }:
                params["call"] = chance.choice((*CALLS, ROWS[slug].params["call"]))
            if slug in {"wrong-amount", "notify-wrong-amount"}:
                params["by"] = chance.choice((-1, 1, 100))
            now_ms = self._world.bank_clock.wall_ms()
            bank.set_fault(slug, now_ms, count=chance.between(1, 3), duration_ms=FAULT_LASTS_MS, params=params)
            self._world.bank_worked()

    # --- the process ------------------------------------------------------------------------------------

    async def _to_the_process(self) -> None:
        chance = self._chance.split("process")
        kinds = [kind for kind in PROCESS if kind in self._swarm.rates]
        while True:
            await asyncio.sleep(chance.between(5_000, 350_000) / 1000 / self._swarm.haste)
            kind = chance.choice(kinds)
            self._trace.note(f"trouble: {kind}")
            self._trace.count(kind)
            async with self.turn:
                await self._end(kind, chance)
                await asyncio.sleep(chance.choice((0, 0, 200, 3000, 20_000)) / 1000)
                await self.keep_alive()
                self._world.at_point = lambda _point: None

    async def _end(self, kind: str, chance: Chance) -> None:
        match kind:
            case "kill":
                for _ in range(chance.between(0, 12)):
                    await asyncio.sleep(0)
                await self._crash()
            case "restart":
                await self._world.stop()
            case "kill_while_starting":
                await self._world.crash()
                self._arm(chance.choice(("before_commit", "after_commit")), chance.between(1, 6), Killed())
            case "disk_error":
                error = OSError(chance.choice((errno.EIO, errno.ENOSPC)), "simulated")
                await self._armed(chance.choice(("before_commit", "after_commit")), chance.between(1, 12), error)
            case _:
                await self._armed(kind.removeprefix("kill_"), chance.between(1, 12), Killed())

    def _arm(self, point: str, count: int, error: BaseException) -> asyncio.Event:
        """Raise at the ``count``-th passing of the point."""
        fired = asyncio.Event()
        left = count

        def at_point(passed: str) -> None:
            nonlocal left
            left -= passed == point
            if left == 0 and passed == point:
                self._world.at_point = lambda _point: None
                fired.set()
                raise error

        self._world.at_point = at_point
        return fired

    def _arm_disk(self, count: int) -> asyncio.Event:
        """The power goes in the middle of a commit: before the ``count``-th write or sync from now."""
        fired, disk, left = asyncio.Event(), self._world.disk, count
        assert disk is not None

        def at_write() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                disk.dead = True
                fired.set()
                raise Killed

        disk.at_write = at_write
        return fired

    async def _armed(self, point: str, count: int, error: BaseException) -> None:
        fired = self._arm_disk(count) if self._swarm.power else self._arm(point, count, error)
        try:
            async with asyncio.timeout(ARMED_S):
                await fired.wait()
        except TimeoutError:
            self._world.at_point = lambda _point: None
        await self._crash()

    async def _crash(self) -> None:
        if self._swarm.power:
            self._trace.count("power_cut")
            self._trace.count(
                f"power_cut with {'some' if await self._world.cut_power() else 'no'} writes on their way"
            )
        else:
            await self._world.crash()

    # --- the rest ---------------------------------------------------------------------------------------

    async def _to_the_clock(self) -> None:
        """Somebody sets the clock wrong, and after a while right again."""
        chance = self._chance.split("clock")
        while True:
            await asyncio.sleep(chance.between(10_000, 120_000) / 1000)
            by_ms = chance.choice((1, 30, 90, 3600, 86_400, 3650 * 86_400)) * 1000 * chance.choice((1, -1))
            self._trace.count("clock")
            self._world.clock.jump_wall(by_ms)
            await asyncio.sleep(chance.between(1_000, 40_000) / 1000)
            self._world.clock.jump_wall(-by_ms)

    async def _to_the_devices(self) -> None:
        chance = self._chance.split("devices")
        kinds = [kind for kind in ("unplug", "paper", "mute") if kind in self._swarm.rates]
        while kinds:
            await asyncio.sleep(chance.between(3_000, 30_000) / 1000)
            model, kind = chance.choice(self._models), chance.choice(kinds)
            self._trace.count(kind)
            await self._device(model, kind, chance)

    async def _device(self, model: Props, kind: str, chance: Chance) -> None:
        mend: Callable[[], None]
        if kind == "unplug":
            model.unplug()
            mend = model.replug
        elif kind == "paper":
            model.take_paper(midway=chance.below(2) == 1)
            mend = model.refill
        else:
            model.mute(speaker=chance.below(2) == 1, printer=chance.below(2) == 1)
            mend = model.heal
        await asyncio.sleep(chance.between(1_000, 30_000) / 1000)
        mend()
