"""Money going back, row by row of the refund rules: reserved, sent, followed to a definite end."""

import pytest

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import Signal, State
from terminal.payments.fact import Facts
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.notice import Trade
from terminal.payments.refund import REFUND_ENDED, REFUND_TABLE, RefundSignal, RefundState, refund_step
from terminal.payments.refunding import (
    cancel_refund,
    lines_minor,
    queue_refund,
    remind,
    shown_void,
    start_refund,
    void_refused,
)
from terminal.payments.sale import SaleState
from terminal.payments.way_back import Way
from tests.unit.payments.journey import Journey, notice

_R, _E = RefundState, RefundSignal
LIVE = (_R.INTENT, _R.SENT, _R.UNKNOWN)


UNDO = Way("void", "rule")


def scanned() -> Journey:
    sale = Journey()
    sale.at("pull", State.PAID)
    return sale


def start(sale: Journey, *, way: Way = Way("refund", "part"), due_ms: int = 0) -> Facts:  # noqa: B008  # frozen
    whole = Money(2850, "CNY")
    how = {"refund": "R", "reason": "x", "actor": "person:k", "approver": ""}
    return start_refund(sale.sale, "A1", whole, at_ms=5, way=way, due_ms=due_ms, claims=(), lines=(), **how)


def paid() -> Journey:
    sale = Journey()
    sale.at("push", State.PAID)
    return sale


@pytest.mark.parametrize(
    ("state", "signal", "to"),
    [
        (_R.INTENT, _E.COMMITTED, _R.SENT),
        (_R.SENT, _E.PROCESSING, _R.SENT),
        (_R.SENT, _E.REFUNDED, _R.REFUNDED),
        (_R.SENT, _E.REFUSED, _R.FAILED),
        (_R.SENT, _E.FAILED, _R.FAILED),
        (_R.SENT, _E.ABNORMAL, _R.MANUAL),
        (_R.SENT, _E.UNCLEAR, _R.UNKNOWN),
        (_R.SENT, _E.NOT_FOUND, _R.UNKNOWN),
        (_R.SENT, _E.NOT_SENT, _R.UNKNOWN),
        (_R.INTENT, _E.RESTART, _R.UNKNOWN),
        (_R.SENT, _E.RESTART, _R.UNKNOWN),
        (_R.UNKNOWN, _E.RESTART, _R.UNKNOWN),
        (_R.UNKNOWN, _E.PROCESSING, _R.SENT),
        (_R.UNKNOWN, _E.REFUNDED, _R.REFUNDED),
        (_R.UNKNOWN, _E.FAILED, _R.FAILED),
        (_R.UNKNOWN, _E.NOT_FOUND, _R.UNKNOWN),
        (_R.MANUAL, _E.REFUNDED, _R.REFUNDED),
        (_R.MANUAL, _E.FAILED, _R.FAILED),
        (_R.MANUAL, _E.REFUSED, _R.MANUAL),
        (_R.MANUAL, _E.RESTART, _R.MANUAL),
        (_R.QUEUED, _E.DUE, _R.INTENT),
        (_R.QUEUED, _E.CANCELLED, _R.FAILED),
        (_R.QUEUED, _E.RESTART, _R.QUEUED),
        (_R.QUEUED, _E.REFUSED, _R.QUEUED),
        (_R.QUEUED, _E.REFUNDED, _R.REFUNDED),
        (_R.SENT, _E.CANCELLED, _R.SENT),
        (_R.INTENT, _E.CANCELLED, _R.INTENT),
    ],
)
@pytest.mark.row(73)
def test_a_refund_moves_only_on_what_is_known(state: RefundState, signal: RefundSignal, to: RefundState) -> None:
    assert refund_step(state, signal) is to


@pytest.mark.parametrize("signal", [_E.COMMITTED, _E.REFUSED, _E.UNCLEAR, _E.NOT_SENT])
def test_i8_a_resend_never_frees_what_the_unseen_first_answer_may_have_taken(signal: RefundSignal) -> None:
    assert refund_step(_R.UNKNOWN, signal) is _R.UNKNOWN


