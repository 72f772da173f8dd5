"""How every command speaks: sentences with a code and a fix, an exit code per failure, JSON for machines."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from terminal.errors import (
    BadSettings,
    Conflict,
    Fact,
    InvalidRequest,
    JournalError,
    NotAllowed,
    NotFound,
    TerminalError,
)
from terminal.help.registry import describe, fill
from terminal.settings import Problems

REFUSED: Final = 1
USAGE: Final = 2
SETTINGS: Final = 3
JOURNAL: Final = 4
UNAVAILABLE: Final = 5

CAUSES: Final = ("why", "detail", "reason")
DETAILS: Final = ("number", *CAUSES)

if TYPE_CHECKING:
    from rich.console import Console

    console: Console
    errors: Console


@cache
def __getattr__(name: str) -> "Console":
    """``console`` and ``errors`` come when they are asked for: the service, which runs for years, keeps no rich
    text (2 MB)."""
    if name not in ("console", "errors"):
        raise AttributeError(name)
    from rich.console import Console

    return Console(stderr=name == "errors")


class Problem(TerminalError):
    """The running service said no, with this HTTP status."""

    def __init__(self, status: int, slug: str, facts: Mapping[str, Fact]) -> None:
        super().__init__(slug, **facts)
        self.status = status


def language(environment: Mapping[str, str] = os.environ) -> str:
    """The language of this terminal, from the usual variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name, ""):
            return value.split(".")[0].replace("_", "-")
    return "en"


def exit_code(error: TerminalError) -> int:
    match error:
        case Problem(status=status):
            return REFUSED if status < 500 else UNAVAILABLE
        case BadSettings():
            return SETTINGS
        case JournalError():
            return JOURNAL
        case InvalidRequest() | Conflict() | NotFound() | NotAllowed():
            return REFUSED
        case _:
            return UNAVAILABLE


def in_json(error: TerminalError) -> dict[str, Any]:
    said = describe(error.slug, error.facts, language())
    told = {"error": error.slug, "code": said.code, "sentence": said.sentence, "fix": said.fix}
    return {**told, "facts": error.facts}


def tell(error: TerminalError, *, as_json: bool = False) -> None:
    """Say a failure in words: what happened, what to do, and its code."""
    if as_json:
        print(msgspec.json.encode(in_json(error)).decode())
        return
    from rich.markup import escape

    said = describe(error.slug, error.facts, language())
    errors = __getattr__("errors")
    errors.print(f"[bold red]{said.code}[/]  {escape(said.sentence)}", highlight=False, soft_wrap=True)
    errors.print(f"      {said.fix}", highlight=False, markup=False, soft_wrap=True)
    if untold := _untold(error, said.sentence):
        errors.print(f"      ({untold})", highlight=False, markup=False, soft_wrap=True)


def _untold(error: TerminalError, sentence: str) -> str:
    """Facts that help to find the place, where the registry's sentence does not mention them."""
    facts = [(name, fill(f"{{{name}}}", error.facts)) for name in DETAILS if error.facts.get(name)]
    return ", ".join(text if name in CAUSES else f"{name} {text}" for name, text in facts if text not in sentence)


def wrong_option(option: str, why: str) -> BadSettings:
    """What was typed behind the command, not what stands in the settings."""
    return BadSettings("option_wrong", option=option, why=why)


def refused(error: TerminalError, *, as_json: bool = False) -> int:
    """Say it; returns the exit code."""
    if not isinstance(error, Problems):
        tell(error, as_json=as_json)
        return exit_code(error)
    for problem in error.problems:
        tell(problem, as_json=as_json)
    return SETTINGS


@contextmanager
def sentences(*, as_json: bool = False) -> Iterator[None]:
    """Turn what a command may refuse into sentences and an exit code."""
    try:
        yield
    except TerminalError as error:
        _leave(refused(error, as_json=as_json))
    except KeyboardInterrupt:
        _leave(130)


def _leave(code: int) -> NoReturn:
    """Typer comes with the commands: the service, which runs for years, is started without it (1.4 MB)."""
    from typer import Exit

    raise Exit(code) from None


def put(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def give_up(message: str, code: int = USAGE) -> NoReturn:
    __getattr__("errors").print(message, highlight=False, markup=False, soft_wrap=True)
    _leave(code)
