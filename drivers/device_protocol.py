"""What a device protocol is to the rest of the house, and who answered a probe."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from drivers.transport import Transport

Role = Literal["display", "scanner", "printer", "speaker"]
Link = Literal["serial", "tcp", "usb-printer", "evdev", "audio", "browser"]
ROLES: Final[tuple[Role, ...]] = ("display", "scanner", "printer", "speaker")


@dataclass(frozen=True, slots=True)
class Found:
    """Who answered a probe. ``serial`` is empty where the device tells none."""

    role: Role
    protocol: str
    profile: str
    title: str
    serial: str = ""
    detail: dict[str, str] = field(default_factory=dict)


Probe = Callable[[Transport], Awaitable[Found | None]]
"""Ask an unknown device on an open pipe whether it speaks this protocol; None: it did not say so.

Safe for every device in the catalogue, not only for its own: nothing prints, cuts, opens, sounds, beeps,
changes a setting or types for being asked. Bounded by 1.5 s; raises DeviceError only when the pipe fails.
"""


@dataclass(frozen=True, slots=True)
class DeviceProtocol:
    """One protocol.

    Args:
        name: the ``driver`` of the settings; unique within its role.
        title: for people, in English; a maker's or family's name.
        profiles: names of its data files; the first is meant when none is named.
        links: what it is spoken over.
        bauds: line speeds met in practice, the usual one first; empty where it means nothing.
        sources: maker's documents and public programs it was written from, by title.
        unverified: what no maker's document states; each is a setting or a limit that errs to the safe side.
        not_run: why no test could drive it as a shop does ("" where ptys and sockets are the same thing).
        probe: see Probe; None: it cannot be asked, a person names it.
        page: the file in docs/devices.
    """

    role: Role
    name: str
    title: str
    profiles: tuple[str, ...]
    links: tuple[Link, ...]
    bauds: tuple[int, ...]
    sources: tuple[str, ...]
    unverified: tuple[str, ...] = ()
    not_run: str = ""
    probe: Probe | None = None

    @property
    def key(self) -> str:
        return f"{self.role}/{self.name}"

    @property
    def page(self) -> str:
        return f"{self.role}-{self.name}.md"
