"""Where a sale's time went: from the order to the code, the customer, the proof, the voice and the paper."""

from collections.abc import Sequence
from typing import Final

import msgspec

from terminal.observe.calls import SeenCall
from terminal.payments.event import Event

_TOP_MS: Final = 10**9  # beyond that two monotonic clocks were compared
_PRINTED: Final = frozenset({"confirmed", "processed", "sent"})


class Stage(msgspec.Struct, frozen=True):
    """``name``: bank_code, glass, customer, proof, checking, voice, paper. Milliseconds after the sale began."""

    name: str
    from_ms: int
    took_ms: int

    @property
    def until_ms(self) -> int:
        return self.from_ms + self.took_ms


class CallTold(msgspec.Struct, frozen=True):
    """A call to a bank; ``from_ms`` after the sale began."""

    channel: str
    act: str
    outcome: str
    from_ms: int
    took_ms: int


def offsets_ms(events: Sequence[Event]) -> list[int]:
    """How long after the first each came: by the monotonic clock, across a machine's restart by the wall's."""
    found, at_ms = [], 0
    for index, event in enumerate(events):
        at_ms += _between_ms(events[index - 1], event) if index else 0
        found.append(at_ms)
    return found


def _between_ms(before: Event, after: Event) -> int:
    mono_ms = (after.mono_ns - before.mono_ns) // 1_000_000
    return mono_ms if 0 <= mono_ms < _TOP_MS else max(after.wall_ms - before.wall_ms, 0)


def green_ms(events: Sequence[Event]) -> int | None:
    """From the sale's first event until it was paid; None while it is not."""
    for at_ms, event in zip(offsets_ms(events), events, strict=True):
        if event.type == "sale_moved" and event.body.get("to") == "paid":
            return at_ms
    return None


def stages(events: Sequence[Event]) -> list[Stage]:
    """The pieces in order. A customer's code that is scanned has no code of the bank and no glass.

    Of several attempts the last one before the sale was paid counts; what came before it is in the lines.
    """
    at = _Moments(events)
    begun = at.first("attempt_started", last=True)
    code, shown = at.moved("shown", begun), at.first("code_shown", after=begun)
    acting, doubt = at.moved("waiting", begun), at.moved("unknown", begun)
    paid, ended = at.moved("paid", begun), at.ended()
    proven = paid if paid is not None else ended
    before = shown if shown is not None else code if code is not None else at.moved("sent", begun)
    pieces = [
        ("bank_code", 0 if begun is None else begun, code),
        ("glass", code, shown),
        ("customer", before, acting if acting is not None else proven if doubt is None else doubt),
        ("proof", acting, proven),
        ("checking", doubt, proven),
        ("voice", paid, at.effect("voice", frozenset({"taken"}))),
        ("paper", paid, at.effect("receipt", _PRINTED)),
    ]
    return [
        Stage(name, since, until - since)
        for name, since, until in pieces
        if since is not None and until is not None and until >= since
    ]


class _Moments:
    """When something was first so, in milliseconds after the sale's first event."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._rows = list(zip(offsets_ms(events), events, strict=True))

    def first(self, kind: str, *, after: int | None = None, last: bool = False) -> int | None:
        end = self.ended()
        found = [
            at
            for at, each in self._rows
            if each.type == kind and at >= (after or 0) and (end is None or at <= end)
        ]
        return (found[-1] if last else found[0]) if found else None

    def moved(self, to: str, after: int | None) -> int | None:
        for at, each in self._rows:
            if each.type == "attempt_moved" and each.body.get("to") == to and at >= (after or 0):
                return at
        return None

    def ended(self) -> int | None:
        ends = {"paid", "cancelled", "expired"}
        for at, each in self._rows:
            if each.type == "sale_moved" and each.body.get("to") in ends:
                return at
        return None

    def effect(self, kind: str, outcomes: frozenset[str]) -> int | None:
        for at, each in self._rows:
            body = each.body
            if each.type == "effect_done" and body.get("kind") == kind and body.get("outcome") in outcomes:
                return at
        return None


def numbers_of(events: Sequence[Event]) -> list[str]:
    """Order and refund numbers of a sale: what calls to banks are about."""
    found = [each.body.get("attempt") for each in events if each.type == "attempt_started"]
    found += [each.body.get("refund") for each in events if each.type == "refund_started"]
    return [str(each) for each in dict.fromkeys(found) if each]


def told(calls: Sequence[SeenCall], events: Sequence[Event]) -> list[CallTold]:
    """Calls on the sale's own scale: by the nearest event before their end."""
    rows = list(zip(offsets_ms(events), events, strict=True))
    return [each for call in calls if (each := _placed(call, rows)) is not None]


def _placed(call: SeenCall, rows: Sequence[tuple[int, Event]]) -> CallTold | None:
    gaps = [((call.mono_ns - event.mono_ns) // 1_000_000, at_ms) for at_ms, event in rows]
    known = [(gap, at_ms) for gap, at_ms in gaps if 0 <= gap < _TOP_MS]
    if not known:
        return None
    gap, at_ms = min(known)
    return CallTold(call.channel, call.act, call.outcome, max(at_ms + gap - call.took_ms, 0), call.took_ms)
