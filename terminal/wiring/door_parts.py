"""What the opener of a door is handed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from terminal.counter.ports import Clock, Entropy
from terminal.pos.desk import Desk
from terminal.settings import Loaded
from terminal.settlement.business_day import ShopTime


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What a door is built from: its name in the settings and the desk it may use."""

    name: str
    desk: Desk
    loaded: Loaded
    clock: Clock
    entropy: Entropy


Opener = Callable[[AsyncExitStack, DoorParts], Awaitable[str]]
"""Answers until the stack closes; returns where. Raises BadSettings."""


async def keep_with(
    stack: AsyncExitStack, parts: DoorParts, what: str, job: Callable[[], Awaitable[None]]
) -> None:
    """Run a door's own job from when the service is ready until it ends, again after a failure."""

    async def begin() -> None:
        await parts.desk.until_ready()
        parts.desk.keep(what, job)

    beginning = asyncio.create_task(begin(), name=f"door {parts.name}")

    async def end() -> None:
        beginning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beginning

    stack.push_async_callback(end)


def day_begins_ms(parts: DoorParts) -> "DayBegins":
    shop = parts.loaded.settings.shop
    return DayBegins(ShopTime.of(shop.zone, shop.cut_off))


class DayBegins:
    """When the shop's day that holds a wall time began, UTC milliseconds."""

    def __init__(self, shop: ShopTime) -> None:
        self.shop = shop

    def __call__(self, wall_ms: int) -> int:
        return self.shop.bounds(self.shop.business_day(wall_ms))[0]
