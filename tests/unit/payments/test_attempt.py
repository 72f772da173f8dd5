"""The paper's rows for one attempt, written out by hand; what has no row is listed, with the reason."""

import pytest

from terminal.payments.attempt import (
    FIRST,
    NOT_PAID,
    SCREEN_WORDS,
    TABLES,
    TERMINAL,
    Direction,
    Flag,
    IllegalMove,
    Move,
    Opens,
    Signal,
    State,
    step,
)

_S, _E = State, Signal
Row = tuple[State, Signal, State]

# the customer's code is scanned, the provider pulls
PULL: list[Row] = [
    (_S.INTENT, _E.COMMITTED, _S.SENT),
    (_S.SENT, _E.SUCCESS, _S.PAID),
    (_S.SENT, _E.REFUSED, _S.DECLINED),
    (_S.SENT, _E.PAYING, _S.WAITING),
    (_S.SENT, _E.UNCLEAR, _S.UNKNOWN),
    (_S.SENT, _E.NOT_SENT, _S.INTENT),
    (_S.SENT, _E.NOT_SENT_FINAL, _S.NOT_SENT),
    (_S.INTENT, _E.NOT_SENT_FINAL, _S.NOT_SENT),
    (_S.INTENT, _E.RESTART, _S.UNKNOWN),
    (_S.SENT, _E.RESTART, _S.UNKNOWN),
    (_S.WAITING, _E.SUCCESS, _S.PAID),
    (_S.UNKNOWN, _E.SUCCESS, _S.PAID),
    (_S.WAITING, _E.CLOSED_THERE, _S.CLOSED),
    (_S.UNKNOWN, _E.CLOSED_THERE, _S.CLOSED),
    (_S.UNKNOWN, _E.NOT_FOUND, _S.UNKNOWN),
    (_S.UNKNOWN, _E.NOT_FOUND_BELIEVED, _S.REVERSING),
    (_S.WAITING, _E.GIVE_UP, _S.REVERSING),
    (_S.UNKNOWN, _E.GIVE_UP, _S.REVERSING),
    (_S.REVERSING, _E.REVERSE_OK, _S.REVERSED),
    (_S.REVERSING, _E.CLOSED_THERE, _S.REVERSED),
    (_S.REVERSE_UNKNOWN, _E.REVERSE_OK, _S.REVERSED),
    (_S.REVERSING, _E.PAYING, _S.WAITING),
    (_S.REVERSING, _E.UNCLEAR, _S.REVERSE_UNKNOWN),
    (_S.REVERSING, _E.REFUSED, _S.REVERSE_UNKNOWN),
    (_S.REVERSING, _E.RESTART, _S.REVERSE_UNKNOWN),
    (_S.REVERSING, _E.SUCCESS, _S.REVERSING),
    (_S.REVERSE_UNKNOWN, _E.SUCCESS, _S.REVERSE_UNKNOWN),
    # rows the paper leaves to be completed
    (_S.INTENT, _E.GIVE_UP, _S.NOT_SENT),
    (_S.SENT, _E.GIVE_UP, _S.REVERSING),
    (_S.UNKNOWN, _E.PAYING, _S.WAITING),
    (_S.UNKNOWN, _E.RESTART, _S.UNKNOWN),
    (_S.WAITING, _E.RESTART, _S.WAITING),
    (_S.REVERSE_UNKNOWN, _E.RESTART, _S.REVERSE_UNKNOWN),
    (_S.UNKNOWN, _E.RETURNED, _S.REVERSED),
    (_S.SENT, _E.CLOSED_THERE, _S.CLOSED),
    (_S.SENT, _E.UNPAID, _S.UNKNOWN),
    (_S.INTENT, _E.PAYING, _S.WAITING),
    (_S.INTENT, _E.SUCCESS, _S.PAID),
    (_S.WAITING, _E.REVERSE_OK, _S.REVERSED),
    (_S.WAITING, _E.REFUSED, _S.DECLINED),
]

