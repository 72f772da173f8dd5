"""``countertop devices replay FILE``: a capture plays to our driver on virtual time, always alike."""

from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.devices.capture import load, wrong
from terminal.cli.devices.words import say
from terminal.cli.words import put, sentences


def replay(
    file: Annotated[Path, typer.Argument(help="A capture that devices record made.")],
    profile: Annotated[str, typer.Option(help="Of the driver; else the capture's own, or the usual one.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Play a capture to our driver. Nothing is opened and no time passes: the result is the same each time."""
    from terminal.cli.devices.tape import timeline  # every driver, for this command alone

    with sentences(as_json=as_json):
        head, chunks = load(file)
        if not head.protocol:
            raise wrong(f'{file} does not say who speaks in it: write "protocol" into its first line')
        entries = timeline(head, chunks, profile)
    if as_json:
        put([entry._asdict() for entry in entries])
        return
    for entry in entries:
        say(entry.way, entry.text, entry.ms)
