"""The judge of lessons: wrong behaviour is found by what was done, right behaviour never is (row 104)."""

import pytest

from terminal.training.judge import Happened, Progress, judge, withheld
from terminal.training.lesson import drills, lesson, lessons

DUE = 5000


def at(second: int, kind: str, *, minor: int = 0, word: str = "") -> Happened:
    return Happened(second * 1000, kind, "s1", minor, word)


def judged(lesson_id: str, *happened: Happened, now_s: int = 50) -> Progress:
    return judge(lesson(lesson_id), DUE, happened, 0, now_s * 1000)


def rules(progress: Progress) -> list[str]:
    return [each.rule for each in progress.findings]


def test_who_waits_for_green_passes() -> None:
    done = judged(
        "take-money",
        at(3, "opened", minor=DUE),
        at(9, "paid"),
        at(12, "handed_over", minor=DUE, word="paid"),
    )
    assert (done.outcome, done.findings, done.ended_ms) == ("passed", (), 12_000)


@pytest.mark.row(104)
@pytest.mark.parametrize(
    "word", ["waiting", "acting", "checking", "person", "not_paid", "unverified", "claimed", ""]
)
def test_goods_that_leave_without_green_are_found_whatever_the_till_said(word: str) -> None:
    for each in ("take-money", "drill-fake-screenshot", "drill-trust-me"):
        done = judged(each, at(3, "opened", minor=DUE), at(5, "handed_over", word=word))
        assert done.outcome == "failed"
        assert rules(done)[0].startswith("handed_over_")


def test_goods_for_a_part_of_the_money_are_found() -> None:
    done = judged("take-money", at(1, "opened", minor=DUE), at(5, "handed_over", minor=DUE - 1, word="paid"))
    assert rules(done) == ["handed_over_unpaid"]


def test_the_till_was_checking_is_said_as_such() -> None:
    done = judged("till-says-checking", at(1, "opened", minor=DUE), at(5, "handed_over", word="checking"))
    assert rules(done) == ["handed_over_checking"]


def test_a_smaller_amount_is_found_when_it_is_opened_and_the_right_one_is_not() -> None:
    assert rules(judged("drill-quick-switch", at(1, "opened", minor=DUE // 10))) == ["smaller_amount"]
    assert judged("drill-quick-switch", at(1, "opened", minor=DUE)).findings == ()


def test_cash_is_money() -> None:
    seen = (at(1, "opened", minor=DUE), at(9, "took_cash", word="waiting"), at(12, "handed_over", word="waiting"))
    assert judged("internet-down", *seen).outcome == "passed"
    assert withheld(seen)
    assert not withheld(seen[:1] + seen[2:])


def test_a_sale_that_was_cancelled_may_be_opened_again_and_one_that_stands_may_not() -> None:
    again = (at(1, "opened", minor=DUE), at(2, "ended"), at(4, "opened", minor=DUE))
    assert judged("paper-out", *again).findings == ()
    assert rules(judged("paper-out", again[0], at(2, "paid"), again[2])) == ["charged_twice"]


def test_who_does_nothing_runs_out_of_time_and_never_before() -> None:
    limit_s = lesson("take-money").steps[0].limit_s
    assert judged("take-money", now_s=limit_s).outcome == ""
    late = judged("take-money", now_s=limit_s + 1)
    assert (late.outcome, rules(late), late.ended_ms) == ("failed", ["out_of_time"], limit_s * 1000)
    too_late = judged("take-money", at(limit_s + 5, "opened", minor=DUE), now_s=limit_s + 9)
    assert rules(too_late) == ["out_of_time"]


def test_the_judgement_is_the_same_read_at_once_or_piece_by_piece() -> None:
    seen = (at(3, "opened", minor=DUE), at(9, "paid"), at(12, "handed_over", minor=DUE, word="paid"))
    whole = judged("take-money", *seen)
    pieces = [judged("take-money", *seen[:count]) for count in range(4)]
    assert [each.step for each in pieces] == [0, 0, 1, 1]
    assert pieces[-1] == whole


@pytest.mark.row(104)
def test_there_are_six_drills_and_each_names_what_is_wrong_in_it() -> None:
    assert len(drills()) == 6
    assert all(each.rules and each.steps[-1].limit_s <= 180 for each in lessons().values())