# our code is shown, the customer pushes
PUSH: list[Row] = [
    (_S.ORDERING, _E.CODE_READY, _S.SHOWN),
    (_S.ORDERING, _E.UNCLEAR, _S.ORDERING),
    (_S.ORDERING, _E.NOT_FOUND, _S.ORDERING),
    (_S.ORDERING, _E.NOT_FOUND_BELIEVED, _S.ORDERING),
    (_S.ORDERING, _E.GIVE_UP, _S.CLOSING),
    (_S.SHOWN, _E.SUCCESS, _S.PAID),
    (_S.SHOWN, _E.UNPAID, _S.SHOWN),
    (_S.SHOWN, _E.PAYING, _S.WAITING),
    (_S.WAITING, _E.SUCCESS, _S.PAID),
    (_S.SHOWN, _E.GIVE_UP, _S.CLOSING),
    (_S.WAITING, _E.GIVE_UP, _S.CLOSING),
    (_S.CLOSING, _E.REFUSED, _S.CLOSING),
    (_S.CLOSING, _E.CLOSE_OK, _S.CLOSED),
    (_S.CLOSING, _E.CLOSED_THERE, _S.CLOSED),
    (_S.CLOSED, _E.CLOSED_THERE, _S.CLOSED),
    # rows the paper leaves to be completed
    (_S.ORDERING, _E.REFUSED, _S.DECLINED),
    (_S.ORDERING, _E.NOT_SENT, _S.ORDERING),
    (_S.ORDERING, _E.NOT_SENT_FINAL, _S.NOT_SENT),
    (_S.ORDERING, _E.RESTART, _S.ORDERING),
    (_S.ORDERING, _E.SUCCESS, _S.PAID),
    (_S.ORDERING, _E.CLOSED_THERE, _S.CLOSED),
    (_S.SHOWN, _E.CLOSED_THERE, _S.CLOSED),
    (_S.SHOWN, _E.RESTART, _S.SHOWN),
    (_S.CLOSING, _E.RESTART, _S.CLOSING),
    (_S.CLOSING, _E.UNCLEAR, _S.CLOSING),
    (_S.CLOSING, _E.NOT_FOUND_BELIEVED, _S.CLOSED),
    (_S.CLOSING, _E.PAYING, _S.CLOSING),
]


@pytest.mark.parametrize(("state", "signal", "to"), PULL)
def test_3_1_row(state: State, signal: Signal, to: State) -> None:
    assert step("pull", state, signal) == Move(to)


@pytest.mark.parametrize(("state", "signal", "to"), PUSH)
def test_3_2_row(state: State, signal: Signal, to: State) -> None:
    assert step("push", state, signal) == Move(to)


LIVE: dict[Direction, set[State]] = {
    "pull": {_S.INTENT, _S.SENT, _S.WAITING, _S.UNKNOWN, _S.REVERSING, _S.REVERSE_UNKNOWN, _S.MANUAL},
    "push": {_S.ORDERING, _S.SHOWN, _S.WAITING, _S.CLOSING, _S.MANUAL},
}
LIVE_STATES: list[tuple[Direction, State]] = [
    (direction, state) for direction in LIVE for state in sorted(LIVE[direction])
]
BOTH: tuple[Direction, ...] = ("pull", "push")


@pytest.mark.parametrize("state", [_S.REVERSING, _S.REVERSE_UNKNOWN])
def test_3_1_reverse_refused_as_already_paid_is_paid_late(state: State) -> None:
    expected = Move(_S.PAID, Flag.IRREVERSIBLE, Opens.PAID_LATE)
    assert step("pull", state, _E.NOT_REVERSIBLE) == expected


@pytest.mark.parametrize("state", [_S.REVERSING, _S.REVERSE_UNKNOWN])
def test_3_1_only_a_manager_turns_a_reverse_into_paid(state: State) -> None:
    assert step("pull", state, _E.ACCEPT_PAID) == Move(_S.PAID, Flag.ACCEPTED)


def test_3_1_the_window_over_is_a_persons() -> None:
    expected = Move(_S.MANUAL, opens=Opens.WINDOW_OVER)
    assert step("pull", _S.REVERSE_UNKNOWN, _E.WINDOW_OVER) == expected
    assert step("push", _S.CLOSING, _E.WINDOW_OVER) == expected


def test_3_2_paid_while_closing_offers_undo() -> None:
    assert step("push", _S.CLOSING, _E.SUCCESS) == Move(_S.PAID, Flag.WHILE_CLOSING)


@pytest.mark.parametrize("direction", BOTH)
def test_manual_ends_by_proof_only(direction: Direction) -> None:
    late = Move(_S.PAID, Flag.IRREVERSIBLE, Opens.PAID_LATE)
    assert step(direction, _S.MANUAL, _E.SUCCESS) == late
    assert step(direction, _S.MANUAL, _E.BILL_PAID) == late
    assert step(direction, _S.MANUAL, _E.BILL_CLOSED) == Move(_S.CLOSED)
    for signal in (_E.UNCLEAR, _E.NOT_FOUND, _E.NOT_FOUND_BELIEVED, _E.GIVE_UP, _E.RESTART, _E.UNPAID):
        assert step(direction, _S.MANUAL, signal) == Move(_S.MANUAL)


