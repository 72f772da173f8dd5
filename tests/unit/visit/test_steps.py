"""The fold: what a visit's events tell, in whatever order its steps were done."""

from hypothesis import given
from hypothesis import strategies as st

from terminal.payments.event import Event, Ledger
from terminal.visit.steps import NEEDED, Step, Visit, fold

RESULTS = ("passed", "failed", "left_out")


def event(number: int, kind: str, **body: object) -> Event:
    return Event(
        *(number, "store:s", number, kind, 1, Ledger.TEST, "m", "s", "", "V", "person:li", 1000 * number, 0),
        {"proof": {}, "cause": "", "seconds": number, **body},
        b"",
    )


def visit_of(*events: Event) -> Visit:
    found = fold((event(1, "visit_begun"), *events))
    assert found is not None
    return found


def test_without_its_beginning_there_is_no_visit() -> None:
    assert fold(()) is None
    assert fold((event(2, "visit_step_ended", step="cent", result="passed"),)) is None


def test_the_next_step_is_the_first_that_did_not_end_well() -> None:
    assert visit_of().next_step() is Step.SHEET
    left = event(2, "visit_step_ended", step="sheet", result="left_out")
    failed = event(3, "visit_step_ended", step="questions", result="failed", cause="internal")
    assert visit_of(left).next_step() is Step.QUESTIONS
    assert visit_of(left, failed).next_step() is Step.QUESTIONS
    assert visit_of(left, failed).steps[Step.QUESTIONS].cause == "internal"


def test_what_came_before_a_visit_is_told_by_numbers_and_by_no_clock() -> None:
    assert visit_of().number == 1


def test_accepted_and_dropped_are_over() -> None:
    accepted = visit_of(event(2, "visit_accepted", record="ab", signers=["x", "y"]))
    assert (accepted.open, accepted.record, accepted.accepted_ms) == (False, "ab", 2000)
    assert not visit_of(event(2, "visit_dropped", why="closed")).open


@given(st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(RESULTS)), max_size=30))
def test_the_last_result_of_each_step_counts_whatever_came_before(done: list[tuple[Step, str]]) -> None:
    events = [
        event(2 + n, "visit_step_ended", step=str(step), result=result) for n, (step, result) in enumerate(done)
    ]
    visit, last = visit_of(*events), dict(done)
    assert {step: each.result for step, each in visit.steps.items()} == last
    assert {step: each.tries for step, each in visit.steps.items()} == {
        step: sum(1 for each, _ in done if each is step) for step in last
    }
    assert set(visit.missing()) == {step for step in NEEDED if last.get(step) != "passed"}
