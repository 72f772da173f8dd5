"""``countertop serve``: run the service of this machine until told to stop."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.words import JOURNAL, console, sentences, tell
from terminal.errors import JournalError, TerminalError
from terminal.settings import Loaded, load


def serve(
    config: Annotated[Path, typer.Option(help="The settings file.")],
    check: Annotated[bool, typer.Option("--check", help="Check the settings and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Run the service: counters, bank, devices, pages and API, until Ctrl-C or SIGTERM."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    with sentences():
        loaded = load(config)
        if check:
            _check(loaded)
        else:
            code = asyncio.run(_serve(loaded))
            raise typer.Exit(code)


def _check(loaded: Loaded) -> None:
    from terminal.app import check_settings

    wrong: list[TerminalError] = []
    check_settings(loaded, wrong.append)
    for error in wrong:
        tell(error)
    if wrong:
        raise typer.Exit(3)
    console.print("The settings are sound.")


async def _serve(loaded: Loaded) -> int:
    from terminal.app import running, say_ready
    from terminal.cli.first_start import demo_people, first_links

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(loaded) as now:
        links = await first_links(now, loaded)
        pins = await demo_people(now) if loaded.settings.mode == "test" else {}
        say_ready(now, links, pins)
        console.print(f"Countertop answers at {now.url}", highlight=False)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, now.failed}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if now.failed.done():
            return _failed(now.failed)
    console.print("Countertop stopped; everything is in the journal.")
    return 0


def _failed(task: "asyncio.Task[None]") -> int:
    """The journal cannot go on: say so and end, so that a fresh process re-reads the disk (I20)."""
    error = task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, JournalError):
        tell(error)
    else:
        logging.getLogger(__name__).critical("the service ended", exc_info=error)
    return JOURNAL
