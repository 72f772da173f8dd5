"""The other doors: each of the settings on a listener of its own, over the same use cases as the pages."""

from contextlib import AsyncExitStack

from terminal.counter.ports import Clock, Entropy
from terminal.counter.service import Service
from terminal.people.service import People
from terminal.settings import Loaded


async def open_doors(
    stack: AsyncExitStack, loaded: Loaded, service: Service, people: People, machine: tuple[Clock, Entropy]
) -> dict[str, str]:
    """Every door of the settings, until ``stack`` closes. Returns where each one listens, by its name."""
    if not loaded.settings.doors:
        return {}  # five protocols that most shops never load

    from terminal.pos.desk import Desk, till
    from terminal.wiring.door_openers import OPENERS
    from terminal.wiring.door_parts import DoorParts

    opened = {}
    for name, door in loaded.settings.doors.items():
        desk = Desk(service, people, till(name, door.counter), door.counter)
        opened[name] = await OPENERS[door.kind](stack, DoorParts(name, desk, loaded, *machine))
    return opened
