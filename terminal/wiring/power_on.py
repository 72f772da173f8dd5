"""The terminal's sheet by itself after power-on, where the settings ask for it: which leg is dead (row 96).

Power-on is the machine's, not this program's: an update or a restart prints nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from terminal.counter.ports import Printer
from terminal.errors import JournalError, TerminalError
from terminal.settings import Loaded
from terminal.web.edge import Edge
from terminal.web.sheet import VISIT_PAGE, give

log = logging.getLogger(__name__)
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")  # proc(5): another one after each start of the kernel
SEEN: Final = "boot_id"  # of the state folder
DEVICES_S: Final = 30.0  # printers and networks wake up slower than we do
Job = Callable[[], Awaitable[None]]


def open_power_on(loaded: Loaded, edge: Edge, url: str, boot: Path = BOOT) -> dict[str, Job]:
    """The job that gives each counter its sheet, by name; nothing where nobody asked, or since this power-on."""
    wish = loaded.settings.shop.sheet_at_start
    if wish == "off" or not _first(loaded.state / SEEN, boot):
        return {}

    async def after_power_on() -> None:
        where = f"{edge.lan.urls[0]}?visit=yes" if edge.lan is not None else f"{url}{VISIT_PAGE}"
        for table in loaded.settings.counters:
            await _give(edge, table.id, where, printed=wish != "said", said=wish != "printed")

    return {"sheet at power-on": after_power_on}


async def _give(edge: Edge, counter: str, where: str, *, printed: bool, said: bool) -> None:
    async def tell(on_paper: bool) -> str:
        return await give(edge, counter, where, printed=on_paper, said=said)

    printer = edge.service.lane(counter).devices.printer if printed else None
    if why := await once_ready(printer or None, tell):
        log.warning("the sheet at power-on of counter %s did not come out whole: %s", counter, why)


async def once_ready(printer: Printer | None, tell: Callable[[bool], Awaitable[str]]) -> str:
    """``tell`` once, on paper too where the printer woke up within DEVICES_S; "" or the slug of what was missing.

    One counter's trouble ends here: the job would begin again with the first counter, and tell all of it twice.
    """
    late = ""
    if printer is not None:
        try:
            async with asyncio.timeout(DEVICES_S):
                await printer.ready()
        except (TimeoutError, TerminalError) as error:
            late = error.slug if isinstance(error, TerminalError) else "printer_no_answer"
    try:
        return await tell(printer is not None and not late) or late
    except JournalError:
        raise  # the shop ends, not this sheet alone (I20)
    except TerminalError as error:
        return error.slug


def _first(seen: Path, boot: Path) -> bool:
    """Whether this program starts for the first time since the machine did; where nobody can tell, it does not."""
    try:
        now = boot.read_text("ascii").strip()
        before = seen.read_text("ascii") if seen.exists() else ""
        if now == before:
            return False
        seen.write_text(now, "ascii")
    except (OSError, UnicodeDecodeError) as error:
        log.warning("whether the machine has just started cannot be told: %s", error)
        return False
    return True
