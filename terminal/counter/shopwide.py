"""What belongs to no counter: the shop's journal and clock, and how all counters' screens hear of a change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock, Provider
from terminal.counter.settings import House
from terminal.payments.event import Actor, NewEvent


@dataclass(frozen=True, slots=True)
class Shopwide:
    """``tell``: every counter's screens read again what they show of the shop."""

    house: House
    feed: Feed
    clock: Clock
    providers: Mapping[str, Provider]
    tell: Callable[[], None]

    @property
    def stream(self) -> str:
        return f"store:{self.house.store}"

    async def put_on_record(self, kind: str, subject: str, actor: Actor, body: Mapping[str, Any]) -> None:
        """One event of the shop's own stream, durable on return. Raises as ``Journal.append``."""
        await self.feed.append([NewEvent(self.stream, kind, subject, actor, body)])