@pytest.mark.parametrize(("direction", "state"), LIVE_STATES)
def test_3_1_the_bill_ends_every_live_attempt(direction: Direction, state: State) -> None:
    assert step(direction, state, _E.BILL_PAID).to is _S.PAID
    assert step(direction, state, _E.BILL_CLOSED).to is _S.CLOSED


@pytest.mark.parametrize(("direction", "state"), LIVE_STATES)
def test_b7_every_verified_notice_has_a_row_in_every_state(direction: Direction, state: State) -> None:
    """A notification comes before our own commit, twice, out of order: never a bug, never back to unproven."""
    for signal in (_E.SUCCESS, _E.PAYING, _E.UNPAID, _E.CLOSED_THERE, _E.RETURNED, _E.RESTART, _E.GIVE_UP):
        step(direction, state, signal)
    assert step(direction, state, _E.RETURNED).to in NOT_PAID
    assert step(direction, state, _E.CLOSED_THERE).to in NOT_PAID


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_i7_ended_attempts_never_move(direction: Direction, state: State) -> None:
    assert {step(direction, state, signal).to for signal in Signal} == {state}
    assert {step(direction, state, signal).flag for signal in Signal} == {None}


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("state", sorted(NOT_PAID))
def test_i7_payment_after_an_unpaid_end_is_an_exception(direction: Direction, state: State) -> None:
    opening = {signal for signal in Signal if step(direction, state, signal).opens}
    assert opening == {_E.SUCCESS, _E.BILL_PAID, _E.NOT_REVERSIBLE}
    assert {step(direction, state, signal).opens for signal in opening} == {Opens.LATE}


@pytest.mark.parametrize("direction", BOTH)
def test_i7_contradiction_of_paid_is_an_exception(direction: Direction) -> None:
    opening = {signal for signal in Signal if step(direction, _S.PAID, signal).opens}
    assert opening == {_E.RETURNED, _E.CLOSED_THERE, _E.BILL_CLOSED, _E.REVERSE_OK, _E.CLOSE_OK}
    assert {step(direction, _S.PAID, signal).opens for signal in opening} == {Opens.CONTRADICTED}


_QUERY = {_E.NOT_FOUND, _E.NOT_FOUND_BELIEVED, _E.PAYING}
DELIVERED: dict[tuple[Direction, State], set[Signal]] = {
    ("pull", _S.INTENT): {_E.COMMITTED},
    ("pull", _S.SENT): {_E.REFUSED, _E.UNCLEAR, _E.NOT_SENT, _E.NOT_SENT_FINAL} | _QUERY,
    # a notice may overtake the commit of "sent" and the answer to pay or reverse
    ("pull", _S.WAITING): {_E.COMMITTED, _E.REFUSED, _E.UNCLEAR, _E.NOT_SENT, _E.REVERSE_OK} | _QUERY,
    ("pull", _S.UNKNOWN): {_E.COMMITTED, _E.REFUSED, _E.UNCLEAR, _E.NOT_SENT_FINAL, _E.NOT_REVERSIBLE} | _QUERY,
    ("pull", _S.REVERSING): {_E.REVERSE_OK, _E.NOT_REVERSIBLE, _E.UNCLEAR, _E.WINDOW_OVER} | _QUERY,
    ("pull", _S.REVERSE_UNKNOWN): {_E.REVERSE_OK, _E.NOT_REVERSIBLE, _E.UNCLEAR, _E.WINDOW_OVER} | _QUERY,
    ("pull", _S.MANUAL): {_E.REVERSE_OK, _E.NOT_REVERSIBLE, _E.UNCLEAR, _E.WINDOW_OVER} | _QUERY,
    ("push", _S.ORDERING): {_E.CODE_READY, _E.REFUSED, _E.UNCLEAR, _E.NOT_SENT, _E.NOT_SENT_FINAL} | _QUERY,
    ("push", _S.SHOWN): _QUERY | {_E.UNCLEAR},
    ("push", _S.WAITING): _QUERY | {_E.UNCLEAR},
    # the answer to the order may come after somebody gave up
    ("push", _S.CLOSING): {_E.CODE_READY, _E.REFUSED, _E.UNCLEAR, _E.NOT_SENT, _E.NOT_SENT_FINAL} | _QUERY,
    ("push", _S.MANUAL): {_E.CLOSE_OK, _E.UNCLEAR, _E.WINDOW_OVER} | _QUERY,
}


