"""An exam as its journal tells it: each task once, and marked for ever as on the day it ended."""

import asyncio
from pathlib import Path

import pytest

from terminal.payments.event import Actor, NewEvent
from terminal.training.certificate import certificate, slip
from terminal.training.desk import RUNS_MAX
from terminal.training.exam import question
from terminal.training.exam_desk import Exam
from terminal.training.lesson import Play
from tests.unit.training.room import LI, MEI, Room, story


async def practised(
    room: Room, lesson: str, outcome: str, *, exam: str = "", withheld: bool = True, times: int = 1
) -> None:
    """A lesson as the journal has it."""
    row = {
        **{"kind": "lesson", "final": True, "lesson": lesson, "exam": exam, "actor": str(MEI), "place": "1"},
        **{"state": outcome, "findings": [], "seconds": 10, "withheld": withheld},
    }
    runs = [f"run {room.journal.last_number()} {number}" for number in range(times)]
    await room.feed.append(
        [NewEvent("store:s-1", "lesson_ended", run_id, MEI, {"index": {"summary": row}}) for run_id in runs]
    )


async def answered(room: Room, exam: Exam) -> Exam:
    while asked := exam.next_question:
        exam = await room.exams.answer(exam.id, asked, question(asked).right, MEI)
    return exam


async def sat(room: Room, *, gives_away: bool) -> Exam:
    exam = await room.exams.begin("1", MEI, seed=5)
    while exam.next_task:
        outcome = "failed" if gives_away else "passed"
        await practised(room, exam.next_task, outcome, exam=exam.id, withheld=not gives_away)
        exam = room.exams.exam(exam.id)
    return await answered(room, exam)


@pytest.mark.row(103)
@pytest.mark.parametrize("gives_away", [True, False])
def test_what_a_certificate_says_is_the_same_however_much_was_practised_since(
    tmp_path: Path, gives_away: bool
) -> None:
    async def tell(room: Room) -> None:
        exam = await sat(room, gives_away=gives_away)
        head = room.journal.of_subject(exam.id)[-1]
        before = certificate(exam, "Tea", "Mei", head)
        assert (before["passed"], before["gave_away"], len(before["tasks"])) == (not gives_away, gives_away, 4)
        await practised(room, "take-money", "passed", times=RUNS_MAX + 5)
        assert certificate(room.exams.exam(exam.id), "Tea", "Mei", head) == before

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_an_exam_goes_on_where_it_stopped_however_much_others_practised_meanwhile(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        first = exam.next_task
        await practised(room, first, "passed", exam=exam.id)
        await practised(room, first, "passed", times=RUNS_MAX + 5)
        going = room.exams.exam(exam.id)
        assert [each.lesson for each in going.worked] == [first]
        assert going.next_task == exam.paper.tasks[1].lesson

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_a_task_done_twice_from_two_pages_counts_once_as_it_ended_first(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        await practised(room, exam.next_task, "failed", exam=exam.id)
        await practised(room, exam.next_task, "passed", exam=exam.id)
        going = room.exams.exam(exam.id)
        assert [each.passed for each in going.worked] == [False]
        assert going.next_task == exam.paper.tasks[1].lesson

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_an_exam_says_whether_the_trainee_alone_pressed(tmp_path: Path) -> None:
    scanner, till = Actor("device", "1/scanner"), Actor("device", "01KDVDNA002S2TV9J9G9AB6NP5")

    async def tell(room: Room) -> None:
        for helpers in ([], [LI], [till], [Actor("pos", "odoo")]):
            exam = await room.exams.begin("1", MEI, seed=5)
            while (exam := room.exams.exam(exam.id)).next_task:
                begun = await room.exams.begin_task(exam.id, MEI)
                for by in (MEI, scanner, *helpers):
                    await room.told(f"sale of {begun.id} by {by.id}", "sale_opened", by=by, amount_minor=1)
                await room.desk.act("1", "handed_over", MEI)
            told = certificate(await answered(room, exam), "Tea", "Mei", room.journal.of_subject(exam.id)[-1])
            assert [each.others for each in exam.worked] == [tuple(map(str, helpers))] * 4
            assert told["alone"] == (not helpers)
            assert ("Somebody else pressed too" in str(slip(told, "en", "2026-11-22"))) == bool(helpers)
        old = await room.exams.begin("1", MEI, seed=5)
        await practised(room, old.next_task, "passed", exam=old.id)
        assert room.exams.exam(old.id).alone is None, "of a program that did not write it down"

    story(tmp_path, tell)


@pytest.mark.row(105)
def test_what_a_trainer_makes_happen_in_an_exam_is_on_its_record(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        begun = await room.exams.begin_task(exam.id, MEI)
        await room.desk.play("1", Play("pays"), LI)
        await room.desk.act("1", "handed_over", MEI)
        told = room.journal.of_subject(begun.id)
        assert [(each.type, each.actor) for each in told] == [
            ("lesson_begun", "person:mei"),
            ("lesson_played", "person:li"),
            ("lesson_act", "person:mei"),
            ("lesson_ended", "person:mei"),
        ]
        assert told[-1].body["others"] == ["person:li"]
        assert room.exams.exam(exam.id).alone is False

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_an_exam_is_marked_by_the_program_it_was_sat_with(tmp_path: Path) -> None:
    """The journal's own words of the end stand, whatever a later file of questions and marks would give."""

    async def tell(room: Room) -> None:
        exam = await sat(room, gives_away=False)
        assert exam.mark.right_answers == len(exam.paper.questions)
        begun, *_, ended = room.journal.of_subject(exam.id)
        other = "another"
        told = {**ended.body, "points": 1, "passed": False}
        answer = {"question": next(iter(exam.answers)), "answer": 0, "right": False}
        row = {"kind": "exam", "final": True, "state": "ended", "actor": str(MEI), "place": "1"}
        bodies = [("exam_begun", begun.body), ("exam_answered", answer), ("exam_ended", told)]
        for event, body in bodies:
            entry = {**body, "index": {"summary": row}}
            await room.feed.append([NewEvent("store:s-1", event, other, MEI, entry)])
        read = room.exams.exam(other)
        assert (read.mark.points, read.mark.passed, read.mark.right_answers) == (1, False, 0)
        assert certificate(read, "Tea", "Mei", ended)["questions"] == [answer["question"]]

    story(tmp_path, tell)


@pytest.mark.row(103)
@pytest.mark.parametrize("jump_ms", [-3_600_000, 3_600_000])
def test_d8_an_exam_lasts_as_long_as_it_lasted_whatever_is_done_to_the_clock(tmp_path: Path, jump_ms: int) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        for task in exam.paper.tasks:
            await practised(room, task.lesson, "passed", exam=exam.id)
        await asyncio.sleep(90)
        room.clock.jump_wall(jump_ms)
        ended = await answered(room, room.exams.exam(exam.id))
        head = room.journal.of_subject(exam.id)[-1]
        assert head.body["seconds"] == certificate(ended, "Tea", "Mei", head)["seconds"] == 90

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_d8_an_exam_during_which_the_machine_was_started_anew_says_that_its_time_was_not_measured(
    tmp_path: Path,
) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        for task in exam.paper.tasks:
            await practised(room, task.lesson, "passed", exam=exam.id)
        room.exams = room.another_exam_desk()
        assert (await room.exams.begin("1", MEI, seed=6)).id == exam.id
        ended = await answered(room, room.exams.exam(exam.id))
        told = certificate(ended, "Tea", "Mei", room.journal.of_subject(exam.id)[-1])
        assert told["seconds"] is None
        assert slip(told, "en", "2026-11-22")

    story(tmp_path, tell)
