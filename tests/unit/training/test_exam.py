"""The exam: drawn by a seed, marked by rules, and never passed by who gave goods away (row 103)."""

import pytest

from terminal.errors import InvalidRequest
from terminal.training.exam import SEED_MAX, Worked, draw, mark, questions, rules
from terminal.training.lesson import LANGUAGES, drills, lesson

pytestmark = pytest.mark.row(103)


def good(lesson_id: str) -> Worked:
    return Worked(lesson_id, passed=True, withheld=True, seconds=lesson(lesson_id).par_s)


def test_a_seed_gives_the_same_exam_and_another_one_another() -> None:
    assert draw(7, scans=True) == draw(7, scans=True)
    assert len({draw(seed, scans=True).tasks for seed in range(20)}) > 10
    drawn = {each.lesson for seed in range(60) for each in draw(seed, scans=True).tasks}
    assert {each.id for each in drills()} <= drawn


def test_an_exam_has_no_task_that_the_shop_cannot_do() -> None:
    for seed in range(20):
        assert all(not lesson(each.lesson).needs for each in draw(seed, scans=False).tasks)
        paper = draw(seed, scans=True)
        assert len(paper.questions) == rules().questions == len({each for each, _ in paper.questions})
        assert all(sorted(order) == list(range(len(order))) for _, order in paper.questions)


@pytest.mark.parametrize("seed", [-1, SEED_MAX + 1])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InvalidRequest, match="exam_seed"):
        draw(seed, scans=True)


def test_there_are_thirty_questions_in_three_languages() -> None:
    assert len(questions()) >= 30
    for each in questions().values():
        assert 2 <= len(each.answers) <= 4
        assert 0 <= each.right < len(each.answers)
        for texts in (each.text, *each.answers):
            assert set(texts) == set(LANGUAGES)
            assert all(texts.values())
        for language in LANGUAGES:
            assert len({answer[language] for answer in each.answers}) == len(each.answers)
    assert len({each.right for each in questions().values()}) > 1, "the right answer always stands in one place"


def test_all_right_is_all_points() -> None:
    got = mark([good("take-money"), good("drill-trust-me")], [True] * 10)
    assert (got.points, got.percent, got.passed) == (got.possible, 100, True)


def test_slowness_costs_points_and_a_wrong_answer_too() -> None:
    slow = Worked("take-money", passed=True, withheld=True, seconds=lesson("take-money").par_s + 1)
    assert mark([slow], []).points == mark([good("take-money")], []).points - rules().time_points
    assert mark([], [True, False]).points == rules().question_points


def test_who_gave_goods_away_does_not_pass_whatever_the_points() -> None:
    gave = Worked("drill-trust-me", passed=False, withheld=False, seconds=9, findings=("handed_over_unpaid",))
    got = mark([good("take-money")] * 9 + [gave], [True] * 10)
    assert got.percent >= rules().pass_percent
    assert got.gave_away
    assert not got.passed


def test_nothing_done_is_not_passed() -> None:
    assert not mark([], []).passed
