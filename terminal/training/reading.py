"""From the practice journal to what a lesson's judge looks at."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from terminal.payments.event import Event
from terminal.training.judge import Happened

BEGUN: Final = "lesson_begun"
ACT: Final = "lesson_act"
ENDED: Final = "lesson_ended"
OTHERS_MAX: Final = 8
DOUBT: Final = frozenset({"unknown", "closing", "reversing", "reverse_unknown"})
OVER: Final = frozenset({"cancelled", "expired"})
_HAND: Final = re.compile(r"(person|pos):.*|device:[0-9A-Z]{26}")
OF_A_SALE: Final = frozenset({"paid", "checking", "ended"})
"""How a sale goes on by itself: counts for a lesson only where the sale is one of its own."""


def read(events: Iterable[Event], run: str, counter: str, at_ms_of: Callable[[int], int]) -> Iterator[Happened]:
    """What happened in this run: its own acts, and sales of its counter.

    ``at_ms_of``: milliseconds of an event's monotonic nanoseconds.
    """
    for event in events:
        body, at_ms = event.body, at_ms_of(event.mono_ns)
        if event.type == ACT:
            if event.subject == run:
                yield Happened(at_ms, body["act"], body["sale"], body["paid_minor"], body["word"])
        elif event.counter == counter and (kind := _kind(event)):
            yield Happened(at_ms, kind, event.subject, body["amount_minor"] if kind == "opened" else 0)


def others(events: Iterable[Event], run: str, counter: str, trainee: str) -> frozenset[str]:
    """Who else pressed something meanwhile: persons, programs, a till at which nobody was signed in.

    The shop's scanner and a customer's phone are devices too, and press nothing.
    """
    pressed = (each.actor for each in events if run == each.subject or counter == each.counter)
    return frozenset(each for each in pressed if each != trainee and _HAND.fullmatch(each))


def _kind(event: Event) -> str:
    body = event.body
    match event.type:
        case "sale_opened":
            return "opened"
        case "sale_moved":
            return "paid" if body["to"] == "paid" else "ended" if body["to"] in OVER else ""
        case "attempt_moved":
            return "checking" if body["to"] in DOUBT and body["from"] not in DOUBT else ""
        case "refund_started":
            return "refund"
        case "override_made" | "sale_claimed" | "sale_unverified":
            return "overridden"
    return ""
