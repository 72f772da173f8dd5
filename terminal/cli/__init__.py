"""The ``countertop`` command: one file a command."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

INTERRUPTED: Final = 130
UNWRITTEN: Final = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> None:
    """Entry point."""
    sys.exit(edge(_run))


def _run() -> None:
    """Imports wait until here so that a broken command cannot break the others' help."""
    if sys.argv[1:2] == ["serve"]:
        from terminal.cli.serve.alone import asked, run

        if plain := asked(sys.argv[2:]):
            sys.exit(run(plain))
    from terminal.cli.commands import app

    app()


def edge(run: Callable[[], object]) -> str | int | None:
    """What no command can say itself: nobody listens, the disk is full, Ctrl-C came while it was being loaded.

    Returns the exit code of ``run``.
    """
    _need_streams()
    try:
        try:
            run()
        finally:
            sys.stdout.flush()
    except SystemExit as end:
        return end.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        if error.filename is None and error.errno not in UNWRITTEN:
            raise
        return _told(error)
    return 0


def _told(error: OSError) -> int:
    if error.filename is not None:
        print(f"{os.fsdecode(error.filename)}: {error.strerror}.", file=sys.stderr)
        return 2
    sys.stdout = _nowhere()  # else the last flush complains again
    if error.errno != errno.EPIPE:
        print(f"The answer could not be written: {error.strerror}. Send it to another place.", file=sys.stderr)
    return 1


def _need_streams() -> None:
    """Python has none for a descriptor that came closed; the next file would get its number, and what is said."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
