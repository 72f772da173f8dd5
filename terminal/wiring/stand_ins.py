"""A dead printer or scanner and whatever was plugged in instead: found, offered on the till, taken with one key.

Only a port that came since all was well is asked who is there, and the dead device's own port, for another model
on the same socket, once its own driver has had time to open what stands there: most often it is the same device,
plugged in again. Where all was never well since the start, what stood there then may be the one that was put
in its place while the service was off: it is asked, too. Nothing is taken by itself: a person says yes.
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
from terminal.peripherals.usual_speed import usual_speed
from terminal.web.shapes.counters import StandInView
from terminal.web.shapes.devices import NewChoice, PortView, ProposalView

log = logging.getLogger(__name__)
ROLES: Final[tuple[Role, ...]] = ("printer", "scanner")  # what a sale cannot wait for somebody with the settings
LOOK_S: Final = 2.0  # between looks, while something is out
GONE_S: Final = 3.0  # what comes back by itself is nobody's news
BOOT_S: Final = 10.0  # a device switched on together with the service may need so long
AGAIN_S: Final = 60.0  # before an own port that brought nobody is asked once more; then twice as long each time
AGAIN_MAX_S: Final = 3600.0
TRIES: Final = 4  # its last owner may need a moment to let go
LETS_GO_S: Final = 0.5
KEYBOARD: Final = "evdev:"  # who asks one takes it away from the person who types, and it answers nobody
CALM_S: Final = 60.0  # so long all is well until what stands there now is what stood there before
Key = tuple[str, Role]


@dataclass(frozen=True, slots=True)
class Ill:
    """A device that is out; ``driver`` and ``baud`` (0: not known): what its port was opened with."""

    counter: str
    role: Role
    port: str
    driver: str
    baud: int = 0


class Places(Protocol):
    def ill(self, roles: Iterable[Role]) -> list[Ill]: ...

    def has(self, roles: Iterable[Role]) -> bool:
        """Whether any counter has a device of these roles."""
        ...

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
        self._stands_s: dict[Key, float] = {}  # since when its own port is there
        self._asked_s: dict[Key, float] = {}  # when its own port was asked
        self._again_s: dict[Key, float] = {}  # how long after that it is asked again, if it stays there
        self._before: frozenset[str] | None = None  # the ports when all was well, at first: at the start
        self._was_well = False  # for so long that ``_before`` belongs to it
        self._answers: dict[str, ProposalView | None] = {}  # who answered at a port since then
        self._refused: set[tuple[Key, str]] = set()  # what a person said no to
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
        self._refused.add(((counter, role), port))
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
            calm_until_s = calm_since_s + CALM_S if self._places.has(ROLES) else None
            try:
                async with asyncio.timeout_at(calm_until_s):  # displays alone need no list of ports
                    await self._news.wait()
            except TimeoutError:
                await self._remember()
                self._was_well = True
                calm_since_s = _now_s()

    async def _remember(self) -> None:
        """What stands there now is nobody's stand-in later. Not in the first moments after something was out: a
        driver that has just begun with a dead device looks well."""
        self._before = frozenset(each.port for each in await self._places.ports())
        self._answers.clear()
        self._refused.clear()

    async def look(self) -> bool:
        """Once; whether anything is out."""
        ill = self._places.ill(ROLES)
        now_s = _now_s()
        keys = {(each.counter, each.role) for each in ill}
        for key in [key for key in self._offers if key not in keys]:
            self._withdraw(key)
        self._since_s = {key: self._since_s.get(key, now_s) for key in keys}
        views = await self._places.ports() if ill or self._answers else []
        there, used = {each.port for each in views}, {each.used_by for each in views}
        self._stands_s = {key: self._stands_s.get(key, now_s) for key in keys if " ".join(key) in used}
        self._again_s = {key: again_s for key, again_s in self._again_s.items() if key in self._stands_s}
        self._answers = {port: found for port, found in self._answers.items() if port in there}
        self._refused = {(key, port) for key, port in self._refused if port in there}
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
        if self._answered(key, views):
            return views
        while port := self._new(views, self._known(key)):
            self._answers[port] = None
            _, self._answers[port] = await self._places.who_is(port)
            views = await self._places.ports()
            if self._answered(key, views):
                return views
        if any(each.used_by == own for each in views) and await self._same_socket(ill):
            views = await self._places.ports()
        return views

    def _answered(self, key: Key, views: Iterable[PortView]) -> bool:
        """Whether one that answered before is offered now: free, of this role, and nobody said no to it here."""
        elsewhere = {choice.port for choice, _ in self._offers.values()}
        for each in views:
            found = self._answers.get(each.port)
            if found is None or found.role != key[1] or each.used_by or each.port in elsewhere:
                continue
            if (key, each.port) not in self._refused:
                self._offer(key, each.port, found)
                return True
        return False

    def _known(self, key: Key) -> frozenset[str]:
        """Ports that nobody plugged in for this device."""
        starting = _now_s() - self._since_s[key] < BOOT_S
        return self._before or frozenset() if self._was_well or starting else frozenset()

    def _new(self, views: Iterable[PortView], known: frozenset[str]) -> str:
        """The next port that nobody uses or was asked about, of those that are not ``known``."""
        free = (each.port for each in views if not each.used_by and not each.port.startswith(KEYBOARD))
        return next((port for port in free if port not in known and port not in self._answers), "")

    async def _same_socket(self, ill: Ill) -> bool:
        """Whether it was asked now. Never one that its driver opens just now, or did while others were asked."""
        key, now_s = (ill.counter, ill.role), _now_s()
        again_s = self._again_s.get(key, AGAIN_S)
        if now_s - self._asked_s.get(key, -again_s) < again_s:
            return False
        if now_s - self._stands_s.get(key, now_s) < GONE_S or ill not in self._places.ill(ROLES):
            return False
        self._asked_s[key] = now_s
        self._again_s[key] = min(2 * again_s, AGAIN_MAX_S) if key in self._again_s else AGAIN_S
        with self._places.held(ill):
            for _ in range(TRIES):
                await asyncio.sleep(LETS_GO_S)
                asked, found = await self._places.who_is(ill.port)
                if asked != "busy":
                    break
        if found is not None and found.role == ill.role and _another(ill, found):
            self._offer(key, ill.port, found)
        return True

    def _offer(self, key: Key, port: str, found: ProposalView) -> None:
        choice = NewChoice(
            port=port, driver=found.driver, profile=found.profile, serial=found.serial, baud=found.baud
        )
        self._offers[key] = choice, found.title
        counter, role = key
        log.info("counter %s: %s at %s may stand in for the %s", counter, found.title, port, role)
        self._places.changed(counter)

    def _withdraw(self, key: Key) -> None:
        if self._offers.pop(key, None) is not None:
            self._places.changed(key[0])


def _another(ill: Ill, found: ProposalView) -> bool:
    """One of the same kind at the speed in use would have been heard already."""
    answers_at = found.baud or usual_speed(found.role, found.driver, found.profile)
    return found.driver != ill.driver or bool(ill.baud and answers_at and ill.baud != answers_at)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
