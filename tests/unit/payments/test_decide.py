"""Stories of one sale: what is decided, what is owed, and that none of it happens twice."""

from dataclasses import replace
from typing import Any

import pytest

from terminal.errors import Conflict, InvalidRequest
from terminal.payments import decide
from terminal.payments.attempt import TERMINAL, Direction, Flag, IllegalMove, Signal, State
from terminal.payments.fact import fold
from terminal.payments.money import Money
from terminal.payments.sale import SaleState
from terminal.payments.sale_parts import Attempt, needs_sweep
from tests.unit.payments.journey import Journey, notice

_E = Signal


@pytest.mark.row(6, 29)
def test_our_code_is_shown_and_paid_i3_i11() -> None:
    sale = Journey()
    sale.shown()
    assert sale.sale.word == "waiting"
    assert sale.attempt.payload == "weixin://x"
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert sale.sale.ended_ms == 3
    assert sale.sale.paid_minor == 2850
    assert sale.owed_ids() == ["A1:voice:paid", "A1:receipt"]
    assert sale.attempt.payload == ""
    assert (sale.attempt.provider_txn, sale.attempt.payer_minor) == ("T1", 2850)


@pytest.mark.row(7)
def test_a_scanned_code_is_paid() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.PAYING)
    assert sale.sale.word == "acting"
    sale.hear(_E.SUCCESS)
    assert sale.sale.word == "paid"
    assert sale.owed_ids() == ["A1:voice:paid", "A1:receipt"]


@pytest.mark.row(29)
def test_i3_a_hundred_copies_of_one_notification_change_and_owe_nothing() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.SUCCESS)
    before = sale.sale
    for _ in range(100):
        assert sale.hear(_E.SUCCESS) == ()
    assert sale.sale == before
    assert sale.owed_ids() == ["A1:voice:paid", "A1:receipt"]


@pytest.mark.row(10)
def test_a_doubtful_scan_says_checking_once_and_ends_reversed() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.UNCLEAR)
    assert (sale.state(), sale.sale.word) == (SaleState.CHECKING, "checking")
    sale.hear(_E.PAYING, _E.GIVE_UP, _E.UNCLEAR, _E.PAYING, _E.GIVE_UP, _E.REVERSE_OK)
    assert sale.state() is SaleState.EXPIRED
    assert sale.owed_ids() == ["A1:voice:checking", "A1:voice:not_paid"]


@pytest.mark.row(10)
def test_a_customer_who_never_confirms_leads_to_checking_and_is_heard() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.PAYING, _E.GIVE_UP)
    assert sale.sale.word == "checking"
    assert sale.owed_ids() == ["A1:voice:checking"]


@pytest.mark.row(31)
def test_cancel_with_proof_ends_cancelled_only_after_the_close() -> None:
    sale = Journey()
    sale.shown()
    sale.cancel()
    assert sale.state() is SaleState.OPEN
    assert sale.cancel() == ()
    sale.hear(_E.GIVE_UP)
    assert sale.sale.word == "checking"
    facts = sale.hear(_E.CLOSE_OK)
    assert facts[-1].body == {"from": "checking", "to": "cancelled", "at_ms": 3, "why": "cashier"}
    assert sale.sale.word == "not_paid"
    assert sale.cancel() == ()


@pytest.mark.row(31)
def test_cancel_finds_that_the_customer_had_already_paid() -> None:
    sale = Journey()
    sale.shown()
    sale.cancel()
    sale.hear(_E.GIVE_UP, _E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert Flag.WHILE_CLOSING in sale.attempt.flags
    assert sale.open_exceptions() == []
    with pytest.raises(Conflict, match="sale_paid"):
        sale.cancel()


def test_cancel_with_nothing_live_ends_at_once() -> None:
    sale = Journey()
    sale.cancel()
    assert sale.state() is SaleState.CANCELLED
    assert sale.sale.word == "not_paid"
    with pytest.raises(Conflict, match="sale_ended"):
        sale.start("push")


def test_cancelled_while_a_scan_is_refused_ends_cancelled() -> None:
    sale = Journey()
    sale.sent()
    sale.cancel()
    sale.hear(_E.REFUSED)
    assert sale.state() is SaleState.CANCELLED


@pytest.mark.row(7)
def test_declined_then_scanned_again_is_paid_once() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.REFUSED, why="no_funds")
    assert sale.state() is SaleState.OPEN
    assert sale.sale.word == "not_paid"
    sale.sent()
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert sale.owed_ids() == ["A1:voice:not_paid", "A2:voice:paid", "A2:receipt"]


def test_i15_a_second_attempt_is_refused_with_the_name_of_the_first() -> None:
    sale = Journey()
    sale.shown()
    with pytest.raises(Conflict) as refused:
        sale.start("pull")
    assert refused.value.slug == "attempt_live"
    assert refused.value.facts["attempt"] == "A1"


