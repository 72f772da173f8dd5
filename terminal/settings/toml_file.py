"""A TOML file of a person, read whole: bounded, and what is wrong with it told with its line where one is."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from terminal.errors import BadSettings
from terminal.given_file import read_handed

FILE_MAX: Final = 1024 * 1024  # bytes; the example with all its comments has 16 KiB
_PLACE: Final = re.compile(r"at line \d+, column \d+|at end of document")


def read_tables(path: Path, *, secret: bool = False) -> dict[str, Any]:
    """Raises BadSettings: ``config_missing``, ``config_unreadable``, of a ``secret`` file without its content."""
    try:
        data = read_handed(path, FILE_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise BadSettings("config_missing", path=str(path)) from None
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from None
    if len(data) > FILE_MAX:
        raise _unreadable(path, f"longer than {FILE_MAX // 1024} KiB")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"not UTF-8 at line {_line(data, error.start)}") from None
    except tomllib.TOMLDecodeError as error:
        where = _PLACE.search(str(error))
        plain = where[0] if where else "not TOML"
        raise _unreadable(path, plain if secret else str(error)) from None
    except RecursionError:
        raise _unreadable(path, "tables or lists too deep in each other") from None
    except ValueError:  # int() reads no more digits than that
        raise _unreadable(path, _endless(data)) from None


def _endless(data: bytes) -> str:
    most = sys.get_int_max_str_digits()
    found = re.search(rb"[0-9][0-9_]{%d,}" % most, data)
    return f"a number of more than {most} digits" + (f" at line {_line(data, found.start())}" if found else "")


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _unreadable(path: Path, why: str) -> BadSettings:
    return BadSettings("config_unreadable", path=str(path), why=why)
