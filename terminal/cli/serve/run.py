"""``countertop serve``: run the service of this machine until told to stop."""

import asyncio
import gc
import logging
import resource
import signal
from pathlib import Path
from typing import Final

from terminal import precedence
from terminal.cli.serve import log_lines
from terminal.cli.words import JOURNAL, SETTINGS, language, refused, tell
from terminal.errors import JournalError, TerminalError
from terminal.settings import Loaded, load
from terminal.system import need_less_for_http, read_in_small_pieces, return_large_buffers, trust_whom_we_name

FRESH_OBJECTS: Final = 2_000  # made and not freed since the last look for garbage; see docs/decisions/0007
SETTLED_S: Final = 20.0  # devices are greeted by then, idle screens painted, connections open


def serve(config: Path, *, check: bool = False, as_json: bool = False, verbose: bool = False) -> int:
    """Counters, bank, devices, pages and API, until Ctrl-C or SIGTERM; returns the exit code.

    Args:
        check: only whether the settings are sound.
        as_json: errors for machines.
        verbose: log more.
    """
    log_lines.begin(verbose=verbose)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no key of ours in a dump, whoever starts us (S44)
    gc.disable()
    return_large_buffers()
    read_in_small_pieces()
    need_less_for_http()
    trust_whom_we_name()
    try:
        loaded = load(config)
        log_lines.shape(loaded.settings.log.format, loaded.settings.log.level, verbose=verbose)
        return _check(loaded, as_json=as_json) if check else asyncio.run(_serve(loaded, as_json=as_json))
    except TerminalError as error:
        return refused(error, as_json=as_json)
    except KeyboardInterrupt:
        return 130


def _check(loaded: Loaded, *, as_json: bool) -> int:
    from terminal.privacy.datamap import data_map
    from terminal.privacy.notice import providers_told
    from terminal.wiring.checking import check_settings
    from terminal.wiring.privacy import providers

    wrong: list[TerminalError] = []
    check_settings(loaded, wrong.append)
    for error in wrong:
        tell(error, as_json=as_json)
    if wrong:
        return SETTINGS
    print("The settings are sound.")
    for title, place in providers_told(data_map(), providers(loaded), language()):
        print(f"Payments are told to {title}: {place}.")
    return 0


async def _serve(loaded: Loaded, *, as_json: bool) -> int:
    from terminal.app import running, say_ready
    from terminal.cli.serve.first_start import demo_people, first_links
    from terminal.wiring.stores import on_disk

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    precedence.install(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(loaded) as now:
        with on_disk(now.state):
            links = await first_links(now, loaded)
            pins = await demo_people(now) if loaded.settings.mode == "test" else {}
            say_ready(now, links, pins)
        look_for_garbage_later()
        log_lines.say(f"Countertop answers at {now.url}")
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, now.failed}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if now.failed.done():
            return _failed(now.journal.dead, now.failed, as_json=as_json)
    log_lines.say("Countertop stopped; everything is in the journal.")
    return 0


def look_for_garbage_later() -> None:
    """Once the shop has settled, and from then on only among what is made from then on.

    What the start made stays for good, and so does what a thousand displays made when they were greeted: looking
    through either holds the loop for some sixty milliseconds, in the middle of a sale.
    """
    asyncio.get_running_loop().call_later(SETTLED_S, _look_for_garbage)


def _look_for_garbage() -> None:
    gc.freeze()
    gc.set_threshold(FRESH_OBJECTS)
    gc.enable()


def _failed(dead: JournalError | None, task: "asyncio.Task[None]", *, as_json: bool) -> int:
    """The journal cannot go on: say why and end, so that a fresh process re-reads the disk (I20)."""
    from terminal.app import cause

    error = dead or cause(task.exception())
    if isinstance(error, JournalError):
        tell(error, as_json=as_json)
    else:
        logging.getLogger(__name__).critical("the service ended", exc_info=error)
    return JOURNAL
