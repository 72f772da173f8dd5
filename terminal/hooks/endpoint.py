"""What the journal knows of endpoints: pure folds of their events, and the rows they leave."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from terminal.payments.event import Body, Event

KIND: Final = "hook"
State = Literal["on", "off", "gone"]
"""``off``: switched off by a person; ``gone``: it answered 410."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are delivered.

    Args:
        events: types that it wants; none means all. ``counters`` likewise; with some, none of the store comes.
        secret, old_secret: sealed; the old one signs beside the new one until ``old_until_ms``.
        position: the number of the last event that is done with.
        failing_ms: since when it took nothing, UTC; 0 when it is well. ``why`` and ``status``: the newest failure.
        lost: dead letters that had to go because the list was full.
        version: goes up with every change a person makes.
    """

    id: str
    label: str
    url: str
    events: tuple[str, ...]
    counters: tuple[str, ...]
    secret: str
    position: int
    state: State = "on"
    old_secret: str = ""
    old_until_ms: int = 0
    failing_ms: int = 0
    why: str = ""
    status: int = 0
    lost: int = 0
    version: int = 1
    active: bool = True

    @property
    def trouble(self) -> bool:
        """A person must know: it takes nothing, or wants nothing any more."""
        return self.state == "gone" or (self.state == "on" and self.failing_ms > 0)

    def wants(self, event: Event) -> bool:
        return (not self.events or event.type in self.events) and (
            not self.counters or event.counter in self.counters
        )


_WELL: Final[dict[str, Any]] = {"failing_ms": 0, "why": "", "status": 0}
_PERSONS: Final = frozenset({"hook_changed", "hook_rotated", "hook_sent_again"})


def evolve(record: Endpoint | None, subject: str, kind: str, body: Body) -> Endpoint:
    """The record after one event. An event of the wrong kind is a bug."""
    if record is None:
        assert kind == "hook_added", kind
        events, counters = tuple(body["events"]), tuple(body["counters"])
        return Endpoint(subject, body["label"], body["url"], events, counters, body["secret"], body["position"])
    if kind in _PERSONS:
        record = replace(record, version=record.version + 1)
    match kind:
        case "hook_changed":
            lists: dict[str, Any] = {name: tuple(body[name]) for name in ("events", "counters")}
            told: dict[str, Any] = {name: body[name] for name in ("label", "url", "state")}
            told["position"] = body["position"] or record.position  # 0: where it is
            return replace(record, **told, **lists, **_WELL)
        case "hook_rotated":
            kept = {"old_secret": record.secret, "old_until_ms": body["old_until_ms"]}
            return replace(record, secret=body["secret"], **kept)
        case "hook_removed":
            return replace(record, active=False, secret="", old_secret="")
        case "hook_moved" | "hook_sent_again":
            return replace(record, position=body["position"])
        case "hook_well":
            return replace(record, position=body["position"], **_WELL)
        case "hook_failing":
            failing = {"failing_ms": body["at_ms"], "why": body["why"], "status": body["status"]}
            return replace(record, position=body["position"], **failing)
        case "hook_gone":
            return replace(record, state="gone", position=body["position"], why="answer", status=410)
        case "letters_made":
            return replace(record, position=body["position"], lost=record.lost + body["lost"])
    raise AssertionError(f"{kind} cannot happen to an endpoint")


def summary(record: Endpoint) -> dict[str, Any]:
    """The journal's row: all of the record. Final, because nothing of it is unfinished money."""
    names = ("label", "url", "secret", "position", "state", "old_secret", "old_until_ms", "failing_ms", "why")
    row: dict[str, Any] = {name: getattr(record, name) for name in (*names, "status", "lost", "version", "active")}
    row |= {"kind": KIND, "final": True, "events": [*record.events], "counters": [*record.counters]}
    return row | {"search": ["active"] if record.active else []}


def restore(subject: str, row: Mapping[str, Any]) -> Endpoint:
    told = {name: value for name, value in row.items() if name not in ("kind", "final", "search")}
    told |= {"events": tuple(row["events"]), "counters": tuple(row["counters"])}
    return Endpoint(subject, **told)
