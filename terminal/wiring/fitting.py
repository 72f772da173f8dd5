"""The counters' devices while the service runs: who stands where, tests of them, another one put there."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import msgspec

from drivers import catalogue
from drivers.device_protocol import ROLES
from terminal.counter.lane import Lane
from terminal.counter.ports import Clock, Devices, Entropy, Printer, Role
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings, House
from terminal.counter.slips import Slips
from terminal.errors import BadSettings, Conflict, InvalidRequest, TerminalError, Unavailable
from terminal.help.catalogue import Catalogue
from terminal.payments.event import Actor, NewEvent
from terminal.payments.money import Money
from terminal.peripherals.build import build_devices
from terminal.peripherals.painters import Sign, no_sign
from terminal.peripherals.phrases import phrase
from terminal.peripherals.slots import Slots
from terminal.peripherals.sweep import Sweeper
from terminal.peripherals.usual_speed import usual_speed
from terminal.settings import (
    PORTLESS,
    Chosen,
    CounterTable,
    DeviceTable,
    Loaded,
    chosen,
    with_device,
    write_chosen,
)
from terminal.web.shapes.counters import StandInView, health_view
from terminal.web.shapes.devices import (
    CounterPlaces,
    DriverView,
    NewChoice,
    PlaceView,
    PortView,
    ProposalView,
    TestView,
)
from terminal.wiring.port_list import PortList
from terminal.wiring.stand_ins import Ill, StandIns

if TYPE_CHECKING:
    from terminal.peripherals.bench import Bench

log = logging.getLogger(__name__)
OUT: Final = frozenset(
    {
        *("printer_gone", "printer_no_answer", "scanner_gone", "scanner_no_answer", "device_refused"),
        *("device_port_busy", "device_port_forbidden", "device_garbage"),
    }
)  # another one may be needed; paper out is no such thing
Make = Callable[[CounterTable, Role | None, Printer | None], Devices]
"""(a counter's table, only this role or None for all, where its receipts are printed) -> its devices."""


@dataclass(slots=True)
class Stand:
    """One counter: its table as it is now, its places, the test that runs and, from the first on, its bench."""

    table: CounterTable
    slots: Slots
    on_health: Callable[[], None]  # after the lane has heard that the health of a device here is another
    lane: Lane | None = None  # once the service runs
    bench: "Bench | None" = None
    test: "asyncio.Task[None] | None" = None
    tests: dict[str, tuple[TestView, int]] = field(default_factory=dict)  # role -> how it ended, when (mono ns)

    def health_changed(self) -> None:
        assert self.lane is not None, "attached before anything is opened"
        self.lane.on_change()
        self.on_health()


class Fittings:
    """``make`` builds adapters; nothing is opened before the service runs their jobs."""

    def __init__(
        self, loaded: Loaded, clock: Clock, entropy: Entropy, make: Make, held: set[str] | None = None
    ) -> None:
        self._loaded, self._clock, self._entropy, self._make = loaded, clock, entropy, make
        self._held = set() if held is None else held  # bindings that ``make``'s devices do not open now
        self._stand_ins = StandIns(self)
        self._look_round = self._stand_ins.look_round  # bound once: a chain has thousands of counters
        self._chosen: Chosen = chosen(loaded.state, [])
        self._stands: dict[str, Stand] = {}
        self._turn = asyncio.Lock()  # one choice at a time: the file is written whole
        self._service: Service | None = None
        self._ports = PortList(self._used)

    # --- start and end ------------------------------------------------------------------------------------

    def devices(self, table: CounterTable) -> Devices:
        """This counter's places, filled as its table says. Raises BadSettings."""
        slots = Slots(self._clock)
        slots.fill(lambda role: self._make(table, role, slots.printer))
        self._stands[table.id] = Stand(table, slots, self._look_round)
        return slots.devices()

    def attach(self, service: Service) -> None:
        self._service = service
        for counter, stand in self._stands.items():
            stand.lane, stand.slots.on_health = service.lane(counter), stand.health_changed

    # --- what may take a dead device's place ----------------------------------------------------------------

    async def watch(self) -> None:
        """For ever: look for what was plugged in instead of a dead printer or scanner."""
        await self._stand_ins.watch()

    def stand_ins(self, counter: str) -> list[StandInView]:
        return self._stand_ins.offered(counter)

    async def stand_in(self, counter: str, role: Role, port: str, *, use: bool, actor: Actor) -> None:
        choice = self._stand_ins.take(counter, role, port)
        if use:
            await self.choose(counter, role, choice, actor)

    def ill(self, roles: Iterable[Role]) -> list[Ill]:
        found: list[Ill] = []
        for counter, stand in self._stands.items():
            for role in roles:
                table: DeviceTable | None = getattr(stand.table, role)
                place = stand.slots.place(role)
                if table is not None and place and place.health().reason in OUT:
                    driver = table.driver or catalogue.of_role(role)[0].name
                    baud = table.baud or usual_speed(role, table.driver, table.profile)
                    found.append(Ill(counter, role, table.port, driver, baud))
        return found

    def has(self, roles: Iterable[Role]) -> bool:
        return any(getattr(stand.table, role) is not None for stand in self._stands.values() for role in roles)

    async def who_is(self, port: str) -> tuple[str, ProposalView | None]:
        asked = await self._ports.who_is(port)
        return asked.state, asked.proposal

    @contextmanager
    def held(self, ill: Ill) -> Iterator[None]:
        stand = self._stands[ill.counter]
        self._held.add(ill.port)
        try:
            stand.slots.put(ill.role, self._made(stand.table, ill.role, stand.slots))  # who has the port lets go
            yield
        finally:
            self._held.discard(ill.port)

    def changed(self, counter: str) -> None:
        if self._service is not None:
            self._service.lane(counter).on_change()

    def _busy(self, counter: str) -> bool:
        return self._service is not None and self._service.lane(counter).current is not None

    async def close(self) -> None:
        tasks = [stand.test for stand in self._stands.values() if stand.test is not None]
        for task in (*tasks, *self._ports.asking):
            task.cancel()
        await asyncio.gather(*tasks, *self._ports.asking, return_exceptions=True)

    # --- what a page shows --------------------------------------------------------------------------------

    def counters(self) -> list[CounterPlaces]:
        return [
            CounterPlaces(counter, stand.table.title, self._busy(counter), [self.place(counter, r) for r in ROLES])
            for counter, stand in self._stands.items()
        ]

    def place(self, counter: str, role: Role) -> PlaceView:
        stand = self._stands[counter]
        table: DeviceTable | None = getattr(stand.table, role)
        place = stand.slots.place(role)
        further = {"display": stand.table.displays, "printer": stand.table.printers}.get(role, ())
        return PlaceView(
            role,
            table.port if table else "",
            table.driver if table else "",
            table.profile if table else "",
            table.serial if table else "",
            role in self._chosen.get(counter, {}),
            len(further),
            health_view(place.health(), self._clock.mono_ns()) if place else None,
            self._test_view(stand, role),
            next((each for each in self.stand_ins(counter) if each.role == role), None),
            table.baud if table else 0,
        )

    def _test_view(self, stand: Stand, role: Role) -> TestView:
        bench = stand.bench
        if bench is not None and stand.test is not None and not stand.test.done() and bench.testing == role:
            return TestView("running", asks=bench.asks)
        if role not in stand.tests:
            return TestView()
        view, ended_ns = stand.tests[role]
        age_s = (self._clock.mono_ns() - ended_ns) // 1_000_000_000
        return TestView(view.state, view.reason, view.measured, age_s)

    def drivers(self) -> list[DriverView]:
        return [
            DriverView(role, each.name, each.title, list(each.profiles))
            for role in ROLES
            for each in catalogue.of_role(role)
        ]

    async def ports(self) -> list[PortView]:
        return await self._ports.now()

    def probe(self, port: str) -> None:
        self._ports.probe(port)

    def _used(self) -> dict[str, str]:
        """Binding -> counter and role."""
        used: dict[str, str] = {}
        for counter, stand in self._stands.items():
            table = stand.table
            for role in ROLES:
                further = {"display": table.displays, "printer": table.printers}.get(role, ())
                tables: tuple[DeviceTable | None, ...] = (getattr(table, role), *further)
                used |= {each.port: f"{counter} {role}" for each in tables if each and each.port not in PORTLESS}
        return used

    # --- tests --------------------------------------------------------------------------------------------

    def begin_test(self, counter: str, role: Role) -> TestView:
        stand = self._stands[counter]
        self._bench(stand).check(role)
        if stand.test is not None and not stand.test.done():
            raise Conflict("device_test_running", role=role)
        stand.tests.pop(role, None)
        stand.test = asyncio.create_task(self._run_test(stand, role), name=f"test {role} {counter}")
        return TestView("running", asks="digits" if role == "speaker" else "scan")

    def _bench(self, stand: Stand) -> "Bench":
        """Made for the first test: a chain's thousand counters hardly ever have one."""
        if stand.bench is None:
            from terminal.peripherals.bench import Bench
            from terminal.peripherals.proof import Manner

            shop, table = self._loaded.settings, stand.table
            how = Manner(shop.shop.currency, table.languages.get("voice", "en"), shop.mode == "test")
            stand.bench = Bench(stand.slots, self._entropy, how, partial(self._busy, table.id))
        return stand.bench

    async def _run_test(self, stand: Stand, role: Role) -> None:
        try:
            proof = await self._bench(stand).test(role)
            view = TestView(proof.verdict.value, proof.reason, dict(proof.measured))
        except TerminalError as refused:  # a sale or a choice came between
            view = TestView("cannot_tell", refused.slug)
        stand.tests[role] = view, self._clock.mono_ns()
        log.info("test of %s at counter %s: %s %s", role, stand.table.id, view.state, view.reason)

    def answer(self, counter: str, text: str) -> None:
        self._bench(self._stands[counter]).answer(text)

    # --- choosing -----------------------------------------------------------------------------------------

    async def choose(self, counter: str, role: Role, choice: NewChoice, actor: Actor) -> None:
        stand = self._stands[counter]
        async with self._turn:
            self._check_free(counter, role, choice.port)
            picked = _picked(getattr(stand.table, role), role, choice)
            table = with_device(stand.table, role, picked)
            made = self._made(table, role, stand.slots)
            choices = {**self._chosen, counter: {**self._chosen.get(counter, {}), role: picked}}
            try:
                await asyncio.to_thread(write_chosen, self._loaded.state, choices)
            except OSError as error:
                log.warning("a chosen device was not saved: %s", error)
                raise Unavailable("device_not_saved", path=str(self._loaded.state)) from error
            self._chosen, stand.table = choices, table
            await self._note(counter, role, choice, actor)
            stand.tests.pop(role, None)
            stand.slots.put(role, made)

    def _made(self, table: CounterTable, role: Role, slots: Slots) -> Devices:
        try:
            return self._make(table, role, slots.printer)
        except BadSettings as wrong:
            why = str(wrong.facts.get("why") or wrong.facts.get("port") or wrong.slug)
            raise InvalidRequest("device_choice_wrong", why=why) from wrong

    def _check_free(self, counter: str, role: Role, port: str) -> None:
        by = self._used().get(port, "")
        if port and by not in ("", f"{counter} {role}"):
            raise Conflict("device_port_taken", by=by)

    async def _note(self, counter: str, role: Role, choice: NewChoice, actor: Actor) -> None:
        assert self._service is not None, "attached before anybody can choose"
        body = {"role": role, "port": choice.port, "driver": choice.driver, "profile": choice.profile}
        await self._service.feed.append([NewEvent(f"counter:{counter}", "device_chosen", counter, actor, body)])
        log.info("counter %s: %s is now %s", counter, role, choice.port or "nothing")


def _picked(before: DeviceTable | None, role: Role, choice: NewChoice) -> DeviceTable:
    """The same device at the port it has now keeps what the page does not say: speed, flow, number."""
    picked = DeviceTable(
        port=choice.port,
        driver=choice.driver,
        profile=choice.profile,
        serial=choice.serial,
        baud=choice.baud or 0,
    )
    usual = catalogue.of_role(role)[0].name
    if before is None or before.port != choice.port or (before.driver or usual) != (choice.driver or usual):
        return picked
    serial, baud = choice.serial or before.serial, before.baud if choice.baud is None else choice.baud
    return msgspec.structs.replace(picked, baud=baud, flow=before.flow, serial=serial)


def maker(
    loaded: Loaded, house: House, clock: Clock, slips: Slips, held: set[str] | None = None, sign: Sign = no_sign
) -> Make:
    """What makes a counter's devices of its table, for the start, for the check and for another choice alike."""
    sweeper = Sweeper()  # one timer asks the devices of all counters

    @cache
    def spoken(language: str) -> tuple[Callable[[str], str], Callable[[Money], str]]:
        """One pair for all counters of a language."""
        shown = Catalogue.load(language)
        return shown.text, shown.money

    def make(table: CounterTable, only: Role | None = None, paper: Printer | None = None) -> Devices:
        words, money = spoken(counter_of(table).language("display"))
        return build_devices(
            table,
            clock=clock,
            words=words,
            money=money,
            title=table.title or house.title,
            phrase=lambda said: phrase(said, wallet_title=slips.method(said.wallet, said.language)),
            sweep=sweeper.counter(table.id),
            zone=loaded.settings.shop.zone,
            folder=loaded.folder,
            only=only,
            paper=paper,
            held=held,
            sign=sign,
            drawn=loaded.state / "captions",
        )

    return make


def counter_of(table: CounterTable) -> CounterSettings:
    languages = {str(where): language for where, language in table.languages.items()}
    return CounterSettings(table.id, table.title, table.channels, languages)
