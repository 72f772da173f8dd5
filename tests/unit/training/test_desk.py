"""A lesson under way: ended once, by its own clock, of its own sales, by the one whose exam it is."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import JournalError, NotFound
from terminal.training.lesson import lesson
from tests.unit.training.room import LI, MEI, Room, story

HOUR_MS = 3_600_000


@pytest.mark.row(104)
@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_d8_a_clock_that_is_set_neither_hurries_nor_saves_a_trainee(tmp_path: Path, jump_ms: int) -> None:
    async def tell(room: Room) -> None:
        begun = await room.desk.begin("take-money", "1", MEI)
        await asyncio.sleep(3)
        room.clock.jump_wall(jump_ms)
        await room.looked()
        assert begun.progress.outcome == "", "nobody was slow"
        await asyncio.sleep(lesson("take-money").steps[0].limit_s)
        assert (begun.progress.outcome, room.ends(begun)) == ("failed", ["failed"])
        [row] = room.desk.newest()
        assert 90 <= row.body["seconds"] <= 91

    story(tmp_path, tell)


@pytest.mark.row(104)
def test_a_sale_of_before_that_is_paid_late_is_no_step_of_this_lesson(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        await room.told("old", "sale_opened", amount_minor=1250)
        begun = await room.desk.begin("take-money", "1", MEI)
        await room.told("old", "sale_moved", to="paid")
        await room.looked()
        assert begun.progress.step == 0, "the trainee has done nothing yet"
        await room.sold("new", begun.due_minor)
        assert begun.progress.step == 1
        assert (await room.desk.act("1", "handed_over", MEI)).outcome == "passed"

    story(tmp_path, tell)


@pytest.mark.row(104)
def test_i9_how_it_ended_is_written_once_though_a_person_leaves_while_the_last_button_is_pressed(
    tmp_path: Path,
) -> None:
    async def tell(room: Room) -> None:
        for number in range(6):
            begun = await room.desk.begin("take-money", "1", MEI)
            await room.sold(f"sale {number}", begun.due_minor)
            await asyncio.gather(
                *(room.desk.act("1", "handed_over", MEI), room.desk.leave("1")), return_exceptions=True
            )
            await room.looked()
            assert len(room.ends(begun)) == 1, room.ends(begun)

    story(tmp_path, tell)


@pytest.mark.row(104)
def test_an_end_that_the_journal_did_not_take_is_written_before_the_next_lesson(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        begun = await room.desk.begin("take-money", "1", MEI)
        await room.sold("sale", begun.due_minor)
        room.feed.refuses = ["lesson_ended", "lesson_ended"]  # of the button, and of the look at the journal
        with pytest.raises(JournalError):
            await room.desk.act("1", "handed_over", MEI)
        await room.looked()
        assert room.ends(begun) == []
        await room.desk.begin("refund", "1", MEI)
        assert room.ends(begun) == ["passed"]

    story(tmp_path, tell)


@pytest.mark.row(103)
def test_in_an_exam_nobody_presses_for_another_and_a_trainer_may_at_practice(tmp_path: Path) -> None:
    async def tell(room: Room) -> None:
        exam = await room.exams.begin("1", MEI, seed=5)
        await room.exams.begin_task(exam.id, MEI)
        with pytest.raises(NotFound, match="exam_unknown"):
            await room.desk.act("1", "handed_over", LI)
        await room.desk.begin("take-money", "1", MEI)
        assert (await room.desk.act("1", "kept", LI)).findings == ()

    story(tmp_path, tell)


@pytest.mark.row(104)
@pytest.mark.parametrize("jump_ms", [9 * HOUR_MS, -9 * HOUR_MS])
def test_d8_a_lesson_that_was_cut_off_lasted_until_its_last_button_whatever_the_clock_was_set_to(
    tmp_path: Path, jump_ms: int
) -> None:
    async def tell(room: Room) -> None:
        begun = await room.desk.begin("take-money", "1", MEI)
        await asyncio.sleep(7)
        room.clock.jump_wall(jump_ms)
        await room.desk.act("1", "kept", MEI)
        await room.desk.close()
        room.clock.jump_wall(jump_ms)
        again = room.another_desk()
        for _ in range(2):
            await again.recover()
            assert room.ends(begun) == ["interrupted"], "once, and for good"
        [row] = again.newest()
        assert (row.body["state"], row.body["seconds"]) == ("interrupted", 7)

    story(tmp_path, tell)
