"""Outgoing webhooks: who wants which events where, what was never taken, and who delivers (rows 90, S18, S19)."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.tasks import Tasks
from terminal.errors import BadSettings, Conflict, InvalidRequest, NotFound, TerminalError
from terminal.hooks import letters
from terminal.hooks.address import target_of
from terminal.hooks.courier import Courier, Shape
from terminal.hooks.delivery import Outcome, Sender, delivery_of
from terminal.hooks.endpoint import Endpoint
from terminal.hooks.letters import Letter
from terminal.hooks.limits import HookLimits, hook_limits
from terminal.hooks.register import Claims, Register, Still
from terminal.hooks.signature import secret_text
from terminal.payments.event import Actor, Event

OVERLAP_H_MAX: Final = 30 * 24
MakeClaims = Callable[[str], Claims]  # the new id -> names taken for ever


class Seal(Protocol):
    def seal(self, subject: str, secret: bytes) -> str: ...
    def open(self, subject: str, sealed: str) -> bytes:
        """Raises BadSettings: sealed under another key, for something else, or altered."""
        ...


class Nowhere:
    """A sender that reaches nobody: of a house whose webhooks were never started."""

    async def send(self, target: object, delivery: object) -> Outcome:
        del target, delivery
        return Outcome(False, why="unreachable")


@dataclass(frozen=True, slots=True)
class HookParts:
    """What the desk needs. ``allow``: hosts inside the shop that the settings name."""

    store: str
    feed: Feed
    clock: Clock
    entropy: Entropy
    ids: Ids
    seal: Seal
    shape: Shape
    sender: Sender
    allow: frozenset[str] = frozenset()
    limits: HookLimits | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of an endpoint."""

    label: str
    url: str
    events: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()


