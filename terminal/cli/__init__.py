"""The ``countertop`` command: one file a command."""

import sys


def main() -> None:
    """Entry point. Imports wait until here so that a broken command cannot break the others' help."""
    if sys.argv[1:2] == ["serve"]:
        from terminal.cli.serve_alone import asked, run

        if plain := asked(sys.argv[2:]):
            sys.exit(run(plain))
    from terminal.cli.commands import app

    app()
