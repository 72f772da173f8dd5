"""What was practised during a visit: lessons and exams of the practice journal, which nobody else writes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from terminal.errors import JournalError
from terminal.journal.reader import Reader
from terminal.payments.event import Summary
from terminal.visit.steps import Visit

LESSONS_MAX: Final = 100
EXAMS_MAX: Final = 20
NOTHING: Final[dict[str, list[dict[str, Any]]]] = {"lessons": [], "exams": []}


def since(visit: Visit, begun: Sequence[Mapping[str, Any]]) -> int:
    """UTC milliseconds from which on a lesson is of this visit, by the clock as it was when practice began.

    As it was when the visit began it may have been wrong: that is what the first step finds out.

    Args:
        begun: when counters began to practise in this visit.
    """
    return min((int(each["at_ms"]) for each in begun), default=visit.begun_ms)


def practised(path: Path, since_ms: int) -> dict[str, list[dict[str, Any]]]:
    """Ended ones since then, the newest first. Blocks for the disk; nothing where nobody ever practised."""
    if not path.exists():
        return NOTHING
    try:
        reader = Reader.at(path)
    except JournalError:  # practice that broke holds up no visit
        return NOTHING
    try:
        return {
            "lessons": [_lesson(each) for each in _since(reader.list("lesson", limit=LESSONS_MAX), since_ms)],
            "exams": [_exam(each) for each in _since(reader.list("exam", limit=EXAMS_MAX), since_ms)],
        }
    finally:
        reader.close()


def _since(rows: tuple[Summary, ...], since_ms: int) -> list[Summary]:
    return [each for each in rows if each.last_ms >= since_ms and each.body["state"] != "begun"]


def _lesson(row: Summary) -> dict[str, Any]:
    body = row.body
    return {"lesson": body["lesson"], "result": body["state"], "by": body["actor"], "at_ms": row.last_ms}


def _exam(row: Summary) -> dict[str, Any]:
    body = row.body
    return {"by": body["actor"], "passed": body["passed"], "percent": body["percent"], "at_ms": row.last_ms}