@pytest.mark.parametrize("state", sorted(REFUND_ENDED))
def test_i7_refunded_and_failed_are_final(state: RefundState) -> None:
    assert {refund_step(state, signal) for signal in RefundSignal} == {state}


def test_the_refund_table_is_total() -> None:
    assert set(REFUND_TABLE) == {(state, signal) for state in RefundState for signal in RefundSignal}


@pytest.mark.row(69)
def test_several_partial_refunds_up_to_what_was_captured() -> None:
    sale = paid()
    sale.refund(1000, _E.COMMITTED, _E.REFUNDED)
    sale.refund(1850, _E.COMMITTED, _E.UNCLEAR, _E.REFUNDED)
    assert sale.sale.refundable_minor(sale.attempt) == 0
    assert sale.sale.refund("R1").provider_refund == "P1"
    assert sale.owed_ids()[-2:] == ["R1:receipt", "R2:receipt"]
    assert sale.state() is SaleState.PAID
    with pytest.raises(InvalidRequest, match="refund_too_much"):
        sale.refund(1)


@pytest.mark.row(71)
@pytest.mark.parametrize("state", [(), (_E.COMMITTED,), (_E.UNCLEAR,), (_E.ABNORMAL,), (_E.REFUNDED,)])
def test_i8_what_may_still_go_out_stays_reserved(state: tuple[RefundSignal, ...]) -> None:
    sale = paid()
    sale.refund(2000, *state)
    with pytest.raises(InvalidRequest) as refused:
        sale.refund(851)
    assert refused.value.facts == {"left": "8.50"}
    sale.refund(850)


def test_i8_only_a_definite_failure_frees_the_reserve() -> None:
    sale = paid()
    sale.refund(2850, _E.COMMITTED, _E.FAILED)
    sale.refund(2850, _E.COMMITTED, _E.REFUSED)
    assert sale.sale.refundable_minor(sale.attempt) == 2850


@pytest.mark.row(69, 71)
@pytest.mark.parametrize("minor", [0, -1, 2851])
def test_a_refund_is_positive_and_capped(minor: int) -> None:
    with pytest.raises(InvalidRequest, match=r"refund_too_much \(left=28.50\)"):
        paid().refund(minor)


def test_a_refund_needs_the_sales_currency_a_reason_and_a_payment() -> None:
    sale = paid()
    with pytest.raises(InvalidRequest, match="refund_reason_missing"):
        sale.refund(1, reason=" ")
    with pytest.raises(InvalidRequest, match="refund_too_much"):
        start_refund(sale.sale, "A1", Money(1, "JPY"), refund="R", reason="x", actor="", approver="", at_ms=1)
    unpaid = Journey()
    unpaid.shown()
    with pytest.raises(Conflict, match="refund_not_paid"):
        unpaid.refund(1)


def test_money_of_a_payment_still_in_doubt_is_not_refunded_beside_the_reverse() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(Signal.SUCCESS)
    with pytest.raises(Conflict, match="refund_not_paid"):
        sale.refund(1)


@pytest.mark.row(21)
def test_late_money_is_off_the_list_only_when_all_of_it_went_back() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(Signal.GIVE_UP, Signal.CLOSE_OK, Signal.SUCCESS)
    sale.refund(1000, _E.COMMITTED)
    sale.refund(1850, _E.COMMITTED, _E.REFUNDED)
    assert sale.open_exceptions() == ["paid_late"]  # the first may still fail
    with pytest.raises(Conflict, match="refund_first"):
        sale.close_exception("A1:paid_late", "seen")
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A1:paid_late", "attached")
    sale.hear_refund("R1", _E.FAILED)
    assert sale.open_exceptions() == ["paid_late"]
    sale.refund(1000, _E.REFUNDED)
    assert sale.open_exceptions() == []
    assert [each.closed for each in sale.sale.exceptions] == ["refunded"]


