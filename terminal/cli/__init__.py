"""The ``countertop`` command: one file a command."""


def main() -> None:
    """Entry point. Imports wait until here so that a broken command cannot break the others' help."""
    from terminal.cli.commands import app

    app()
