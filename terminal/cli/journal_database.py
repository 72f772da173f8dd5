"""The journal's commands where PostgreSQL keeps it: read from the database itself, and the move into it."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from terminal.cli.words import console, errors, sentences
from terminal.errors import JournalError
from terminal.journal.checkpoints import read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Row
from terminal.journal.verify import Report
from terminal.payments.anchor import Anchor
from terminal.settings import Loaded, load
from terminal.wiring.stores import checkpoints_path, identity_of, journal_path, keys_folder, place_of


def shared(loaded: Loaded) -> bool:
    return loaded.settings.journal.store == "postgres"


def report_of(loaded: Loaded, keys: JournalKeys, anchors: Sequence[Anchor] = ()) -> Report:
    """The whole database checked. Raises JournalError, BadSettings."""
    from terminal.journal.postgres.verify import verify_log

    signed = read_checkpoints(checkpoints_path(loaded), keys.signer.public_key())
    return asyncio.run(verify_log(place_of(loaded), keys, signed, anchors=anchors))


def rows_of(loaded: Loaded) -> Iterator[Row]:
    """Every event of the database, from the first on. Raises JournalError."""
    from terminal.journal.postgres.log import rows_after
    from terminal.journal.postgres.place import LOST, close
    from terminal.journal.postgres.start import reach

    place = place_of(loaded)
    with asyncio.Runner() as runner:
        connection, number = runner.run(reach(place)), 0
        try:
            while page := runner.run(rows_after(connection, number)):
                yield from page
                number = page[-1].number
        except LOST as error:
            raise JournalError("database_lost", place=place.told, detail=str(error)) from error
        finally:
            runner.run(close(connection))


def migrate(
    to: Annotated[Literal["postgres"], typer.Option("--to", help="Where to: the database of [journal] dsn.")],
    config: Annotated[Path, typer.Option(help="The settings file of the service.")],
) -> None:
    """Move this machine's journal into PostgreSQL; stop the service first. It may be stopped and run again."""
    from terminal.journal.postgres.move import move

    with sentences():
        loaded = load(config)
        path = journal_path(loaded)
        if not path.exists():
            raise JournalError("journal_missing", path=str(path))
        place = place_of(loaded)
        moved = asyncio.run(
            move(
                path,
                checkpoints_path(loaded),
                place,
                identity_of(loaded),
                JournalKeys.load(keys_folder(loaded)),
                step=_told if sys.stderr.isatty() else lambda _done, _of: None,
            )
        )
        console.print(
            f"{moved.events} events are in {place.told}, read back and compared with the file: the same.\n"
            f"The file is now {moved.kept}. Keep it with your backups.\n"
            f'Now set store = "{to}" under \\[journal] in {config}, and start the service.',
            highlight=False,
            soft_wrap=True,
        )


def _told(done: int, of: int) -> None:
    errors.print(f"{done} of {of}", end="\r", highlight=False)