class Hooks:
    """Use cases of webhooks. Nothing is delivered before ``start``."""

    def __init__(self, parts: HookParts) -> None:
        self._parts = parts
        self.feed, self.clock, self.shape = parts.feed, parts.clock, parts.shape
        self.limits = parts.limits or hook_limits()
        self.register = Register(parts.store, parts.feed)
        self._couriers: dict[str, Courier] = {}
        self._tasks: Tasks | None = None
        self._follows = False

    # --- endpoints ---

    def all(self) -> list[Endpoint]:
        return self.register.all()

    def failing(self) -> list[Endpoint]:
        """What a person must know of: endpoints that take nothing, or want nothing any more."""
        return [each for each in self.all() if each.trouble]

    async def add(self, wanted: Wanted, *, actor: Actor, claims: MakeClaims | None = None) -> tuple[Endpoint, str]:
        """A new endpoint that hears of everything from now on, and its secret, told once.

        Raises:
            InvalidRequest: as ``target_of``; Conflict: ``hooks_full``.
        """
        self._check(wanted)
        if len(self.all()) >= self.limits.endpoints:
            raise Conflict("hooks_full", limit=self.limits.endpoints)
        hook = self._parts.ids.ulid()
        secret = self._parts.entropy.bytes(self.limits.secret_bytes)
        made = await self.register.record(
            "hook_added", hook, actor, (), claims(hook) if claims else (), label=wanted.label, url=wanted.url,
            events=[*wanted.events], counters=[*wanted.counters], secret=self._parts.seal.seal(hook, secret),
            position=self.feed.published,
        )  # fmt: skip
        self._begin(made.id)
        return made, secret_text(secret)

    async def change(self, hook: str, wanted: Wanted, *, on: bool, version: int | None, actor: Actor) -> Endpoint:
        """Say anew what it wants. One that is switched on hears from now on.

        Raises:
            NotFound: ``hook_unknown``; Conflict: ``version_moved``; InvalidRequest: as ``add``.
        """
        found = self._at(hook, version)
        self._check(wanted)
        stays = on and found.state == "on"
        changed = await self.register.record(
            "hook_changed", hook, actor, (), (), _at_version(version), label=wanted.label, url=wanted.url,
            events=[*wanted.events], counters=[*wanted.counters], state="on" if on else "off",
            position=0 if stays else self.feed.published,
        )  # fmt: skip
        self._tell(hook)
        return changed

    async def rotate(
        self, hook: str, *, overlap_h: int, version: int | None, actor: Actor
    ) -> tuple[Endpoint, str]:
        """Another secret, told once; for ``overlap_h`` hours the old one signs beside it. Raises as ``change``."""
        self._at(hook, version)
        if not 0 <= overlap_h <= OVERLAP_H_MAX:
            raise InvalidRequest("field_wrong", field="overlap_h")
        secret = self._parts.entropy.bytes(self.limits.secret_bytes)
        until_ms = self.clock.wall_ms() + overlap_h * 3_600_000
        sealed = self._parts.seal.seal(hook, secret)
        changed = await self.register.record(
            "hook_rotated", hook, actor, (), (), _at_version(version), secret=sealed, old_until_ms=until_ms
        )
        self._tell(hook)
        return changed, secret_text(secret)

    async def remove(self, hook: str, *, version: int | None, actor: Actor) -> None:
        """With its letters. Raises NotFound("hook_unknown"), Conflict("version_moved")."""
        self._at(hook, version)
        gone = [
            letters.dropped(self.register.stream, actor, each, "removed") for each in self.register.letters(hook)
        ]
        await self.register.write(gone)
        await self.register.record("hook_removed", hook, actor, (), (), _at_version(version))
        self._tell(hook)
        self._couriers.pop(hook, None)

    async def send_again(self, hook: str, after: int, *, version: int | None, actor: Actor) -> Endpoint:
        """Everything after this number once more, in order. Raises as ``change``, and ``field_wrong``."""
        self._at(hook, version)
        if after > self.feed.published:
            raise InvalidRequest("field_wrong", field="after")
        changed = await self.register.record(
            "hook_sent_again", hook, actor, (), (), _at_version(version), position=after
        )
        self._tell(hook)
        return changed

    def _at(self, hook: str, version: int | None) -> Endpoint:
        """As it is now; whether it still is so when it is written, ``record`` looks again."""
        found = self.register.find(hook)
        _at_version(version)(found)
        return found

    def _check(self, wanted: Wanted) -> None:
        target_of(wanted.url, self._parts.allow)

    # --- dead letters ---

    async def ask_again(self, hook: str, numbers: Collection[int], *, actor: Actor) -> int:
        """Deliver these once more, or all; returns how many. Raises NotFound (hook, letter)."""
        found = self._chosen(hook, numbers)
        await self.register.write([letters.asked(self.register.stream, actor, each) for each in found])
        self._tell(hook)
        return len(found)

    async def drop(self, hook: str, numbers: Collection[int], *, actor: Actor) -> int:
        """Forget these, or all; the events stay in the journal. Raises as ``ask_again``."""
        found = self._chosen(hook, numbers)
        await self.register.write([letters.dropped(self.register.stream, actor, each, "person") for each in found])
        return len(found)

    def _chosen(self, hook: str, numbers: Collection[int]) -> list[Letter]:
        self.register.find(hook)
        if not numbers:
            return self.register.letters(hook)
        return [self.register.letter(hook, each) for each in sorted(set(numbers))]

    # --- delivering ---

    async def deliver(self, hook: Endpoint, event: Event, body: bytes) -> Outcome:
        """One try."""
        try:
            target = target_of(hook.url, self._parts.allow)
            secrets = self._secrets(hook)
        except InvalidRequest as refused:  # the settings allow it no more
            return Outcome(False, why="inside" if refused.slug == "hook_address_inside" else "url")
        except BadSettings:
            return Outcome(False, why="secret")
        delivery = delivery_of(event, body, secrets, self.clock.wall_ms() // 1000)
        return await self._parts.sender.send(target, delivery)

    def _secrets(self, hook: Endpoint) -> list[bytes]:
        sealed = [hook.secret]
        if hook.old_secret and self.clock.wall_ms() < hook.old_until_ms:
            sealed.append(hook.old_secret)
        return [self._parts.seal.open(hook.id, each) for each in sealed]

    def draw(self) -> int:
        return self._parts.entropy.bytes(1)[0]

    def start(self, tasks: Tasks) -> None:
        """Deliver from now on, within the service's own tasks."""
        self._tasks = tasks
        for hook in self.all():
            self._begin(hook.id)

    async def _follow(self) -> None:
        self._wake(self._couriers)
        async with aclosing(self.feed.follow(self.feed.published)) as news:
            async for _ in news:
                self._wake(self._couriers)

    def heard(self, events: Sequence[Event]) -> None:
        """What other machines of the shop recorded about webhooks is so here too."""
        for hook in self.register.heard(events):
            if self.register.active(hook) is not None:
                self._begin(hook)
            self._tell(hook)

    async def close(self) -> None:
        """In order: the next start goes on from here, or from before where the journal takes nothing any more."""
        with contextlib.suppress(TerminalError):
            for courier in self._couriers.values():
                await courier.write_down()

    def _begin(self, hook: str) -> None:
        if self._tasks is None or hook in self._couriers:
            return
        if not self._follows:  # a shop without webhooks hears of no event for them
            self._follows = True
            self._tasks.start("webhooks", self._follow)
        courier = self._couriers[hook] = Courier(self, hook)
        self._tasks.start(f"webhook {hook}", courier.run)

    def _tell(self, hook: str) -> None:
        """Something of it changed: look at once, whatever is waited for."""
        if courier := self._couriers.get(hook):
            courier.news.set()
            courier.poke.set()

    def _wake(self, hooks: Iterable[str]) -> None:
        for each in hooks:
            self._couriers[each].news.set()


def _at_version(version: int | None) -> Still:
    """Raises NotFound("hook_unknown"), Conflict("version_moved")."""

    def check(hook: Endpoint | None) -> None:
        if hook is None:
            raise NotFound("hook_unknown")
        if version is not None and version != hook.version:
            raise Conflict("version_moved")

    return check
