"""Approved in part: what was taken counts, the rest is the next tender, giving up gives it all back (row 33)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.errors import Conflict, TerminalError
from terminal.payments import decide
from terminal.payments.attempt import TABLES, Signal, State
from terminal.payments.evidence import Account, Mismatch, judge
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.notice import Trade
from terminal.payments.part import awaits_rest, to_give_back
from terminal.payments.refund import RefundSignal
from terminal.payments.sale import SaleState
from tests.unit.payments.journey import PROOF, Journey, notice

pytestmark = pytest.mark.row(33)
_E, _R = Signal, RefundSignal
WHOLE = Account("wallet", "m1", "app1")
IN_PART = Account("wallet", "m1", "app1", approves_part=True)


def approved(sale: Journey, minor: int, signal: Signal = _E.SUCCESS, *, of: str = "", txn: str = "T1") -> Facts:
    name = of or sale.attempt.id
    return sale.hear(signal, of=name, evidence=notice(name, amount_minor=minor, provider_txn=txn))


def part_paid(minor: int = 2000) -> Journey:
    sale = Journey()
    sale.shown()
    approved(sale, minor)
    return sale


# --- what counts as evidence --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "minor", "told"),
    [
        (WHOLE, 2000, Mismatch("amount")),
        (IN_PART, 2000, _E.SUCCESS),
        (IN_PART, 1, _E.SUCCESS),
        (IN_PART, 2850, _E.SUCCESS),
        (IN_PART, 2851, Mismatch("amount")),
        (IN_PART, 0, Mismatch("amount")),
        (IN_PART, -1, Mismatch("amount")),
        (IN_PART, None, Mismatch("amount")),
    ],
)
def test_b6_less_than_asked_is_evidence_only_where_the_profile_says_so(
    account: Account, minor: int | None, told: object
) -> None:
    sale = Journey()
    name = sale.shown()
    assert judge(notice(name, amount_minor=minor), sale.attempt, account) == told


def test_b6_once_taken_another_amount_is_no_evidence_any_more() -> None:
    first = part_paid().sale.attempts[0]
    assert judge(notice(first.id, amount_minor=2000), first, IN_PART) is _E.SUCCESS
    for minor in (1999, 2001, 2850):
        assert judge(notice(first.id, amount_minor=minor), first, IN_PART) == Mismatch("amount")
    closed = notice(first.id, amount_minor=2850, trade=Trade.CLOSED)
    assert judge(closed, first, IN_PART) is _E.CLOSED_THERE, "what the order asked for is no other amount"


# --- the rest -----------------------------------------------------------------------------------------------


def test_the_rest_is_the_next_tender_and_one_slip_tells_of_both() -> None:
    sale = part_paid()
    assert sale.types[-2:] == ["part_approved", "sale_moved"]
    assert (sale.state(), sale.sale.word, awaits_rest(sale.sale)) == (SaleState.PART_PAID, "waiting", True)
    assert (sale.sale.paid_minor, sale.sale.remaining_minor, sale.sale.shares) == (2000, 850, (2000, 850))
    assert sale.owed_ids() == ["A1:voice:paid"]
    with pytest.raises(Conflict, match="share_paid"):
        sale.start("pull", share=0)
    sale.start("pull", share=1)
    assert (sale.attempt.amount, awaits_rest(sale.sale)) == (Money(850, "CNY"), False)
    sale.hear(_E.COMMITTED, _E.SUCCESS, txn="T2")
    assert (sale.state(), sale.sale.paid_minor, sale.sale.remaining_minor) == (SaleState.PAID, 2850, 0)
    assert sale.owed_ids()[-2:] == ["A2:voice:paid", "A2:receipt"]


def test_the_rest_may_be_approved_in_part_again() -> None:
    sale = part_paid(2000)
    sale.start("push", share=1)
    approved(sale, 800, txn="T2")
    assert (sale.sale.shares, sale.sale.remaining_minor) == ((2000, 800, 50), 50)
    sale.start("push", share=2)
    sale.hear(_E.SUCCESS, txn="T3")
    assert (sale.state(), sum(each.amount.minor for each in sale.sale.attempts)) == (SaleState.PAID, 2850)


def test_row_32_a_rest_that_failed_leaves_what_was_paid_and_can_be_tried_again() -> None:
    sale = part_paid()
    sale.start("push", share=1)
    sale.hear(_E.CODE_READY, _E.GIVE_UP)
    assert sale.state() is SaleState.CHECKING
    sale.hear(_E.CLOSE_OK)
    assert (sale.state(), sale.sale.word) == (SaleState.PART_PAID, "waiting")
    sale.start("pull", share=1)


def test_i3_a_second_payment_of_the_part_is_an_excess_of_what_it_took() -> None:
    sale = part_paid()
    approved(sale, 2000, of="A1", txn="T9")
    assert [(each.kind, each.amount_minor) for each in sale.sale.exceptions] == [("excess", 2000)]
    assert sale.sale.paid_minor == 2000


def test_i15_of_two_attempts_beside_each_other_the_first_part_stands_and_the_other_is_an_excess() -> None:
    sale = Journey()
    sale.at("push", State.CLOSING)
    sale.hear(_E.CLOSE_OK, of="A1")
    late = Journey()
    late.shown()
    late.hear(_E.GIVE_UP, _E.CLOSE_OK)
    approved(late, 2000, of="A1")
    assert [(each.kind, each.amount_minor) for each in late.sale.exceptions] == [("paid_late", 2000)]
    late.close_exception("A1:paid_late", "attached")
    assert late.sale.share_paid(0)


def test_i8_refunds_of_each_tender_are_capped_by_what_it_took() -> None:
    sale = part_paid()
    sale.start("push", share=1)
    sale.hear(_E.SUCCESS, txn="T2")
    assert [sale.sale.refundable_minor(each) for each in sale.sale.attempts] == [2000, 850]
    for of, minor in (("A1", 2001), ("A2", 851)):
        with pytest.raises(TerminalError, match="refund_too_much"):
            sale.refund(minor, of=of)


# --- giving up ----------------------------------------------------------------------------------------------


def test_row_31_a_cancel_ends_the_sale_only_when_what_was_taken_has_gone_back() -> None:
    sale = part_paid()
    with pytest.raises(Conflict, match="refund_part_paid"):
        sale.refund(2000)
    sale.cancel()
    assert (sale.state(), sale.sale.word) == (SaleState.CHECKING, "checking")
    assert [each.id for each in to_give_back(sale.sale)] == ["A1"]
    with pytest.raises(Conflict, match="sale_ended"):
        sale.start("push", share=1)
    sale.refund(2000, _R.COMMITTED, _R.UNCLEAR, of="A1")
    assert (sale.state(), to_give_back(sale.sale)) == (SaleState.CHECKING, [])
    sale.hear_refund("R1", _R.REFUNDED)
    assert (sale.state(), sale.sale.word, sale.sale.remaining_minor) == (SaleState.CANCELLED, "not_paid", 0)
    assert sale.sale.final


def test_row_31_a_cancel_beside_a_live_rest_closes_it_first_and_a_payment_on_the_way_wins() -> None:
    for proven, state in ((_E.CLOSE_OK, SaleState.CHECKING), (_E.SUCCESS, SaleState.PAID)):
        sale = part_paid()
        sale.start("push", share=1)
        sale.hear(_E.CODE_READY)
        sale.cancel()
        assert to_give_back(sale.sale) == []
        sale.hear(_E.GIVE_UP)
        sale.hear(proven, txn="T2")
        assert sale.state() is state
        assert [each.id for each in to_give_back(sale.sale)] == (["A1"] if proven is _E.CLOSE_OK else [])


def test_i7_what_cannot_go_back_is_before_a_person_and_the_sale_does_not_say_nothing_charged() -> None:
    sale = part_paid()
    sale.cancel()
    sale.refund(2000, _R.COMMITTED, _R.FAILED, of="A1")
    assert (sale.state(), sale.sale.word, sale.open_exceptions()) == (SaleState.CHECKING, "person", ["paid_late"])
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A1:paid_late", "attached")
    sale.close_exception("A1:paid_late", "seen")
    assert sale.state() is SaleState.CANCELLED


@pytest.mark.parametrize("parked", [False, True])
def test_left_alone_the_counter_is_free_and_the_money_waits_for_a_person(parked: bool) -> None:
    sale = Journey()
    sale.at("push", State.CLOSING)
    if parked:
        sale.park()
    approved(sale, 2000)
    if not parked:
        sale.take(decide.expire(sale.sale, at_ms=9))
    assert (sale.state(), sale.sale.parked, sale.open_exceptions()) == (SaleState.CHECKING, True, ["paid_late"])
    assert (to_give_back(sale.sale), awaits_rest(sale.sale)) == ([], False)
    with pytest.raises(Conflict, match="refund_first"):
        sale.close_exception("A1:paid_late", "seen")
    sale.refund(2000, _R.REFUNDED, of="A1")
    assert (sale.state(), sale.open_exceptions()) == (SaleState.CANCELLED, [])


def test_i2_a_rest_that_proves_paid_after_the_part_began_to_go_back_goes_back_too() -> None:
    sale = part_paid()
    sale.start("push", share=1)
    sale.hear(_E.CODE_READY, _E.GIVE_UP)
    sale.cancel()
    sale.refund(2000, _R.COMMITTED, of="A1")
    sale.hear(_E.SUCCESS, of="A2", txn="T2")
    assert (sale.state(), sale.sale.word) == (SaleState.CHECKING, "checking"), (
        "never paid: part of it is on its way"
    )
    assert [each.id for each in to_give_back(sale.sale)] == ["A2"]
    sale.hear_refund("R1", _R.REFUNDED)
    sale.refund(850, _R.REFUNDED, of="A2")
    assert sale.state() is SaleState.CANCELLED


def test_late_money_for_the_rest_of_a_cancelled_sale_pays_nothing() -> None:
    sale = part_paid()
    sale.start("push", share=1)
    sale.hear(_E.CODE_READY, _E.GIVE_UP)
    sale.cancel()
    sale.hear(_E.CLOSE_OK)
    sale.refund(2000, _R.REFUNDED, of="A1")
    sale.hear(_E.SUCCESS, of="A2", txn="T2")
    assert (sale.state(), sale.open_exceptions()) == (SaleState.CANCELLED, ["paid_late"])
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A2:paid_late", "attached")


# --- any order ----------------------------------------------------------------------------------------------

ACTS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(["push", "pull"])),
    st.tuples(st.just("hear"), st.sampled_from(sorted(Signal)), st.integers(0, 3), st.just(100)),
    st.tuples(st.just("hear"), st.just(_E.SUCCESS), st.integers(0, 3), st.integers(1, 100)),
    st.tuples(st.just("refund"), st.sampled_from([_R.REFUNDED, _R.FAILED, _R.UNCLEAR]), st.integers(0, 3)),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("park")),
    st.tuples(st.just("idle")),
)


def act(sale: Journey, what: tuple[Any, ...]) -> None:
    """One act if the core allows it. The last number of "hear" is how much of a hundred is approved."""
    kind, *rest = what
    match kind:
        case "start":
            share = next((x for x in range(len(sale.sale.shares)) if not sale.sale.share_paid(x)), 0)
            sale.start(rest[0], share=share)
        case "hear" if sale.sale.attempts:
            signal, which, percent = rest
            attempt = sale.sale.attempts[which % len(sale.sale.attempts)]
            if (attempt.state, signal) not in TABLES[attempt.direction]:
                return
            minor = attempt.amount.minor if attempt.captured else max(attempt.amount.minor * percent // 100, 1)
            told = notice(attempt.id, amount_minor=minor)
            sale.take(
                decide.hear(sale.sale, attempt.id, signal, at_ms=3, evidence=told if signal in PROOF else None)
            )
        case "refund" if sale.sale.attempts:
            attempt = sale.sale.attempts[rest[1] % len(sale.sale.attempts)]
            sale.refund(max(sale.sale.refundable_minor(attempt), 1), rest[0], of=attempt.id)
        case "cancel":
            sale.cancel()
        case "park" if sale.state() is SaleState.CHECKING:
            sale.park()
        case "idle":
            sale.take(decide.expire(sale.sale, at_ms=9))


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, min_size=5, max_size=40))
def test_i2_i3_i8_in_any_order_shares_add_up_and_paid_is_the_sum_of_what_was_taken(
    history: list[tuple[Any, ...]],
) -> None:
    sale = Journey()
    for what in history:
        try:
            act(sale, what)
        except TerminalError:
            continue
        now = sale.sale
        assert sum(now.shares) == now.amount.minor
        assert min(now.shares) >= 1
        paying = [each for each in now.attempts if each.pays and now.shares[each.share] == each.amount.minor]
        assert now.paid_minor == sum(minor for share, minor in enumerate(now.shares) if now.share_paid(share))
        assert (now.state is SaleState.PAID) <= (sum(each.amount.minor for each in paying) >= now.amount.minor)
        assert sum(each.live and not each.set_aside for each in now.attempts) <= 1
        for each in now.attempts:
            assert now.refundable_minor(each) >= 0
            back = now.held_minor(each) <= 0
            listed = any(x.attempt == each.id and x.kind in {"paid_late", "excess"} for x in now.exceptions)
            kept_open = not now.ended or now.state is SaleState.PAID
            assert not each.captured or each.live or back or listed or kept_open, "I1: kept, and nobody sees it"