def test_i7_i8_a_failed_refund_that_went_out_after_all_is_before_a_person_and_counts() -> None:
    sale = paid()
    name = sale.refund(2000, _E.COMMITTED, _E.FAILED)
    sale.hear_refund(name, _E.REFUNDED)
    assert sale.sale.refund(name).state is _R.FAILED
    assert sale.open_exceptions() == ["contradicted"]
    assert sale.hear_refund(name, _E.REFUNDED) == ()
    with pytest.raises(InvalidRequest, match=r"left=8\.50"):
        sale.refund(851)
    sale.close_exception("R1:contradicted", "seen")
    with pytest.raises(InvalidRequest, match=r"left=8\.50"):
        sale.refund(851)


def test_i8_lines_of_a_failed_refund_are_free_until_it_went_out_after_all() -> None:
    lines = tuple(SaleLine.made(name, minor) for name, minor in (("Tea", 850), ("Cake", 2000)))
    sale = Journey(lines=lines)
    sale.at("push", State.PAID)
    name = sale.refund(850, _E.COMMITTED, _E.FAILED, lines=(1,))
    assert lines_minor(sale.sale, (1,), None) == 850
    sale.hear_refund(name, _E.REFUNDED)
    with pytest.raises(InvalidRequest, match="refund_line_gone"):
        sale.refund(850, lines=(1,))
    sale.refund(2000, lines=(2,))


@pytest.mark.parametrize("signal", [_E.FAILED, _E.ABNORMAL])
def test_i7_a_refund_that_was_made_and_came_back_is_before_a_person(signal: RefundSignal) -> None:
    sale = paid()
    name = sale.refund(2000, _E.REFUNDED)
    sale.hear_refund(name, signal)
    assert sale.sale.refund(name).state is _R.REFUNDED
    assert sale.open_exceptions() == ["contradicted"]


def test_repeats_and_silence_of_an_ended_refund_change_nothing() -> None:
    sale = paid()
    name = sale.refund(2000, _E.REFUNDED)
    for signal in (_E.REFUNDED, _E.UNCLEAR, _E.RESTART, _E.PROCESSING, _E.REFUSED, _E.NOT_FOUND):
        assert sale.hear_refund(name, signal) == ()
    assert sale.open_exceptions() == []


def test_a_sale_is_final_only_when_its_refund_is() -> None:
    sale = paid()
    name = sale.refund(2850)
    assert not sale.sale.final
    sale.hear_refund(name, _E.REFUNDED)
    assert sale.sale.final


@pytest.mark.row(73)
def test_a_refund_that_needs_a_person_is_an_exception_until_it_came_through_or_somebody_saw_it() -> None:
    sale = paid()
    sale.refund(850, _E.COMMITTED, _E.ABNORMAL)
    assert [(each.kind, each.amount_minor) for each in sale.sale.exceptions] == [("refund_manual", 850)]
    assert sale.hear_refund("R1", _E.ABNORMAL) == (), "told once"
    sale.hear_refund("R1", _E.REFUNDED)
    assert [each.closed for each in sale.sale.exceptions] == ["refunded"]


def test_a_refund_that_needed_a_person_and_failed_stays_before_them() -> None:
    sale = paid()
    sale.refund(850, _E.COMMITTED, _E.ABNORMAL, _E.FAILED)
    assert sale.open_exceptions() == ["refund_manual"]
    sale.close_exception("R1:refund_manual", "seen")
    assert sale.open_exceptions() == []


