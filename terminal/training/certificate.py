"""What an exam leaves: a document that the practice journal vouches for, and the same as a slip (row 103)."""

from typing import Any, Final

from terminal.errors import Conflict
from terminal.payments.event import Event
from terminal.payments.receipt import Blank, Receipt, Row, Rule
from terminal.training.exam_desk import Exam
from terminal.training.lesson import lesson, shared

KIND: Final = "training_certificate"


def certificate(exam: Exam, shop: str, name: str, head: Event) -> dict[str, Any]:
    """Plain JSON without floats. ``seconds`` and ``alone`` are None where nobody wrote them down.

    Args:
        name: of the trainee, as people call them.
        head: the practice journal's event that ended the exam; its hash stands for everything before it.

    Raises:
        Conflict("exam_not_ended").
    """
    if not exam.ended_ms:
        raise Conflict("exam_not_ended", exam=exam.id)
    got = exam.mark
    tasks = [
        {
            "lesson": each.lesson,
            "passed": each.passed,
            "withheld": each.withheld,
            "seconds": each.seconds,
            "mistakes": list(each.findings),
            "points": points,
        }
        for each, points in zip(exam.worked, got.tasks, strict=True)
    ]
    return {
        "kind": KIND,
        "exam": exam.id,
        "shop": shop,
        "trainee": name,
        "seed": exam.paper.seed,
        "track": exam.track,
        "begun_ms": exam.begun_ms,
        "ended_ms": exam.ended_ms,
        "seconds": exam.seconds,
        "points": got.points,
        "possible": got.possible,
        "percent": got.percent,
        "gave_away": got.gave_away,
        "alone": exam.alone,
        "passed": got.passed,
        "tasks": tasks,
        "questions": [*exam.answers],
        "right_answers": got.right_answers,
        "journal": {"number": head.number, "hash": head.hash.hex()},
    }


def slip(told: dict[str, Any], language: str, day: str) -> Receipt:
    """A certificate for the receipt printer. It says that it is about training, on its first line."""
    words = shared().page

    def say(key: str, **facts: object) -> str:
        return words[key][language].format(**facts)

    lines: list[Row | Rule | Blank] = [
        Row(say("certificate"), align="center", size=2, bold=True),
        Row(told["shop"], align="center"),
        Rule(),
        Row(told["trainee"], day),
        Row(say("exam_passed" if told["passed"] else "exam_failed"), f"{told['percent']} %", bold=True),
        Row(say("score", points=told["points"], possible=told["possible"])),
        *([Row(say("helped"))] if told["alone"] is False else []),
        Rule(),
    ]
    for task in told["tasks"]:
        mark = "+" if task["passed"] else "-"
        lines.append(Row(f"{mark} {lesson(task['lesson']).title[language]}", say("seconds", n=task["seconds"])))
        lines += [Row(f"  {shared().findings[each][language]}") for each in task["mistakes"]]
    lines += [
        Row(say("answers"), f"{told['right_answers']}/{len(told['questions'])}"),
        Rule(),
        Row(f"{told['journal']['number']} {told['journal']['hash'][:16]}", align="center"),
    ]
    return tuple(lines)
