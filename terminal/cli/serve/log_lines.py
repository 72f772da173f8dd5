"""Log lines stop nothing and nobody waits for them: what cannot be written is counted and told later (F3)."""

import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

import msgspec

from terminal.log_context import now_about

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LINE_MAX: Final = 8192  # characters of a message or of a trace: what is longer is cut, a line stays a line


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


class TextLines(logging.Formatter):
    """As people read it; the ids of what a task works on come last."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        ids = " ".join(f"{name}={value}" for name, value in now_about().items())
        line = super().formatMessage(record)
        return f"{line} [{ids}]" if ids else line


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, the ids of what a task works on, and a trace."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, str] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _whole(record.getMessage())[:LINE_MAX],
            **now_about(),
        }
        if record.exc_info:
            told["trace"] = _whole(self.formatException(record.exc_info))[-LINE_MAX:]
        return msgspec.json.encode(told).decode()


def _whole(text: str) -> str:
    """Half a character (a surrogate alone, of a file's name) has no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def begin(*, verbose: bool) -> None:
    """The process's log goes to its error stream; turning files over is the service manager's (journald)."""
    lines = LogLines(sys.stderr)
    lines.setFormatter(TextLines())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[lines])
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def shape(form: Literal["text", "json"], level: str, *, verbose: bool) -> None:
    """As the settings ask, once they are read; ``verbose`` on the command line says more than they do."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else level.upper())
    for handler in root.handlers:
        if isinstance(handler, LogLines):
            handler.setFormatter(JsonLines() if form == "json" else TextLines())


def say(text: str) -> None:
    """A line for whoever started us; that nobody listens any more changes nothing."""
    with suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