def test_i8_a_refused_void_becomes_a_refund_of_the_same_record_with_the_amount_reserved() -> None:
    sale = scanned()
    sale.take(start(sale, way=UNDO))
    assert (sale.sale.refund("R").way, sale.types[-2:]) == ("void", ["refund_started", "refund_way_chosen"])
    sale.take(void_refused(sale.sale, "R", "not_reversible", at_ms=6))
    now = sale.sale.refund("R")
    assert (now.way, now.voided, now.state) == ("refund", True, _R.INTENT)
    assert sale.sale.refundable_minor(sale.attempt) == 0
    assert void_refused(sale.sale, "R", "not_reversible", at_ms=7) == (), "once"
    sale.hear_refund("R", _E.REFUSED)
    assert sale.sale.refundable_minor(sale.attempt) == 2850


def test_i7_a_void_that_has_ended_stays_what_it_was() -> None:
    sale = scanned()
    sale.take(start(sale, way=UNDO))
    sale.hear_refund("R", _E.PROCESSING, _E.REFUNDED)
    assert void_refused(sale.sale, "R", "not_reversible", at_ms=7) == ()
    assert sale.sale.refund("R").way == "void"
    assert sale.owed_ids()[-1] == "R:receipt"


@pytest.mark.row(70)
@pytest.mark.parametrize(
    ("trade", "shows", "proves"),
    [
        (Trade.REVERSED, ("reversed",), True),
        (Trade.RETURNED, ("reversed",), False),
        (Trade.RETURNED, ("returned", "closed"), True),
        (Trade.PAID, ("reversed",), False),
    ],
)
def test_only_the_words_of_the_rule_prove_a_void(trade: Trade, shows: tuple[str, ...], proves: bool) -> None:
    sale = scanned()
    told = notice("A1", trade=trade)
    assert shown_void(sale.sale, told, shows) is None, "nothing was undone yet"
    sale.take(start(sale, way=UNDO))
    assert (shown_void(sale.sale, told, shows) is not None) == proves
    assert shown_void(sale.sale, notice("A2", trade=trade), shows) is None


@pytest.mark.row(75)
def test_what_waits_is_reserved_on_paper_once_and_leaves_or_is_cancelled() -> None:
    sale = scanned()
    sale.take(start(sale, due_ms=9))
    now = sale.sale.refund("R")
    assert (now.state, now.due_ms, now.since_ms) == (_R.QUEUED, 9, 9)
    assert sale.owed_ids()[-1] == "R:queued:receipt"
    assert sale.sale.refundable_minor(sale.attempt) == 0
    assert not sale.sale.final
    sale.hear_refund("R", _E.RESTART, _E.DUE)
    assert sale.sale.refund("R").state is _R.INTENT
    with pytest.raises(Conflict, match="refund_not_queued"):
        cancel_refund(sale.sale, "R", at_ms=10)
    sale.take(queue_refund(sale.sale, "R", due_ms=90, why="no_funds", at_ms=10))
    assert (sale.sale.refund("R").since_ms, sale.owed_ids()[-1]) == (9, "R:queued:receipt"), "not on paper again"
    sale.take(cancel_refund(sale.sale, "R", at_ms=11))
    assert sale.sale.refundable_minor(sale.attempt) == 2850
    assert sale.sale.final
    sale.hear_refund("R", _E.REFUNDED)
    assert sale.open_exceptions() == ["contradicted"], "it went out after all"


def test_what_may_be_at_the_provider_never_waits() -> None:
    for signals in ((_E.UNCLEAR,), (_E.PROCESSING,), (_E.REFUNDED,), (_E.ABNORMAL,)):
        sale = paid()
        name = sale.refund(850, *signals)
        assert queue_refund(sale.sale, name, due_ms=9, why="x", at_ms=6) == ()


@pytest.mark.row(73)
def test_a_refund_without_an_end_is_before_a_person_once_until_it_is_done() -> None:
    sale = paid()
    name = sale.refund(850, _E.UNCLEAR)
    sale.take(remind(sale.sale, name, at_ms=9))
    assert sale.open_exceptions() == ["refund_late"]
    assert remind(sale.sale, name, at_ms=10) == ()
    sale.hear_refund(name, _E.REFUNDED)
    assert sale.open_exceptions() == []
    assert remind(sale.sale, name, at_ms=11) == ()
