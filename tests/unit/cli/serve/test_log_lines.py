"""A log that cannot be written costs lines, which are counted, and nothing else (F3)."""

import errno
import io
import logging

import pytest

from terminal.cli.serve.log_lines import LogLines


class Disk(io.StringIO):
    """Takes lines until it is full, and again when there is room."""

    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.fixture
def log() -> tuple[logging.Logger, Disk]:
    disk = Disk()
    logger = logging.Logger("counter")
    logger.addHandler(LogLines(disk))
    return logger, disk


def test_f3_lines_of_a_full_disk_are_counted_and_told_when_there_is_room(log: tuple[logging.Logger, Disk]) -> None:
    logger, disk = log
    logger.info("one")
    disk.full = True
    for _ in range(3):
        logger.info("lost")
    disk.full = False
    logger.info("two")
    logger.info("three")
    assert disk.getvalue().splitlines() == ["one", "3 log lines before this one were lost", "two", "three"]


def test_f3_a_closed_stream_stops_nothing(log: tuple[logging.Logger, Disk]) -> None:
    logger, disk = log
    disk.close()
    logger.info("into the void")
    (handler,) = logger.handlers
    assert isinstance(handler, LogLines)
    assert handler.lost == 1


def test_a_bug_in_a_message_is_still_seen(
    log: tuple[logging.Logger, Disk], capsys: pytest.CaptureFixture[str]
) -> None:
    logger, _ = log
    logger.info("%d", "no number")
    assert "no number" in capsys.readouterr().err
