"""A clock that only moves when asked, seeded chance, and short ways to make events."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger, NewEvent

SHOP: Final = Identity("m-1", "s-1", Ledger.TEST)
KEYS: Final = JournalKeys.make(Chance("keys"))
SYSTEM: Final = Actor("system", "test")
Open = Callable[..., SqliteJournal]


class TickingClock:
    """A millisecond passes with every look at the wall."""

    def __init__(self) -> None:
        self._ms = 1_767_225_600_000

    def wall_ms(self) -> int:
        self._ms += 1
        return self._ms

    def mono_ns(self) -> int:
        return self._ms * 1_000_000


def open_at(path: Path, **more: Any) -> SqliteJournal:
    defaults = {
        "identity": SHOP,
        "clock": TickingClock(),
        "entropy": Chance(path.name),
        "keys": KEYS,
        "inline": True,
    }
    return SqliteJournal.open(path, **{**defaults, **more})


def event(
    subject: str = "sale-1",
    *,
    stream: str = "counter:1",
    kind: str = "sale_opened",
    index: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    **body: Any,
) -> NewEvent:
    if index is not None:
        body["index"] = index
    return NewEvent(stream, kind, subject, SYSTEM, body, personal=personal or {})


def debt(name: str, kind: str = "voice", **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": kind, "counter": "1", "due_ms": 5, **more}


def summary(kind: str = "sale", *, final: bool = False, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "state": "open", "final": final, "open": not final, **more}


async def open_in(place: Place, view: Path, **more: Any) -> PostgresJournal:
    """A journal in PostgreSQL that serves the counters 0 to 2."""
    defaults = {
        "identity": SHOP,
        "clock": TickingClock(),
        "entropy": Chance(view.name),
        "keys": KEYS,
        "counters": ("0", "1", "2"),
        "instance": "one",
    }
    return await PostgresJournal.open(place, view, **{**defaults, **more})
