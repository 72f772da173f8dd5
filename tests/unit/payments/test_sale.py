"""The fold: what a sale knows after each event, and what leaves it as it was."""

import pytest

from terminal.payments.attempt import Signal, State
from terminal.payments.decide import hear
from terminal.payments.event import Actor
from terminal.payments.fact import Fact, fold
from terminal.payments.sale import evolve
from tests.unit.payments.journey import Journey


def test_events_of_the_timeline_change_nothing() -> None:
    sale = Journey().sale
    assert evolve(sale, "effect_done", {"effect": "A1:receipt"}) is sale


def test_nothing_can_happen_before_a_sale_is_opened() -> None:
    with pytest.raises(AssertionError, match="sale_parked"):
        evolve(None, "sale_parked", {})


@pytest.mark.row(64)
def test_i9_printings_count_what_may_be_on_paper() -> None:
    begun = Fact("print_started", {"receipt": "A1:receipt", "copy": 0})
    sale = Journey().sale
    assert sale.printings("A1:receipt") == 0
    sale = fold(sale, [begun, Fact("print_stopped", {"receipt": "A1:receipt", "touched": False})])
    assert sale.printings("A1:receipt") == 0
    sale = fold(sale, [begun, Fact("print_stopped", {"receipt": "A1:receipt", "touched": True})])
    assert sale.printings("A1:receipt") == 1
    again = Fact("print_started", {"receipt": "A1:receipt", "copy": 1})
    assert fold(sale, [again]).prints == (("A1:receipt", 2),)


def test_only_a_shown_or_awaited_code_keeps_its_payload() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(Signal.PAYING)
    assert (sale.attempt.state, sale.attempt.payload) == (State.WAITING, "weixin://x")
    sale.hear(Signal.SUCCESS)
    assert sale.attempt.payload == ""


def test_the_first_evidence_is_kept_and_a_repeat_changes_none_of_it() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(Signal.SUCCESS)
    sale.hear(Signal.ACCEPT_PAID)
    assert sale.attempt.provider_txn == "T1"
    sale.hear(Signal.SUCCESS, txn="T2")
    assert sale.attempt.provider_txn == "T1"


def test_a_parked_sale_is_silent_about_new_doubt() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(Signal.PAYING)
    sale.take((Fact("sale_parked", {"at_ms": 1}),))
    sale.hear(Signal.GIVE_UP)
    assert sale.owed_ids() == []


def test_an_actor_is_written_kind_and_id() -> None:
    assert str(Actor("person", "01J")) == "person:01J"


@pytest.mark.row(9)
def test_an_attempt_keeps_the_reason_of_its_last_move_and_nothing_older() -> None:
    sale = Journey()
    sale.sent()
    sale.take(hear(sale.sale, sale.attempt.id, Signal.UNCLEAR, at_ms=3, why="rate_limited"))
    assert sale.attempt.why == "rate_limited"
    sale.take(hear(sale.sale, sale.attempt.id, Signal.REFUSED, at_ms=4, why="no_funds: balance"))
    assert sale.attempt.why == "no_funds: balance"
    other = Journey()
    other.sent()
    other.take(hear(other.sale, other.attempt.id, Signal.UNCLEAR, at_ms=3, why="mismatch"))
    other.hear(Signal.SUCCESS)
    assert other.attempt.why == ""
