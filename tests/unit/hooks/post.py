"""A shop that delivers webhooks on virtual time: a real journal, a post that does what a story says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from terminal.chance import Chance
from terminal.counter.feed import Feed
from terminal.counter.tasks import Tasks
from terminal.hooks.address import Target
from terminal.hooks.delivery import Delivery, Outcome
from terminal.hooks.desk import HookParts, Hooks, Wanted
from terminal.hooks.limits import HookLimits, hook_limits
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Event, Ledger, NewEvent
from terminal.people.second_step import Sealer
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds

KEYS: Final = JournalKeys.make(Chance("keys"))
OWNER: Final = Actor("person", "owner")
URL: Final = "https://pos.example/hooks"
TAKEN: Final = Outcome(True, status=200)
DEAD: Final = Outcome(False, why="unreachable")
HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Arrived:
    at_s: float
    url: str
    id: str
    number: int
    headers: dict[str, str]
    body: bytes


class Post:
    """``answers`` decides every delivery; what came is noted."""

    def __init__(self, answers: Callable[[Arrived], Outcome] = lambda _came: TAKEN) -> None:
        self.answers = answers
        self.came: list[Arrived] = []
        self.taken: list[Arrived] = []

    async def send(self, target: Target, delivery: Delivery) -> Outcome:
        await asyncio.sleep(0.01)
        headers = dict(delivery.headers)
        number = msgspec.json.decode(delivery.body)["number"]
        now_s = asyncio.get_running_loop().time()
        came = Arrived(now_s, target.url, headers["webhook-id"], number, headers, delivery.body)
        self.came.append(came)
        outcome = self.answers(came)
        if outcome.taken:
            self.taken.append(came)
        return outcome

    @property
    def numbers(self) -> list[int]:
        """What was taken, by number."""
        return [each.number for each in self.taken]


def shape(event: Event) -> bytes | None:
    public = event.stream.startswith(("counter:", "store:"))
    return msgspec.json.encode({"number": event.number, "type": event.type}) if public else None


class House:
    """Opened as often as a story needs; ``crash`` leaves what is durable and no more."""

    hooks: Hooks

    def __init__(self, folder: Path, post: Post | None = None, **limits: object) -> None:
        self.folder, self.post = folder, post or Post()
        told = {**msgspec.to_builtins(hook_limits()), **limits}
        self.limits = msgspec.convert(told, HookLimits)
        self.clock, self.entropy = VirtualClock(), VirtualEntropy(1)
        self.ids = VirtualIds(self.clock, 1)
        self.allow: frozenset[str] = frozenset()
        self._group: asyncio.Task[None]

    def open(self) -> None:
        self.journal = SqliteJournal.open(
            self.folder / "journal.db", identity=Identity("m-1", "s-1", Ledger.TEST), clock=self.clock,
            entropy=self.entropy, keys=KEYS, inline=True,
        )  # fmt: skip
        self.feed = Feed(self.journal)
        machine = self.clock, self.entropy, self.ids
        seal = Sealer(bytes(32), self.entropy)
        parts = HookParts("s-1", self.feed, *machine, seal, shape, self.post, self.allow, self.limits)
        self.hooks = Hooks(parts)
        self._group = asyncio.create_task(self._live())

    async def _live(self) -> None:
        tasks = Tasks()
        async with asyncio.TaskGroup() as group:
            tasks.within(group)
            self.hooks.start(tasks)
            await asyncio.Event().wait()

    async def _end(self) -> None:
        self._group.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._group

    async def crash(self) -> None:
        await self._end()
        self.journal.abandon()

    async def close(self) -> None:
        await self._end()
        await self.hooks.close()
        await self.journal.close()

    async def add(self, url: str = URL, **wanted: tuple[str, ...]) -> str:
        hook, _ = await self.hooks.add(Wanted("till", url, **wanted), actor=OWNER)
        return hook.id

    async def happen(self, count: int = 1, *, kind: str = "sale_moved", stream: str = "counter:1") -> list[int]:
        """Events of a counter; their numbers."""
        actor = Actor("system", "test")
        made = [await self.feed.append([NewEvent(stream, kind, "sale-1", actor, {"n": n})]) for n in range(count)]
        return [each.number for [each] in made]

    def types(self) -> list[str]:
        """Every event's type so far."""
        return [each.type for each in self.journal.after(0, limit=256)]


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[House]:
    await asyncio.sleep(0)
    house.open()
    try:
        yield house
    finally:
        await house.close()
