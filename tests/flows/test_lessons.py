"""Scripted trainees at the simulated counter: every lesson, six scams, the exam and a power cut in it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.counter.feed import Feed
from terminal.errors import Conflict
from terminal.payments.event import Event, NewEvent
from terminal.simulation.trainee import (
    COUNTER,
    TRAINEE,
    Behaviour,
    Classroom,
    chosen,
    classroom,
    reopened,
    run_exam,
    run_lessons,
)
from terminal.training.exam_desk import Exam, ExamDesk
from terminal.training.lesson import Play, drills, lesson, lessons
from terminal.virtual_time import run

pytestmark = pytest.mark.no_cover  # a whole world a lesson; the parts have tests of their own
SAID = {
    "drill-fake-screenshot": "handed_over_unpaid",
    "drill-swapped-sticker": "sticker_ignored",
    "drill-refund-call": "refunded_to_caller",
    "drill-old-receipt": "receipt_reused",
    "drill-trust-me": "handed_over_unpaid",
    "drill-quick-switch": "smaller_amount",
}


@pytest.mark.row(104)
def test_wrong_behaviour_is_detected_in_each_of_the_six_drills() -> None:
    told = run_lessons(chosen("scams"), behaviour="wrong")
    assert {each["lesson"]: each["findings"] for each in told} == {name: [rule] for name, rule in SAID.items()}
    assert {each["outcome"] for each in told} == {"failed"}


@pytest.mark.row(104)
def test_right_behaviour_is_flagged_in_no_lesson_and_no_drill() -> None:
    told = run_lessons(chosen("all"))
    assert [each["lesson"] for each in told] == [*lessons()]
    assert [each for each in told if each["findings"] or each["outcome"] != "passed"] == []
    assert all(each["seconds"] <= lesson(each["lesson"]).par_s for each in told)


def test_wrong_behaviour_is_detected_in_every_other_lesson_too() -> None:
    others = [each for each in lessons() if not lesson(each).drill]
    told = run_lessons(others, behaviour="wrong", seed=3)
    assert [each["lesson"] for each in told if each["outcome"] != "failed" or not each["findings"]] == []


@pytest.mark.row(103)
def test_an_exam_of_a_seed_gives_the_same_bytes_twice() -> None:
    runner = CliRunner()
    outputs = [runner.invoke(app, ["train", "exam", "--auto", "--seed", "7", "--json"]) for _ in range(2)]
    assert [each.exit_code for each in outputs] == [0, 0]
    assert outputs[0].stdout_bytes == outputs[1].stdout_bytes
    told = msgspec.json.decode(outputs[0].stdout_bytes)
    assert (told["kind"], told["passed"], told["percent"]) == ("training_certificate", True, 100)
    assert len(told["journal"]["hash"]) == 64


@pytest.mark.row(103)
def test_who_does_wrong_fails_the_exam_and_is_told_where() -> None:
    told = run_exam(7, behaviour="wrong")
    assert not told["passed"]
    assert told["gave_away"]
    assert all(each["mistakes"] for each in told["tasks"])
    assert told["right_answers"] == 0


def test_a_drill_alone_and_a_name_that_is_none() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["train", "run", "drill-trust-me", "--auto"]).exit_code == 0
    assert runner.invoke(app, ["train", "run", "drill-trust-me", "--auto", "--behaviour", "wrong"]).exit_code == 0
    assert runner.invoke(app, ["train", "run", "juggling", "--auto"]).exit_code != 0
    assert runner.invoke(app, ["train", "run", "drill-trust-me"]).exit_code != 0, "people practise at the till"
    assert runner.invoke(app, ["train", "lint"]).exit_code == 0


async def one_task(room: Classroom, exam: Exam) -> Exam:
    await room.work(await room.exams.begin_task(exam.id, TRAINEE), "right")
    return room.exams.exam(exam.id)


@pytest.mark.row(103)
def test_an_exam_goes_on_where_the_power_was_cut_in_a_task_and_between_questions(tmp_path: Path) -> None:
    async def story() -> None:
        async with classroom(5, tmp_path) as room:
            exam = await one_task(room, await room.exams.begin(COUNTER, TRAINEE, seed=5))
            done = exam.worked
            going = await room.exams.begin_task(exam.id, TRAINEE)
            await asyncio.sleep(2)
            async with reopened(room) as again:
                back = again.exams.open_exam(COUNTER)
                assert back is not None
                assert (back.id, back.paper, back.worked) == (exam.id, exam.paper, done)
                cut = next(each for each in again.desk.newest() if each.subject == going.id)
                assert cut.body["state"] == "interrupted"
                assert (await again.exams.begin(COUNTER, TRAINEE, seed=99)).id == exam.id, "a half one goes on"
                while back.next_task:
                    back = await one_task(again, back)
                asked = back.next_question
                back = await again.exams.answer(back.id, asked, 0, TRAINEE)
                async with reopened(again) as third:
                    last = third.exams.open_exam(COUNTER)
                    assert last is not None
                    assert last.answers == {asked: 0}
                    ended = await third.sit(0, "right", "fast")
                    assert (ended.id, ended.done, len(ended.worked)) == (exam.id, True, len(exam.paper.tasks))
                    assert third.exams.open_exam(COUNTER) is None

    run(story(), seed=5, guard=False)


@pytest.mark.row(103)
def test_the_last_answer_and_that_the_exam_ended_are_one_append_so_that_no_power_cut_comes_between(
    tmp_path: Path,
) -> None:
    async def story() -> list[list[str]]:
        async with classroom(5, tmp_path) as room:
            service = room.world.service
            appends: list[list[str]] = []

            class Counting(Feed):
                async def append(
                    self,
                    events: Sequence[NewEvent],
                    then: Callable[[tuple[Event, ...]], None] | None = None,
                    **behind: Any,
                ) -> tuple[Event, ...]:
                    appends.append([each.type for each in events])
                    return await super().append(events, then, **behind)

            feed = Counting(room.world.journal)
            clock, ids = room.world.clock, room.world.ids
            exams = ExamDesk(service.house.store, journal=feed, clock=clock, ids=ids, lessons=room.desk)
            await Classroom(room.world, room.model, room.desk, exams).sit(5, "wrong", "fast")
            return appends

    appends = run(story(), seed=5, guard=False)
    assert appends[-1] == ["exam_answered", "exam_ended"]


def test_whoever_begins_or_ends_a_lesson_heals_nothing_that_was_broken_at_another_counter(tmp_path: Path) -> None:
    async def story() -> None:
        async with classroom(4, tmp_path) as room:
            stage, bank = room.desk.stage, room.world.bank

            def broken() -> set[str]:
                return {each.row.slug for each in bank.faults.active()}

            silent, wrong = (
                Play("break", fault=fault, call="any", count=9) for fault in ("timeout-before-debit", "error-500")
            )
            for counter, play in (("1", silent), ("2", silent), ("2", wrong)):
                await stage.play(counter, play)
            await stage.clear("1")
            assert broken() == {"timeout-before-debit", "error-500"}, "counter 2 still practises with them"
            await stage.play("1", Play("heal"))
            assert broken() == {"timeout-before-debit", "error-500"}
            await stage.play("2", Play("heal"))
            assert broken() == set()

    run(story(), seed=4, guard=False)


def test_the_six_drills_have_the_names_that_the_duties_ask_for() -> None:
    assert {each.id for each in drills()} == set(SAID)


@pytest.mark.parametrize("behaviour", ["right", "wrong"])
def test_a_shop_that_reads_no_phones_has_its_own_exam(behaviour: Behaviour, tmp_path: Path) -> None:
    """Pix: the customer scans, or nobody pays."""

    async def story() -> Exam:
        async with classroom(3, tmp_path, channels=("pix",)) as room:
            assert not room.desk.stage.scans
            with pytest.raises(Conflict, match="lesson_needs_scan"):
                await room.desk.begin("till-says-checking", COUNTER, TRAINEE)
            return await room.sit(3, behaviour, "calm")

    exam = run(story(), seed=3, guard=False)
    assert exam.mark.passed == (behaviour == "right")
    assert all(each.passed == (behaviour == "right") for each in exam.worked)
