"""``countertop serve`` beside the other commands: what its words mean, for whoever asks."""

from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.serve.run import serve as run


def serve(
    config: Annotated[Path, typer.Option(help="The settings file.")],
    check: Annotated[bool, typer.Option("--check", help="Check the settings and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Errors for machines.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Run the service: counters, bank, devices, pages and API, until Ctrl-C or SIGTERM."""
    raise typer.Exit(run(config, check=check, as_json=as_json, verbose=verbose))
