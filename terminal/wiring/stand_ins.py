"""A dead printer or scanner and whatever was plugged in instead: found, offered on the till, taken with one key.

Only a port that came since all was well is asked who is there, and the dead device's own port, for another model
on the same socket. Nothing is taken by itself: a person at the till says yes.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from terminal.counter.ports import Role
from terminal.errors import NotFound
from terminal.on_demand import Alarm
from terminal.web.forms import NewChoice
from terminal.web.views import StandInView
from terminal.web.views_devices import PortView, ProposalView

log = logging.getLogger(__name__)
ROLES: Final[tuple[Role, ...]] = ("printer", "scanner")  # what a sale cannot wait for somebody with the settings
LOOK_S: Final = 2.0  # between looks, while something is out
GONE_S: Final = 3.0  # what comes back by itself is nobody's news
AGAIN_S: Final = 60.0  # before a silent own port is asked once more
TRIES: Final = 4  # its last owner may need a moment to let go
LETS_GO_S: Final = 0.5
CALM_S: Final = 60.0  # so long all is well until what stands there now is what stood there before
Key = tuple[str, Role]


@dataclass(frozen=True, slots=True)
class Ill:
    """A device that is out; ``driver``: the one its port was opened with."""

    counter: str
    role: Role
    port: str
    driver: str


class Places(Protocol):
    def ill(self, roles: Iterable[Role]) -> list[Ill]: ...

    async def ports(self) -> list[PortView]: ...

    async def who_is(self, port: str) -> tuple[str, ProposalView | None]:
        """What came of asking, as a PortView's ``asked``, and who it is."""
        ...

    def held(self, ill: Ill) -> AbstractContextManager[None]:
        """Meanwhile its device does not open its port."""
        ...

    def changed(self, counter: str) -> None: ...


class StandIns:
    """``watch`` sleeps until ``look_round`` says that a device's health is another."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._offers: dict[Key, tuple[NewChoice, str]] = {}  # and the model, for people
        self._since_s: dict[Key, float] = {}
        self._asked_s: dict[Key, float] = {}  # when its own port was asked
        self._before: frozenset[str] | None = None  # the ports when all was well
        self._tried: set[str] = set()  # since then, or told no
        self._news = Alarm()

    @property
    def look_round(self) -> Callable[[], None]:
        return self._news.set

    def offered(self, counter: str) -> list[StandInView]:
        return [
            StandInView(role, choice.port, title)
            for (where, role), (choice, title) in self._offers.items()
            if where == counter
        ]

    def take(self, counter: str, role: Role, port: str) -> NewChoice:
        """What was offered there, and is offered no more. Raises NotFound("stand_in_gone")."""
        choice, _ = self._offers.get((counter, role), (None, ""))
        if choice is None or choice.port != port:
            raise NotFound("stand_in_gone")
        self._withdraw((counter, role))
        return choice

    async def watch(self) -> None:
        if self._before is None:
            await self._remember()
        calm_since_s = _now_s()
        while True:
            self._news.clear()
            if await self.look():
                await asyncio.sleep(LOOK_S)
                calm_since_s = _now_s()
                continue
            try:
                async with asyncio.timeout_at(calm_since_s + CALM_S):
                    await self._news.wait()
            except TimeoutError:
                await self._remember()
                calm_since_s = _now_s()

    async def _remember(self) -> None:
        """What stands there now is nobody's stand-in later. Not in the first moments after something was out: a
        driver that has just begun with a dead device looks well."""
        self._before = frozenset(each.port for each in await self._places.ports())
        self._tried.clear()

    async def look(self) -> bool:
        """Once; whether anything is out."""
        ill = self._places.ill(ROLES)
        now_s = _now_s()
        keys = {(each.counter, each.role) for each in ill}
        for key in [key for key in self._offers if key not in keys]:
            self._withdraw(key)
        self._since_s = {key: self._since_s.get(key, now_s) for key in keys}
        views = await self._places.ports() if ill or self._tried else []
        self._tried &= {each.port for each in views}
        if not ill:
            self._asked_s.clear()
            return False
        for each in ill:
            if now_s - self._since_s[each.counter, each.role] >= GONE_S:
                views = await self._search(each, views)
        return True

    async def _search(self, ill: Ill, views: list[PortView]) -> list[PortView]:
        """The ports as they are afterwards: asking takes long, and people choose meanwhile."""
        key, own = (ill.counter, ill.role), f"{ill.counter} {ill.role}"
        if key in self._offers:
            if any(each.port == self._offers[key][0].port and each.used_by in {"", own} for each in views):
                return views
            self._withdraw(key)  # it was pulled out again, or a person gave it to another
        while port := self._new(views):
            self._tried.add(port)
            _, found = await self._places.who_is(port)
            views = await self._places.ports()
            if found is not None and found.role == ill.role:
                if any(each.port == port and not each.used_by for each in views):
                    self._offer(key, port, found)
                return views
        if any(each.used_by == own for each in views) and await self._same_socket(ill):
            views = await self._places.ports()
        return views

    def _new(self, views: Iterable[PortView]) -> str:
        """The next port that nobody uses or was asked about, of those that came since all was well."""
        known = (self._before or frozenset()) | self._tried
        return next((each.port for each in views if not each.used_by and each.port not in known), "")

    async def _same_socket(self, ill: Ill) -> bool:
        """Whether it was asked now."""
        key, now_s = (ill.counter, ill.role), _now_s()
        if now_s - self._asked_s.get(key, -AGAIN_S) < AGAIN_S:
            return False
        self._asked_s[key] = now_s
        with self._places.held(ill):
            for _ in range(TRIES):
                await asyncio.sleep(LETS_GO_S)
                asked, found = await self._places.who_is(ill.port)
                if asked != "busy":
                    break
        if found is not None and found.role == ill.role and found.driver != ill.driver:
            self._offer(key, ill.port, found)
        return True

    def _offer(self, key: Key, port: str, found: ProposalView) -> None:
        choice = NewChoice(port=port, driver=found.driver, profile=found.profile, serial=found.serial)
        self._offers[key] = choice, found.title
        counter, role = key
        log.info("counter %s: %s at %s may stand in for the %s", counter, found.title, port, role)
        self._places.changed(counter)

    def _withdraw(self, key: Key) -> None:
        if self._offers.pop(key, None) is not None:
            self._places.changed(key[0])


def _now_s() -> float:
    return asyncio.get_running_loop().time()
