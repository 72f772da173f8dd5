"""Dead letters: what an endpoint never took, kept by number until a person or the endpoint ends it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from terminal.payments.event import Actor, Event, NewEvent

LETTER: Final = "dead_letter"


@dataclass(frozen=True, slots=True)
class Letter:
    """The event itself stands in the journal. ``asked``: a person wants it delivered again; ``at_ms``: UTC."""

    hook: str
    number: int
    event_type: str
    counter: str
    why: str
    status: int
    at_ms: int
    asked: bool = False

    @property
    def subject(self) -> str:
        return f"letter:{self.hook}:{self.number}"


@dataclass(frozen=True, slots=True)
class Told:
    """What happened to a letter, as an event, and as it is then; ``waits``: it is still on the list."""

    event: NewEvent
    letter: Letter
    waits: bool


def kept(stream: str, actor: Actor, letter: Letter) -> Told:
    """It waits, for the first time or again."""
    letter = replace(letter, asked=False)
    body = {
        "hook": letter.hook,
        "number": letter.number,
        "event_type": letter.event_type,
        "counter": letter.counter,
        "why": letter.why,
        "status": letter.status,
        "at_ms": letter.at_ms,
        "index": {"summary": _row(letter)},
    }
    return Told(NewEvent(stream, "letter_kept", letter.subject, actor, body), letter, True)


def asked(stream: str, actor: Actor, letter: Letter) -> Told:
    """A person wants it delivered again."""
    letter = replace(letter, asked=True)
    body = {"hook": letter.hook, "number": letter.number, "index": {"summary": _row(letter)}}
    return Told(NewEvent(stream, "letter_asked", letter.subject, actor, body), letter, True)


def delivered(stream: str, actor: Actor, letter: Letter) -> Told:
    body = {"hook": letter.hook, "number": letter.number, "index": {"summary": _GONE}}
    return Told(NewEvent(stream, "letter_delivered", letter.subject, actor, body), letter, False)


def dropped(stream: str, actor: Actor, letter: Letter, why: Literal["person", "full", "removed"]) -> Told:
    body = {"hook": letter.hook, "number": letter.number, "why": why, "index": {"summary": _GONE}}
    return Told(NewEvent(stream, "letter_dropped", letter.subject, actor, body), letter, False)


_GONE: Final = {"kind": LETTER, "final": True, "open": False}
_FIELDS: Final = ("hook", "number", "event_type", "counter", "why", "status", "at_ms", "asked")


def _row(letter: Letter) -> dict[str, Any]:
    waiting = {name: getattr(letter, name) for name in _FIELDS}
    return {**_GONE, "search": ["waiting"], **waiting}


def letter_of(row: Mapping[str, Any]) -> Letter:
    return Letter(**{name: row[name] for name in _FIELDS})


def heard(event: Event) -> tuple[Letter, bool]:
    """One that another machine recorded, read back from its row, and whether it waits."""
    row = event.body["index"]["summary"]
    if "number" in row:
        return letter_of(row), True
    return Letter(event.body["hook"], event.body["number"], "", event.counter, "", 0, 0), False