@pytest.mark.parametrize(("direction", "state"), LIVE_STATES)
def test_whatever_a_call_under_way_may_answer_has_a_row(direction: Direction, state: State) -> None:
    for signal in DELIVERED[direction, state]:
        step(direction, state, signal)


_PUSH_ONLY = {_E.CODE_READY, _E.CLOSE_OK}
_PULL_ONLY = {_E.REVERSE_OK, _E.NOT_REVERSIBLE, _E.ACCEPT_PAID}
_NO_QUERY_YET = {_E.NOT_FOUND, _E.NOT_FOUND_BELIEVED}
_NOTHING_ASKED = {_E.REFUSED, _E.UNCLEAR, _E.NOT_SENT}  # answers need a call under way
MISSING: dict[tuple[Direction, State], set[Signal]] = {
    ("pull", _S.INTENT): _PUSH_ONLY | _PULL_ONLY | _NO_QUERY_YET | _NOTHING_ASKED | {_E.WINDOW_OVER},
    ("pull", _S.SENT): _PUSH_ONLY | _PULL_ONLY | {_E.COMMITTED, _E.WINDOW_OVER},
    ("pull", _S.WAITING): _PUSH_ONLY | {_E.ACCEPT_PAID},
    ("pull", _S.UNKNOWN): _PUSH_ONLY | {_E.ACCEPT_PAID},
    ("pull", _S.REVERSING): _PUSH_ONLY | {_E.COMMITTED},
    ("pull", _S.REVERSE_UNKNOWN): _PUSH_ONLY | {_E.COMMITTED},
    ("pull", _S.MANUAL): {_E.CODE_READY, _E.COMMITTED},
    ("push", _S.ORDERING): _PULL_ONLY | {_E.CLOSE_OK, _E.WINDOW_OVER},
    ("push", _S.SHOWN): _PULL_ONLY
    | {_E.COMMITTED, _E.CLOSE_OK, _E.WINDOW_OVER, _E.REFUSED, _E.NOT_SENT, _E.NOT_SENT_FINAL},
    ("push", _S.WAITING): _PULL_ONLY
    | {_E.COMMITTED, _E.CLOSE_OK, _E.WINDOW_OVER, _E.REFUSED, _E.NOT_SENT, _E.NOT_SENT_FINAL},
    ("push", _S.CLOSING): _PULL_ONLY | {_E.COMMITTED},
    ("push", _S.MANUAL): {_E.CODE_READY, _E.COMMITTED},
}


@pytest.mark.parametrize(("direction", "state"), LIVE_STATES)
def test_what_has_no_row_is_a_bug_and_this_is_all_of_it(direction: Direction, state: State) -> None:
    missing = {signal for signal in Signal if (state, signal) not in TABLES[direction]}
    assert missing == MISSING[direction, state]
    for signal in missing:
        with pytest.raises(IllegalMove, match=f"{direction}: {signal} cannot happen when {state}"):
            step(direction, state, signal)


def test_no_row_starts_or_ends_in_a_state_of_the_other_direction() -> None:
    for direction, table in TABLES.items():
        states = LIVE[direction] | TERMINAL
        assert {state for state, _ in table} == states
        assert {move.to for move in table.values()} <= states
        assert FIRST[direction] in LIVE[direction]


def test_3_4_every_state_has_its_word_on_screen() -> None:
    waiting, checking, unpaid = "waiting", "checking", "not_paid"
    expected = {
        _S.INTENT: waiting,
        _S.ORDERING: waiting,
        _S.SHOWN: waiting,
        _S.SENT: waiting,
        _S.WAITING: "acting",
        _S.UNKNOWN: checking,
        _S.CLOSING: checking,
        _S.REVERSING: checking,
        _S.REVERSE_UNKNOWN: checking,
        _S.MANUAL: "person",
        _S.PAID: "paid",
        _S.DECLINED: unpaid,
        _S.CLOSED: unpaid,
        _S.REVERSED: unpaid,
        _S.NOT_SENT: unpaid,
    }
    assert expected == SCREEN_WORDS


def test_a_flag_is_only_set_by_a_move() -> None:
    assert all(
        move.to is not state for table in TABLES.values() for (state, _), move in table.items() if move.flag
    )
