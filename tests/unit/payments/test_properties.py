"""Properties over long random histories: one charge, refunds capped, integers edge to edge (I3, I8, I12)."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.errors import TerminalError
from terminal.payments.attempt import TABLES, Signal, State
from terminal.payments.decide import summary
from terminal.payments.money import MINOR_MAX
from terminal.payments.refund import RefundSignal, RefundState
from terminal.payments.sale import SaleState
from tests.unit.payments.journey import Journey

NOTICES = st.sampled_from(
    [Signal.SUCCESS, Signal.PAYING, Signal.UNPAID, Signal.CLOSED_THERE, Signal.RETURNED, Signal.BILL_PAID]
)
actions = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(["push", "pull"])),
    st.tuples(st.just("hear"), st.sampled_from(sorted(Signal)), st.integers(0, 3), st.sampled_from(["T1", "T2"])),
    st.tuples(st.just("hear"), NOTICES, st.integers(0, 3), st.just("T1")),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("park")),
)


def act(journey: Journey, action: tuple[Any, ...]) -> None:
    """One action if the core allows it; Journey itself asserts that no effect is owed twice (I11)."""
    kind, *rest = action
    try:
        match kind:
            case "start":
                journey.start(rest[0])
            case "hear" if journey.sale.attempts:
                attempt = journey.sale.attempts[rest[1] % len(journey.sale.attempts)]
                if (attempt.state, rest[0]) in TABLES[attempt.direction]:
                    journey.hear(rest[0], of=attempt.id, txn=rest[2])
            case "cancel":
                journey.cancel()
            case "park" if journey.sale.state is SaleState.CHECKING:
                journey.park()
    except TerminalError:
        pass


@settings(max_examples=150, deadline=None)
@given(st.lists(actions, min_size=10, max_size=60))
def test_i3_i11_any_storm_charges_once_and_shows_the_rest_to_a_person(history: list[tuple[Any, ...]]) -> None:
    journey = Journey()
    for action in history:
        act(journey, action)
    sale = journey.sale
    assert sum(attempt.pays for attempt in sale.attempts) <= 1
    assert sum(attempt.live for attempt in sale.attempts) <= 1
    for attempt in sale.attempts:
        if attempt.captured and not attempt.pays and not attempt.live:
            assert any(
                each.attempt == attempt.id and each.kind in {"paid_late", "excess"} for each in sale.exceptions
            )
    spoken = [each for each in journey.owed if each.get("says") == "paid"]
    assert len(spoken) <= len([each for each in sale.attempts if each.pays])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-5, 3000),
            st.lists(st.sampled_from(sorted(RefundSignal)), max_size=4),
            st.integers(0, 9),
            st.lists(st.sampled_from(sorted(RefundSignal)), max_size=2),
        ),
        max_size=12,
    )
)
def test_i8_refunds_never_exceed_what_was_captured(asked: list[tuple[int, Any, int, Any]]) -> None:
    journey = Journey()
    journey.at("push", State.PAID)
    for minor, signals, other, later in asked:
        try:
            journey.refund(minor, *signals)
        except TerminalError:
            assert not 1 <= minor <= journey.sale.refundable_minor(journey.attempt)
        if journey.sale.refunds:
            journey.hear_refund(journey.sale.refunds[other % len(journey.sale.refunds)].id, *later)
        going = sum(each.amount.minor for each in journey.sale.refunds if each.state is not RefundState.FAILED)
        assert going <= 2850
        assert journey.sale.refundable_minor(journey.attempt) <= 2850 - going


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, MINOR_MAX // 8), min_size=1, max_size=8), st.data())
def test_i12_shares_are_paid_to_the_last_unit_in_integers_only(shares: list[int], data: st.DataObject) -> None:
    journey = Journey(minor=sum(shares), shares=tuple(shares))
    for share in data.draw(st.permutations(range(len(shares)))):
        assert journey.sale.state is not SaleState.PAID
        journey.start(data.draw(st.sampled_from(["push", "pull"])), share=share)
        journey.hear(Signal.SUCCESS)
    assert journey.sale.state is SaleState.PAID
    assert journey.sale.paid_minor == sum(shares)
    assert "." not in json.dumps(summary(journey.sale)), "a float would show its point"