def test_i15_manual_is_still_live_and_after_paid_nothing_starts() -> None:
    sale = Journey()
    sale.at("pull", State.MANUAL)
    assert sale.sale.word == "person"
    with pytest.raises(Conflict, match="attempt_live"):
        sale.start("push")
    paid = Journey()
    paid.at("pull", State.PAID)
    with pytest.raises(Conflict, match="sale_ended"):
        paid.start("push")


@pytest.mark.row(8)
def test_a_scan_takes_the_place_of_the_shown_code_after_proof() -> None:
    sale = Journey()
    sale.shown()
    sale.take(decide.request_switch(sale.sale, at_ms=4))
    assert decide.request_switch(sale.sale, at_ms=4) == ()
    sale.hear(_E.GIVE_UP, _E.CLOSE_OK)
    assert sale.state() is SaleState.OPEN
    sale.sent()
    assert not sale.sale.switching
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert sale.owed_ids() == ["A2:voice:paid", "A2:receipt"]  # nobody is told "not paid" meanwhile


def test_nothing_to_switch_when_nothing_is_live() -> None:
    assert decide.request_switch(Journey().sale, at_ms=1) == ()


def test_i2_no_way_to_paid_without_evidence() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    for signal in (_E.SUCCESS, _E.BILL_PAID, _E.NOT_REVERSIBLE):
        with pytest.raises(AssertionError, match="I2"):
            decide.hear(sale.sale, "A1", signal, at_ms=1)
        with pytest.raises(AssertionError, match="I2"):
            decide.hear(sale.sale, "A1", signal, at_ms=1, evidence=notice("A2"))
    with pytest.raises(Conflict, match="accept_without_evidence"):
        sale.hear(_E.ACCEPT_PAID)


def test_the_decision_to_reverse_stands_until_a_manager_keeps_the_money() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.SUCCESS)
    assert sale.attempt.state is State.REVERSING
    assert sale.attempt.captured
    sale.hear(_E.ACCEPT_PAID)
    assert sale.state() is SaleState.PAID
    assert Flag.ACCEPTED in sale.attempt.flags


def test_a_manager_who_is_too_late_hears_so() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.SUCCESS, _E.PAYING)  # the reverse was refused: the customer is confirming
    with pytest.raises(Conflict, match="accept_not_possible"):
        sale.hear(_E.ACCEPT_PAID)
    sale.hear(_E.SUCCESS)
    with pytest.raises(Conflict, match="accept_not_possible"):
        sale.hear(_E.ACCEPT_PAID)


def test_a_manager_keeps_money_whose_reverse_window_ended() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.SUCCESS, _E.WINDOW_OVER, _E.ACCEPT_PAID)
    assert sale.state() is SaleState.PAID
    assert [(each.kind, each.closed) for each in sale.sale.exceptions] == [("window_over", "accepted")]


@pytest.mark.row(12)
def test_a_parked_sale_stays_parked_and_its_end_is_not_told_to_the_next_customer() -> None:
    sale = Journey()
    sale.at("pull", State.UNKNOWN)
    sale.park()
    assert sale.park() == ()
    sale.hear(_E.PAYING)
    assert sale.sale.parked
    assert decide.summary(sale.sale)["open"] is False
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert sale.owed_ids() == ["A1:voice:checking", "A1:voice:late", "A1:receipt"]


@pytest.mark.row(12)
def test_a_parked_sale_refused_in_the_end_expires_in_silence() -> None:
    sale = Journey()
    sale.at("pull", State.UNKNOWN)
    sale.park()
    sale.hear(_E.REFUSED)
    assert sale.state() is SaleState.EXPIRED
    assert sale.owed_ids() == ["A1:voice:checking"]


def test_i10_a_code_on_its_way_down_has_no_payload_left() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.GIVE_UP)
    assert sale.attempt.payload == ""


def test_money_seen_before_a_reverse_is_not_refundable_after_it_i8() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.SUCCESS, _E.BILL_CLOSED)
    assert sale.attempt.state is State.CLOSED
    with pytest.raises(Conflict, match="refund_not_paid"):
        sale.refund(1)


def test_shares_are_paid_one_after_another() -> None:
    sale = Journey(shares=(1000, 1850))
    sale.start("push", share=1)
    assert sale.attempt.amount == Money(1850, "CNY")
    sale.hear(_E.SUCCESS)
    assert (sale.state(), sale.sale.word) == (SaleState.PART_PAID, "waiting")
    assert sale.sale.share_paid(1)
    with pytest.raises(Conflict, match="share_paid"):
        sale.start("pull", share=1)
    sale.start("pull", share=0)
    sale.hear(_E.COMMITTED, _E.UNCLEAR)
    assert sale.state() is SaleState.CHECKING
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    assert sale.sale.paid_minor == 2850
    moves = [kind for kind in sale.types if kind == "sale_moved"]
    assert len(moves) == 3


