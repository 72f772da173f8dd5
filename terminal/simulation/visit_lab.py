"""A simulated shop that is visited: the service's own API, devices in their slots, people, bank; time is a number.

What a visit asks of a real shop it asks here of the same code: steps and proofs go through the HTTP edge as bytes.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from drivers.device_protocol import ROLES, Role
from terminal.counter.ports import Devices, Printer
from terminal.errors import Conflict
from terminal.lab.eye import ByItself, Eye
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.payments.event import Actor, NewEvent
from terminal.people.pins import PinCost
from terminal.people.roles import Role as Rank
from terminal.people.second_step import code_at
from terminal.people.service import People, PeopleSettings
from terminal.settings import (
    CounterTable,
    DeviceTable,
    Loaded,
    PrinterTable,
    ScannerTable,
    Secrets,
    Settings,
    Shop,
    SpeakerTable,
)
from terminal.settings.tables import State
from terminal.simulation.api_door import URL, Ask, Door
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.proving import alone
from terminal.simulation.world import Outfit, World
from terminal.visit.script import Persons
from terminal.web.app import make_api
from terminal.web.callers import SESSION
from terminal.web.edge import EDGE
from terminal.wiring.fitting import Fittings
from terminal.wiring.visit import Visiting
from terminal.wiring.visit_proofs import PRACTICE
from terminal.wiring.visit_site import Site, policy_facts, shop_facts

COUNTER: Final = "1"
PEPPER: Final = bytes(32)
CHEAP: Final = PinCost(passes=1, memory_kib=8)  # of simulated people
GREET_S: Final = 3.0  # devices are found and greeted
LOOK_S: Final = 0.1
VISIT_HOURS: Final = 8
STEP_MS: Final = 30_000  # of an authenticator
PAYEE: Final = "mchid …0001"


class NotAsWanted(Exception):
    """What was waited for did not come, or the service answered otherwise; the text says what."""


class VisitLab:
    """Build it on a running virtual loop, then ``open``; ``close`` ends it. ``restart`` is a kill -9."""

    def __init__(self, folder: Path, seed: int, persons: Persons, *, title: str = "Tea House 茶馆") -> None:
        self.folder, self.persons, self.title = folder, persons, title
        self.counter = SimulatedCounter(captions=True)
        self.world = World(seed, folder, outfit=Outfit(devices=self._stand_there))
        self.stand = Stand(self.counter.wires, Timeline(self.world.bank_clock))
        self.visitor = self.owner = ""  # ids
        self._secret = b""
        self._fittings: Fittings
        self._people: People
        self._door: Door
        self._keys = 0

    # --- lives ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        await self._begin()
        owner, visitor = self.persons.owner, self.persons.visitor
        code = self._people.new_set_up_code()
        made = await self._people.set_up(code, label=owner.name, pin=owner.pin, device=COUNTER)
        self.owner = made.person
        by = self._people.who("", made.session_token)
        self.visitor = await self._people.add_visitor(
            by, Rank.ONBOARDING, visitor.name, visitor.pin, hours=VISIT_HOURS
        )
        await self._enrol()

    async def _enrol(self) -> None:
        """Who comes from outside has a second step, by the default policy."""
        token = await self._people.sign_in(self.visitor, self.persons.visitor.pin, device=COUNTER)
        begun = self._people.begin_second_step(self._people.who("", token))
        self._secret = base64.b32decode(begun.secret)
        who = self._people.who("", token)
        await self._people.finish_second_step(who, self.code(), session_token=token, device=COUNTER)

    async def _begin(self) -> None:
        world = self.world
        service = await world.start()
        self._fittings.attach(service)
        machine = world.clock, world.entropy, world.ids
        self._people = People(
            world.house.store, journal=service.feed, clock=world.clock, entropy=world.entropy, ids=world.ids,
            pepper=PEPPER, settings=PeopleSettings(pin_cost=CHEAP), simulated=True,
        )  # fmt: skip
        loaded = self._loaded()
        site = Site(
            *(service, self._people, loaded.state, loaded.state / "keys", machine, self._fittings.counters),
            payees=dict.fromkeys(world.outfit.channels, PAYEE),
            shop=shop_facts(loaded),
            policy=policy_facts(loaded),
            network=lambda: True,
            settings=partial(msgspec.to_builtins, loaded.settings),
        )
        app = make_api(service, self._people, clock=world.clock, entropy=world.entropy)
        visiting = Visiting(site)
        app[EDGE].fitter, app[EDGE].open_visits = self._fittings, lambda: visiting
        self._door = Door(app)
        await self._door.open()
        await asyncio.sleep(GREET_S)

    async def _end(self) -> None:
        await self._door.close()
        await self._fittings.close()

    async def restart(self) -> None:
        """kill -9, and a new process over the same disk."""
        await self._end()
        await self.world.crash()
        await self._begin()

    async def close(self) -> None:
        await self._end()
        await self.world.close()

    def _stand_there(self, counter: str) -> Devices:
        made, loaded = self.counter.devices(), self._loaded()

        def make(_table: CounterTable, only: Role | None = None, _paper: Printer | None = None) -> Devices:
            return made if only is None else alone(only, made)

        self._fittings = Fittings(loaded, self.world.clock, self.world.entropy, make)
        return self._fittings.devices(next(each for each in loaded.settings.counters if each.id == counter))

    def _loaded(self) -> Loaded:
        house = self.world.house
        table = CounterTable(
            id=COUNTER,
            languages={"voice": "zh-CN"},
            display=DeviceTable(port="sim:display", profile="countertop"),
            scanner=ScannerTable(port="sim:scanner", profile="gm65"),
            printer=PrinterTable(port="sim:printer", profile="epson-serial"),
            speaker=SpeakerTable(port="sim:speaker", profile="syn6288"),
        )
        settings = Settings(
            mode="test",
            shop=Shop(merchant=house.merchant, store=house.store, title=self.title, currency=house.currency),
            state=State(folder=str(self.folder / "state")),
            channels={},
            counters=(table,),
        )
        return Loaded(settings, self.folder, Secrets({}))

    @asynccontextmanager
    async def hands(self) -> AsyncIterator[None]:
        """Somebody holds what a test shows or prints before the scanner, and types what it says."""
        hand = asyncio.create_task(ByItself(self.stand, Eye(), self._type).run(), name="hands")
        try:
            yield
        finally:
            hand.cancel()

    def _type(self, digits: str) -> None:
        try:
            self._fittings.answer(COUNTER, digits)
        except Conflict:
            return  # the test is over

    # --- people and their browsers ----------------------------------------------------------------------

    def code(self) -> str:
        """What the visitor's authenticator shows now."""
        return code_at(self._secret, self.world.clock.wall_ms() // STEP_MS)

    async def fresh_code(self) -> str:
        """The next one: each counts once."""
        await asyncio.sleep(STEP_MS / 1000)
        return self.code()

    async def signed_in(self, person: str) -> str:
        """A session's token of the owner or the visitor."""
        if person == self.owner:
            return await self._people.sign_in(person, self.persons.owner.pin, device=COUNTER)
        pin, code = self.persons.visitor.pin, await self.fresh_code()
        return await self._people.sign_in(person, pin, device=COUNTER, code=code)

    async def ask(
        self, session: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """One request of a page with this session."""
        self._keys += 1
        headers = {
            "Cookie": f"{SESSION}={session}",
            "Origin": URL,
            "Sec-Fetch-Site": "same-origin",
            "X-Requested-With": "countertop",
            "Idempotency-Key": f"visit-{self.world.lives}-{self._keys:06}",
            "Content-Type": "application/json",
        }
        data = json.dumps(body or {}).encode() if method == "POST" else None
        status, _, answer = await self._door.ask(Ask(method, f"/api/v1{path}", data, headers))
        return status, answer

    async def told(self, session: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Its JSON. Raises NotAsWanted: it was refused."""
        status, answer = await self.ask(session, method, path, body)
        if not 200 <= status < 300:
            raise NotAsWanted(f"{method} {path}: {status} {answer[:200].decode('utf-8', 'replace')}")
        return msgspec.json.decode(answer)

    # --- practice ---------------------------------------------------------------------------------------

    @property
    def practice(self) -> Path:
        """Where the journal of who practises lies."""
        folder = (self.folder / "state" / PRACTICE).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    async def practises(self, kind: str) -> None:
        """What the switch at the counter notes in the shop's own journal; devices and pages stay as they are."""
        body: dict[str, Any] = {"counter": COUNTER}
        if kind == "training_ended":
            body["why"] = "ended"
        service = self.world.service
        by = Actor("person", self.visitor)
        event = NewEvent(f"store:{service.house.store}", kind, f"training:{COUNTER}", by, body)
        await service.feed.append([event])

    # --- the counter ------------------------------------------------------------------------------------

    async def until(self, holds: Callable[[], object], limit_s: float) -> bool:
        """Whether it held within so many virtual seconds."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + limit_s
        while not holds():
            if loop.time() >= end_s:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def customer_code(self) -> str:
        """The digits a customer's wallet shows."""
        return self.world.bank.new_customer_code(self.world.bank_clock.wall_ms(), "pays")

    def healthy(self, role: str) -> bool:
        return self.world.service.lane(COUNTER).devices.health()[role].state == "ok"

    def roles(self) -> tuple[Role, ...]:
        return ROLES
