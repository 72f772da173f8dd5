"""What the opener of a door is handed."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from terminal.counter.ports import Clock, Entropy
from terminal.pos.desk import Desk
from terminal.settings import Loaded


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What a door is built from: its name in the settings and the desk it may use."""

    name: str
    desk: Desk
    loaded: Loaded
    clock: Clock
    entropy: Entropy


Opener = Callable[[AsyncExitStack, DoorParts], Awaitable[str]]
"""Answers until the stack closes; returns where. Raises BadSettings."""
