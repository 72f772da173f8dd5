"""An exam under way: its tasks one after the other, then its questions; stopped and resumed at any of them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from terminal.counter.ports import Clock, Ids, Journal
from terminal.errors import Conflict, InvalidRequest, NotFound
from terminal.payments.event import Actor, Event, NewEvent, Summary
from terminal.training.desk import RUNS_MAX, LessonDesk, Run
from terminal.training.exam import Mark, Paper, Worked, draw, mark, question
from terminal.training.lesson import Track

ENDED_BY_ITSELF: Final = frozenset({"passed", "failed"})  # left or cut off: that task is begun again


@dataclass(frozen=True, slots=True)
class Exam:
    """As its journal tells it. ``answers``: what was chosen, by question, counted as in the question's file.

    ``got``: how it was marked on the day it ended: another program's questions and marks change nothing of it.
    """

    id: str
    counter: str
    actor: str
    track: Track
    begun_ms: int
    paper: Paper
    worked: tuple[Worked, ...] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    ended_ms: int = 0
    seconds: int | None = None  # None: not measured, the service was started anew meanwhile
    number: int = 0  # of the event that began it, in the journal
    ended_number: int = 0
    got: Mark | None = None

    @property
    def next_task(self) -> str:
        """The lesson to do now; empty: the questions follow."""
        return self.paper.tasks[len(self.worked)].lesson if len(self.worked) < len(self.paper.tasks) else ""

    @property
    def next_question(self) -> str:
        if self.next_task:
            return ""
        return next((each for each, _ in self.paper.questions if each not in self.answers), "")

    @property
    def done(self) -> bool:
        return not self.next_task and not self.next_question

    @property
    def alone(self) -> bool | None:
        """Whether nobody but the trainee pressed anything. None: it was not written down."""
        told = [each.others for each in self.worked]
        if any(told):
            return False
        return None if None in told else True

    @property
    def mark(self) -> Mark:
        if self.got is not None:
            return replace(self.got, tasks=mark(self.worked, ()).tasks)
        asked = [each for each, _ in self.paper.questions]
        right = [self.answers.get(each) == question(each).right for each in asked]
        return mark(self.worked, right)


class ExamDesk:
    def __init__(self, store: str, *, journal: Journal, clock: Clock, ids: Ids, lessons: LessonDesk) -> None:
        self._stream, self._journal, self._clock, self._ids = f"store:{store}", journal, clock, ids
        self.lessons = lessons
        self._begun_ns: dict[tuple[str, str], tuple[str, int]] = {}  # of this process: counter and person -> exam
        self._turn = asyncio.Lock()

    def open_exam(self, counter: str, actor: str = "") -> Exam | None:
        """The newest one here, when it has not ended; of ``actor`` alone, for a certificate bears one name."""
        for row in self._journal.list("exam", limit=RUNS_MAX):
            if row.body["place"] == counter and actor in ("", row.body["actor"]):
                return self.exam(row.subject) if row.body["state"] == "begun" else None
        return None

    def ended(self) -> tuple[Exam, ...]:
        """The newest first, at most RUNS_MAX."""
        rows = self._journal.list("exam", limit=RUNS_MAX)
        return tuple(self.exam(row.subject) for row in rows if row.body["state"] == "ended")

    def exam(self, exam_id: str) -> Exam:
        """Raises NotFound("exam_unknown")."""
        told = _fold(self._journal.of_subject(exam_id))
        if told is None:
            raise NotFound("exam_unknown", exam=exam_id)
        return replace(told, worked=_in_order(told, [_worked(row.body) for row in self._tasks(told)]))

    def _tasks(self, exam: Exam) -> Sequence[Summary]:
        """Its lessons that ended by themselves, oldest first: all there are, however much was practised since."""
        found: list[Summary] = []
        before = exam.ended_number or None
        while rows := self._journal.list("lesson", before=before, limit=RUNS_MAX):
            found += [each for each in rows if each.first_number > exam.number and each.body["exam"] == exam.id]
            before = rows[-1].first_number
            if before < exam.number:
                break
        return [each for each in reversed(found) if each.body["state"] in ENDED_BY_ITSELF]

    async def begin(self, counter: str, actor: Actor, *, seed: int, track: Track = "fast") -> Exam:
        """A new exam, or one's own that was left half-way here: who comes back goes on where it stopped.

        Raises:
            InvalidRequest("exam_seed").
        """
        async with self._turn:
            if (going := self.open_exam(counter, str(actor))) is not None:
                return going
            draw(seed, scans=self.lessons.stage.scans)
            exam_id = self._ids.ulid()
            body: dict[str, Any] = {
                "counter": counter,
                "seed": seed,
                "track": track,
                "scans": self.lessons.stage.scans,
                "index": {"summary": _row("begun", str(actor), counter)},
            }
            begun = await self._journal.append([NewEvent(self._stream, "exam_begun", exam_id, actor, body)])
            self._begun_ns[counter, str(actor)] = exam_id, begun[0].mono_ns
            return self.exam(exam_id)

    async def begin_task(self, exam_id: str, actor: Actor) -> Run:
        """The next task, or the one that was left. Raises Conflict("exam_no_task"): the questions follow."""
        exam = self.exam(exam_id)
        if not exam.next_task:
            raise Conflict("exam_no_task", exam=exam_id)
        task = exam.paper.tasks[len(exam.worked)]
        return await self.lessons.begin(
            task.lesson, exam.counter, actor, track=exam.track, seed=task.seed, exam=exam_id
        )

    async def answer(self, exam_id: str, question_id: str, answer: int, actor: Actor) -> Exam:
        """The trainee's choice, once. The last one ends the exam, in the same append: no power cut comes between.

        Raises:
            Conflict("exam_not_asked"): a task comes first, or another question; InvalidRequest("exam_answer").
        """
        async with self._turn:
            exam = self.exam(exam_id)
            if question_id != exam.next_question:
                raise Conflict("exam_not_asked", question=question_id)
            if not 0 <= answer < len(question(question_id).answers):
                raise InvalidRequest("exam_answer", question=question_id)
            body: dict[str, Any] = {
                "question": question_id,
                "answer": answer,
                "right": answer == question(question_id).right,
            }
            events = [NewEvent(self._stream, "exam_answered", exam_id, actor, body)]
            answered = replace(exam, answers={**exam.answers, question_id: answer})
            if answered.done:
                events.append(self._ended(answered, actor))
            await self._journal.append(events)
            return self.exam(exam_id)

    def _ended(self, exam: Exam, actor: Actor) -> NewEvent:
        got = exam.mark
        row = _row("ended", exam.actor, exam.counter) | {"passed": got.passed, "percent": got.percent}
        body: dict[str, Any] = {
            "points": got.points,
            "possible": got.possible,
            "passed": got.passed,
            "gave_away": got.gave_away,
            "seconds": self._lasted_s(exam),
            "index": {"summary": row},
        }
        return NewEvent(self._stream, "exam_ended", exam.id, actor, body)

    def _lasted_s(self, exam: Exam) -> int | None:
        """By the clock that nobody sets (D8); it begins anew with the machine, so None after a restart."""
        begun, begun_ns = self._begun_ns.get((exam.counter, exam.actor), ("", 0))
        return (self._clock.mono_ns() - begun_ns) // 1_000_000_000 if begun == exam.id else None


def _row(state: str, actor: str, counter: str) -> dict[str, Any]:
    return {"kind": "exam", "final": True, "state": state, "actor": actor, "place": counter}


def _worked(row: Mapping[str, Any]) -> Worked:
    passed = row["state"] == "passed"
    beside = tuple(row["others"]) if "others" in row else None
    return Worked(row["lesson"], passed, row["withheld"], row["seconds"], tuple(row["findings"]), beside)


def _in_order(exam: Exam, worked: Sequence[Worked]) -> tuple[Worked, ...]:
    """Each task once, as the paper asks for them: done twice, from two pages, it counts as it ended first."""
    found: list[Worked] = []
    for each in worked:
        if exam.ended_ms:
            wanted = each.lesson not in {done.lesson for done in found}
        else:
            wanted = len(found) < len(exam.paper.tasks) and exam.paper.tasks[len(found)].lesson == each.lesson
        found += [each] if wanted else []
    return tuple(found)


def _fold(events: Iterable[Event]) -> Exam | None:
    exam: Exam | None = None
    right = 0
    for event in events:
        body = event.body
        if event.type == "exam_begun":
            paper = draw(body["seed"], scans=body["scans"])
            exam = Exam(
                event.subject,
                body["counter"],
                event.actor,
                body["track"],
                event.wall_ms,
                paper,
                number=event.number,
            )
        elif exam is None:
            continue
        elif event.type == "exam_answered":
            exam = replace(exam, answers={**exam.answers, body["question"]: body["answer"]})
            right += body["right"]
        elif event.type == "exam_ended":
            got = Mark(body["points"], body["possible"], (), right, body["gave_away"], body["passed"])
            ended = {"ended_ms": event.wall_ms, "ended_number": event.number, "seconds": body["seconds"]}
            exam = replace(exam, got=got, **ended)
    return exam
