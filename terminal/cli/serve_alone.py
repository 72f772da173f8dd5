"""``countertop serve`` without the other commands: what they import, a shop's machine would keep for years and
load after every power cut while people wait (4 MB, 50 ms)."""

from typing import Final

import typer

from terminal.cli.serve import serve

app: Final = typer.Typer(name="countertop", add_completion=False, pretty_exceptions_enable=False)
app.command()(serve)


@app.callback()
def _named() -> None:
    """A lone command would lose its name."""
