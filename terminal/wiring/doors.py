"""The other doors: each of the settings on a listener of its own, over the same use cases as the pages."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from terminal.counter.ports import Clock, Entropy
from terminal.counter.service import Service
from terminal.people.service import People
from terminal.pos.desk import Desk, till
from terminal.settings import Loaded
from terminal.wiring.door_parts import DoorParts, Opener
from terminal.wiring.open_amount_line import open_amount_line
from terminal.wiring.open_folder import open_folder
from terminal.wiring.open_hw_proxy import open_hw_proxy
from terminal.wiring.open_nexo import open_nexo
from terminal.wiring.open_zvt import open_zvt

OPENERS: Final[Mapping[str, Opener]] = {
    "amount_line": open_amount_line,
    "folder": open_folder,
    "hw_proxy": open_hw_proxy,
    "nexo": open_nexo,
    "zvt": open_zvt,
}
"""By the door's ``kind``."""


async def open_doors(
    stack: AsyncExitStack, loaded: Loaded, service: Service, people: People, machine: tuple[Clock, Entropy]
) -> dict[str, str]:
    """Every door of the settings, until ``stack`` closes. Returns where each one listens, by its name."""
    opened = {}
    for name, door in loaded.settings.doors.items():
        desk = Desk(service, people, till(name, door.counter), door.counter)
        opened[name] = await OPENERS[door.kind](stack, DoorParts(name, desk, loaded, *machine))
    return opened
