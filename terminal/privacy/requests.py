"""What a person may ask for: everything that is held of them, and that it goes (PR9).

Money facts stay: their keeping is a duty. What goes are the clear values beside the journal; the chain holds only
salted commitments of them, so it stays whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from terminal.payments.event import Event

Redact = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def held(events: Iterable[Event]) -> bool:
    """Whether a legal hold lasts, by the events of ``privacy:<subject>`` in order."""
    last = [each.type for each in events if each.type in ("personal_held", "personal_released")]
    return last[-1:] == ["personal_held"]


OLD_PEOPLE: Final = """SELECT personal.subject FROM personal JOIN event USING (number)
    GROUP BY personal.subject HAVING max(event.wall_ms) < ?"""
"""The question for everybody whose newest clear value is from before a time."""


def of_people(rows: Iterable[Sequence[Any]]) -> list[str]:
    return sorted(str(row[0]) for row in rows)


def dossier(
    about: str, events: Sequence[Event], personal: Callable[[int], Mapping[str, str]], redact: Redact
) -> dict[str, Any]:
    """Everything the journal holds of one person or payment, as data.

    Args:
        personal: the clear values of an event that were not erased.
        redact: a body without what leaves nobody, such as hashes of PINs.
    """
    return {
        "about": about,
        "held": held([each for each in events if each.subject == f"privacy:{about}"]),
        "events": [
            {
                "number": each.number,
                "type": each.type,
                "at_ms": each.wall_ms,
                "counter": each.counter,
                "actor": each.actor,
                "body": dict(redact(each.stream, each.body)),
                "personal": dict(personal(each.number)),
            }
            for each in events
        ],
    }