def test_a_part_paid_sale_neither_expires_nor_is_cancelled_away() -> None:
    sale = Journey(shares=(1000, 1850))
    sale.start("push", share=0)
    sale.hear(_E.SUCCESS)
    assert fold(sale.sale, decide.expire(sale.sale, at_ms=1)).state is SaleState.CHECKING
    sale.cancel()
    assert sale.state() is SaleState.CHECKING
    with pytest.raises(Conflict, match="sale_ended"):
        sale.start("push", share=1)


@pytest.mark.parametrize("shares", [(1000, 1849), (2850, 0), (2851, -1)])
def test_shares_must_be_positive_and_add_up(shares: tuple[int, ...]) -> None:
    with pytest.raises(InvalidRequest, match="shares_do_not_add_up"):
        Journey(shares=shares)


def test_an_open_sale_nobody_goes_on_with_expires_idle() -> None:
    sale = Journey()
    assert sale.take(decide.expire(sale.sale, at_ms=9))[-1].body["why"] == "idle"
    assert sale.state() is SaleState.EXPIRED
    assert decide.expire(sale.sale, at_ms=9) == ()
    assert sale.park() == ()
    live = Journey()
    live.shown()
    assert decide.expire(live.sale, at_ms=9) == ()


def test_not_sent_may_be_sent_again_or_ends_uncharged() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.NOT_SENT)
    assert sale.attempt.state is State.INTENT
    sale.hear(_E.COMMITTED, _E.NOT_SENT, _E.NOT_SENT_FINAL)
    assert (sale.attempt.state, sale.state()) == (State.NOT_SENT, SaleState.OPEN)


@pytest.mark.parametrize("direction", ["push", "pull"])
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_i1_what_may_have_been_in_flight_as_it_ended_unpaid_is_asked_about_until_it_is_swept(
    direction: Direction, state: State
) -> None:
    ended = Attempt("A1", 0, "wallet", direction, Money(2850, "CNY"), state, started_ms=1, expires_ms=2)
    assert needs_sweep(ended) is (state in {State.CLOSED, State.REVERSED})
    assert not needs_sweep(replace(ended, swept=True))


@pytest.mark.parametrize("flag", [Flag.WHILE_CLOSING, Flag.ACCEPTED, Flag.IRREVERSIBLE])
def test_i7_what_our_own_close_or_reverse_may_have_given_back_is_asked_about_though_it_is_paid(flag: Flag) -> None:
    flags = frozenset({flag})
    paid = Attempt(
        "A1", 0, "wallet", "push", Money(2850, "CNY"), State.PAID, started_ms=1, expires_ms=2, flags=flags
    )
    assert needs_sweep(paid) is (flag is not Flag.IRREVERSIBLE)


def test_an_order_that_ended_unpaid_is_final_only_after_its_sweep() -> None:
    for pull in (False, True):
        sale = Journey()
        if pull:
            sale.sent()
        else:
            sale.shown()
        sale.hear(_E.GIVE_UP)
        assert sale.attempt.ended_ms == 0
        sale.hear(_E.REVERSE_OK if pull else _E.CLOSE_OK)
        ended_ms = sale.attempt.ended_ms
        assert ended_ms > 0
        assert not sale.sale.final
        sale.take(decide.swept("A1", at_ms=1))
        assert sale.sale.final
        sale.hear(_E.SUCCESS)
        assert sale.attempt.ended_ms == ended_ms, "when it ended, not when its money came"


def test_the_facts_of_a_start_take_the_order_number_for_ever() -> None:
    sale = Journey()
    (fact,) = decide.start_attempt(
        sale.sale,
        attempt="X",
        provider="wallet",
        direction="pull",
        at_ms=1,
        expires_ms=2,
        claims=(("code", "hash", "X"),),
    )
    assert fact.claims == (("order", "X", "S1"), ("code", "hash", "X"))


def test_the_row_for_lists_follows_the_sale() -> None:
    sale = Journey()
    expected: dict[str, Any] = {
        "kind": "sale",
        "final": False,
        "open": True,
        "state": "open",
        "word": "waiting",
        "no": 1,
        "amount_minor": 2850,
        "currency": "CNY",
        "order_no": "",
        "wallet": "",
        "attempt": "",
        "last_pays": False,
        "channel": "",
        "fee": "",
        "refunded_minor": 0,
        "exceptions": [],
        "search": [],
    }
    assert decide.summary(sale.sale) == expected
    sale.shown()
    sale.hear(_E.SUCCESS)
    assert decide.summary(sale.sale) == expected | {
        "final": True,
        "open": False,
        "state": "paid",
        "word": "paid",
        "attempt": "A1",
        "last_pays": True,
        "channel": "wallet",
        "wallet": "wallet",
        "search": ["T1"],
    }


def test_a_move_that_cannot_be_is_a_bug() -> None:
    sale = Journey()
    sale.shown()
    with pytest.raises(IllegalMove, match="push: reverse_ok cannot happen when shown"):
        sale.hear(_E.REVERSE_OK)
