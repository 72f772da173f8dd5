"""How every command speaks: sentences with a code and a fix, an exit code per failure, JSON for machines."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import msgspec
import typer
from rich.console import Console

from terminal.errors import (
    BadSettings,
    Conflict,
    InvalidRequest,
    JournalError,
    NotAllowed,
    NotFound,
    TerminalError,
)
from terminal.help.registry import describe
from terminal.settings import Problems

REFUSED: Final = 1
USAGE: Final = 2
SETTINGS: Final = 3
JOURNAL: Final = 4
UNAVAILABLE: Final = 5

console = Console()
errors = Console(stderr=True)


def language() -> str:
    """The language of this terminal, from the usual variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name, ""):
            return value.split(".")[0].replace("_", "-")
    return "en"


def exit_code(error: TerminalError) -> int:
    match error:
        case BadSettings():
            return SETTINGS
        case JournalError():
            return JOURNAL
        case InvalidRequest() | Conflict() | NotFound() | NotAllowed():
            return REFUSED
        case _:
            return UNAVAILABLE


def tell(error: TerminalError, *, as_json: bool = False) -> None:
    """Say a failure in words: what happened, what to do, and its code."""
    said = describe(error.slug, error.facts, language())
    if as_json:
        told = {"error": error.slug, "code": said.code, "sentence": said.sentence, "fix": said.fix}
        print(msgspec.json.encode({**told, "facts": error.facts}).decode())
        return
    errors.print(f"[bold red]{said.code}[/]  {said.sentence}", highlight=False, soft_wrap=True)
    errors.print(f"      {said.fix}", highlight=False, soft_wrap=True)
    if why := error.facts.get("why"):
        errors.print(f"      ({why})", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def sentences(*, as_json: bool = False) -> Iterator[None]:
    """Turn what a command may refuse into sentences and an exit code."""
    try:
        yield
    except Problems as several:
        for problem in several.problems:
            tell(problem, as_json=as_json)
        raise typer.Exit(SETTINGS) from None
    except TerminalError as error:
        tell(error, as_json=as_json)
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def put(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def give_up(message: str, code: int = USAGE) -> NoReturn:
    errors.print(message, highlight=False, markup=False)
    raise typer.Exit(code)
