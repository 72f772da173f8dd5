"""Log lines stop nothing and nobody waits for them: what cannot be written is counted and told later (F3)."""

import logging
import sys
from contextlib import suppress
from typing import TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogLines(logging.StreamHandler[TextIO]):
    """``lost``: lines since the last one that was written, on a full disk or into a pipe nobody reads."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        lost, self.lost = self.lost, 0
        if lost:
            said = f"{lost} log lines before this one were lost"
            super().emit(logging.LogRecord(__name__, logging.WARNING, __file__, 0, said, None, None))
        if self.lost:  # it is still so: what was not told stays counted
            self.lost = lost + 1
            return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """A broken log is no reason to break anything else; a bug in a message is shown as ever."""
        if isinstance(sys.exc_info()[1], OSError | ValueError):  # ValueError: the stream was closed
            self.lost += 1
        else:
            super().handleError(record)


def begin(*, verbose: bool) -> None:
    """The process's log goes to its error stream."""
    lines = LogLines(sys.stderr)
    lines.setFormatter(logging.Formatter(FORMAT))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[lines])
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def say(text: str) -> None:
    """A line for whoever started us; that nobody listens any more changes nothing."""
    with suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
