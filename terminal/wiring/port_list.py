"""The machine's ports as the set-up page lists them: who uses each, and what answered when it was asked."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from drivers.binding import link_of, meant, opener
from drivers.device_protocol import Found
from drivers.errors import DeviceError, DeviceTimeout
from drivers.hotplug import Port, ports, twins
from drivers.own_thread import in_own_thread
from drivers.transport import OpenTransport
from terminal.errors import Conflict, NotFound
from terminal.peripherals.usual_speed import usual_speed
from terminal.web.shapes.devices import PortView, ProposalView

log = logging.getLogger(__name__)
FRESH_S: Final = 0.8  # pages ask every second, however many are open
LOOK_S: Final = 2.0  # the kernel keeps who asks a USB device's name while it tries to wake that device
PROBE_S: Final = 60.0
LINKS_MAX: Final = 64
_LINK: Final = Port("", "serial", "", "")


Look = Callable[[dict[str, str]], tuple[dict[str, Port], dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Asked:
    state: str = ""
    says: str = ""
    proposal: ProposalView | None = None


class PortList:
    """
    Args:
        used: bindings in use, and by whom.
        look: finds the ports, and who has them by path; blocks.
        opens: how a binding is opened at a speed.
        fresh_s: what was seen is told for so long without another look.
        within_s: who asked for a look that takes longer is told what was seen last; no other begins meanwhile.
    """

    def __init__(
        self,
        used: Callable[[], dict[str, str]],
        *,
        look: Look | None = None,
        opens: Callable[..., OpenTransport] = opener,
        fresh_s: float = FRESH_S,
        within_s: float = LOOK_S,
    ) -> None:
        self._used, self._look, self._opens = used, look or _look, opens
        self._fresh_s, self._within_s = fresh_s, within_s
        self._seen: dict[str, Port] = {}
        self._views: list[PortView] = []
        self._looked_s = -fresh_s
        self._asked: dict[str, Asked] = {}
        self.asking: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()  # one port is asked at a time

    async def now(self) -> list[PortView]:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_s >= self._fresh_s:
            self._looked_s = now_s
            look = partial(self._look, self._used())
            with suppress(DeviceTimeout):
                self._take(*await in_own_thread("list of ports", look, within_s=self._within_s))
        return self._views

    def _take(self, seen: dict[str, Port], takers: dict[str, str]) -> None:
        self._seen = seen
        for binding in self._asked.keys() - {port.binding for port in seen.values()}:
            del self._asked[binding]
        self._views = [self._view(port, takers.get(path, "")) for path, port in sorted(seen.items())]

    def _view(self, port: Port, used_by: str) -> PortView:
        asked = self._asked.get(port.binding, Asked())
        same = twins(port, self._seen.values()) if port.vendor else ()
        return PortView(
            port.binding, port.what, port.stable, used_by, list(same), asked.state, asked.says, asked.proposal
        )

    def probe(self, binding: str) -> None:
        """Raises NotFound("device_port_unknown"), Conflict("device_port_taken")."""
        known = {view.port: view for view in self._views}
        if binding not in known:
            raise NotFound("device_port_unknown", port=binding[:80])
        if by := known[binding].used_by:
            raise Conflict("device_port_taken", by=by)
        if self._asked.get(binding, Asked()).state == "asking":
            return
        self._tell(binding, Asked("asking"))
        task = asyncio.create_task(self._ask(binding), name=f"probe {binding}")
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)

    async def who_is(self, binding: str) -> Asked:
        """Ask a port now, whoever has it: its device is out and lets go of it."""
        self._tell(binding, Asked("asking"))
        await self._ask(binding)
        return self._asked.get(binding, Asked())

    async def _ask(self, binding: str) -> None:
        from drivers.probe import Stranger, who  # every driver's questions: not for the start

        def open_at(baud: int) -> OpenTransport:
            return self._opens(binding, baud=baud)

        found, baud = None, 0
        async with self._turn:
            try:
                async with asyncio.timeout(PROBE_S):
                    found = await who(open_at, link=link_of(binding))
                    baud = await _own_speed(open_at, found) if found else 0
            except Stranger as stranger:
                self._tell(binding, Asked("stranger", str(stranger)))
                return
            except (DeviceError, TimeoutError, ValueError) as error:
                self._tell(binding, Asked("busy", str(error)))
                return
        if found is None:
            self._tell(binding, Asked("silent"))
            return
        proposal = ProposalView(found.role, found.protocol, found.profile, found.title, found.serial, baud)
        self._tell(binding, Asked("found", found.title, proposal))

    def _tell(self, binding: str, asked: Asked) -> None:
        self._asked[binding] = asked
        self._looked_s = -self._fresh_s  # whoever looks next sees it
        if asked.state != "asking":
            log.info("port %s: %s %s", binding, asked.state, asked.says)


async def _own_speed(open_at: Callable[[int], OpenTransport], found: Found) -> int:
    """The speed to write down for it; 0: it answers at its profile's own. Raises DeviceError."""
    from drivers.probe import also_at

    baud, usual = int(found.detail.get("baud", 0)), usual_speed(found.role, found.protocol, found.profile)
    if baud == usual or not (baud and usual):
        return 0
    return 0 if await also_at(open_at, found, usual) else baud


def _look(used: dict[str, str]) -> tuple[dict[str, Port], dict[str, str]]:
    """Ports by path, and who has them by path. Off the loop."""
    found = dict(ports())
    for path, port in _beside(used).items():
        found.setdefault(path, port)
    takers: dict[str, str] = {}
    for binding, by in used.items():
        takers |= dict.fromkeys(meant(binding), by)
        takers[binding] = by
    by_path = {
        path: takers.get(str(Path(path).resolve()), takers.get(port.binding, "")) for path, port in found.items()
    }
    return found, by_path


def _beside(bindings: Iterable[str]) -> dict[str, Port]:
    """Links in folders where the settings have some already: a lab's devices, names made by udev rules."""
    folders = {Path(each.removeprefix("link:")).parent for each in bindings if each.startswith("link:/")}
    found: dict[str, Port] = {}
    for folder in sorted(folders - {Path("/dev")}):
        try:
            links = [each for each in sorted(folder.iterdir()) if each.is_symlink() and each.exists()]
        except OSError:
            continue
        for link in links[:LINKS_MAX]:
            target = str(link.resolve())
            found[target] = replace(_LINK, path=target, what=link.name, binding=f"link:{link}")
    return found
