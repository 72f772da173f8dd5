"""A pack's code is told from what is paid with at every counter, also before anybody looked for a visit."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from terminal.payments.event import Actor
from terminal.visit.pack_codes import is_pack_code

if TYPE_CHECKING:
    from terminal.counter.service import Service
    from terminal.web.visitor import Packs


def listen(service: "Service", packs: "Callable[[], Packs]") -> None:
    """From now on a pack's code before a counter's scanner goes there; everything else goes where it went."""
    others = service.first_look

    async def look(counter: str, scan: str, actor: Actor) -> bool | None:
        if not is_pack_code(scan):
            return await others(counter, scan, actor)
        packs().take(scan)
        return True

    service.first_look = look
