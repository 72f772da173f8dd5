"""``countertop bundle make`` and ``bundle open x.zip``: a support bundle made here, or one that was sent."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.serve import log_lines
from terminal.cli.support import bundle as make
from terminal.cli.words import language, sentences
from terminal.system import SystemEntropy
from terminal.web.listen import listen
from terminal.web.pages.bundle_reader import read_bundle
from terminal.web.pages.bundle_viewer import viewer_app

bundle = typer.Typer(no_args_is_help=True, help="Support bundles: make one, look into one.")
bundle.command("make")(make)


@bundle.callback()
def _group() -> None:
    """Support bundles."""


@bundle.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="The bundle, a zip file.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this computer; 0 takes a free one.")] = 0,
) -> None:
    """Show a bundle in the browser of this computer until Ctrl-C. Nothing of it is unpacked, run or believed."""
    with sentences():
        asyncio.run(_until_stopped(read_bundle(file), port))


async def _until_stopped(files: dict[str, bytes], port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        log_lines.say(f"{await showing(stack, files, port)}\nCtrl-C ends it.")
        await stop.wait()


async def showing(stack: AsyncExitStack, files: dict[str, bytes], port: int) -> str:
    """The page's address; it answers until ``stack`` closes."""
    token = SystemEntropy().bytes(16).hex()
    url = await listen(stack, viewer_app(files, language(), token), "127.0.0.1", port)
    return f"{url}/{token}/"
