"""The shop's people and its API, built when a test first asks for them: an owner, a key for a till's program."""

from dataclasses import dataclass
from typing import Final, Self

from terminal.counter.service import Service
from terminal.payments.event import Actor
from terminal.people.pins import PinCost
from terminal.people.service import People, PeopleSettings
from terminal.simulation.api_door import Door
from terminal.simulation.world import World
from terminal.web.app import make_api
from terminal.web.desks.reports import ReportParts

OWNER_PIN: Final = "837465"  # of a simulated person
CHEAP: Final = PinCost(passes=1, memory_kib=8)
SYSTEM: Final = Actor("system", "testing")
SCOPES: Final = ("sales", "refunds")
DAYS: Final = 365
PEPPER: Final = bytes(32)


@dataclass(slots=True)
class Office:
    """Of one life of the service; the next life opens another with the same people and key."""

    service: Service
    door: Door
    key: str  # of the till's program
    owner: dict[str, str]

    @classmethod
    async def open(cls, world: World) -> Self:
        service = world.service
        clock, entropy = world.clock, world.entropy
        people = People(
            world.house.store, journal=service.feed, clock=clock, entropy=entropy, ids=world.ids, pepper=PEPPER,
            settings=PeopleSettings(pin_cost=CHEAP), simulated=True,
        )  # fmt: skip
        if people.set_up_needed():
            await people.set_up(people.new_set_up_code(), label="Owner", pin=OWNER_PIN, device="here")
        made = await people.make_api_key(SYSTEM, label="POS", scopes=SCOPES, counters=(), days=DAYS)
        settled = world.journal.settled
        door = Door(make_api(service, people, clock=clock, entropy=entropy, reports=ReportParts(settled=settled)))
        await door.open()
        owner = {"person": people.people()[0].id, "pin": OWNER_PIN}
        return cls(service, door, made.key, owner)
