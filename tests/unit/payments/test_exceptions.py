"""What a person must see: late money, excess, contradictions, mismatches; how each ends, and only so."""

import pytest

from terminal.errors import Conflict
from terminal.payments import decide
from terminal.payments.attempt import Direction, Flag, Signal, State
from terminal.payments.exceptions import window_over
from terminal.payments.notice import Trade
from terminal.payments.sale import SaleState
from tests.unit.payments.journey import Journey, notice

_E = Signal


@pytest.mark.row(21, 31)
def test_late_money_is_attached_by_a_person() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.GIVE_UP, _E.CLOSE_OK)
    assert sale.state() is SaleState.EXPIRED
    sale.hear(_E.SUCCESS)
    assert (sale.state(), sale.attempt.state) == (SaleState.EXPIRED, State.CLOSED)
    assert sale.open_exceptions() == ["paid_late"]
    assert sale.hear(_E.SUCCESS) == ()
    facts = sale.close_exception("A1:paid_late", "attached")
    assert facts[-1].body == {"from": "expired", "to": "paid", "at_ms": 7, "why": "attached"}
    assert sale.sale.paid_minor == 2850
    assert sale.attempt.state is State.CLOSED
    assert sale.owed_ids() == ["A1:voice:not_paid", "A1:voice:late", "A1:receipt"]


def test_late_money_is_not_waved_away_while_we_hold_it() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.GIVE_UP, _E.CLOSE_OK, _E.SUCCESS)
    with pytest.raises(Conflict, match="refund_first"):
        sale.close_exception("A1:paid_late", "seen")


@pytest.mark.row(21)
def test_i3_late_money_for_a_sale_paid_otherwise_is_excess() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.REFUSED)
    sale.at("push", State.PAID)
    sale.hear(_E.SUCCESS, of="A1", txn="T9")
    assert sale.open_exceptions() == ["excess"]
    assert sale.sale.paid_minor == 2850
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A1:excess", "attached")
    with pytest.raises(Conflict, match="refund_first"):
        sale.close_exception("A1:excess", "seen")


def test_late_money_of_a_sale_paid_meanwhile_can_only_go_back() -> None:
    sale = Journey()
    sale.sent()
    sale.hear(_E.REFUSED, _E.SUCCESS)
    assert sale.open_exceptions() == ["paid_late"]
    sale.sent()
    with pytest.raises(Conflict, match="attach_not_possible"):  # another attempt may still pay it
        sale.close_exception("A1:paid_late", "attached")
    sale.hear(_E.SUCCESS)
    assert sale.hear(_E.SUCCESS, of="A1") == ()  # now excess, but it is the same late money
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A1:paid_late", "attached")


@pytest.mark.parametrize("state", [State.PAID, State.CLOSED])
def test_b11_i3_the_provider_captures_one_order_again(state: State) -> None:
    sale = Journey()
    sale.at("push", state)
    sale.hear(_E.SUCCESS)
    sale.hear(_E.SUCCESS, txn="T2")
    sale.hear(_E.SUCCESS, txn="T3")
    assert sale.hear(_E.SUCCESS, txn="T2") == ()
    assert sale.open_exceptions()[-2:] == ["excess", "excess"]


def test_a_later_source_that_adds_the_transaction_number_is_no_second_capture() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.SUCCESS, txn="")
    sale.hear(_E.SUCCESS, txn="T1")
    assert sale.open_exceptions() == []


@pytest.mark.parametrize("signal", [_E.RETURNED, _E.CLOSED_THERE, _E.BILL_CLOSED, _E.REVERSE_OK, _E.CLOSE_OK])
def test_i7_paid_stays_paid_and_a_person_sees_the_contradiction(signal: Signal) -> None:
    sale = Journey()
    sale.at("pull", State.PAID)
    sale.hear(signal)
    assert sale.state() is SaleState.PAID
    assert sale.open_exceptions() == ["contradicted"]
    assert sale.hear(signal) == ()
    sale.close_exception("A1:contradicted", "seen")
    assert sale.open_exceptions() == []
    assert sale.owed_ids() == ["A1:voice:paid", "A1:receipt"]


@pytest.mark.parametrize("state", [State.CLOSED, State.REVERSED, State.DECLINED])
def test_i1_a_reverse_refused_as_paid_after_the_end_is_late_money(state: State) -> None:
    sale = Journey()
    sale.at("pull", state)
    sale.hear(_E.NOT_REVERSIBLE, evidence=notice("A1"))
    assert sale.attempt.state is state
    assert sale.open_exceptions() == ["paid_late"]


def test_a_reverse_refused_as_paid_is_paid_late_and_irreversible() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.NOT_REVERSIBLE, evidence=notice("A1"))
    assert sale.state() is SaleState.PAID
    assert Flag.IRREVERSIBLE in sale.attempt.flags
    assert sale.open_exceptions() == ["paid_late"]
    assert sale.owed_ids() == ["A1:voice:checking", "A1:voice:late", "A1:receipt"]
    facts = sale.close_exception("A1:paid_late", "attached")  # it pays already: a person took note
    assert facts[0].body["how"] == "seen"
    assert len(facts) == 1


def test_the_bill_ends_a_reverse_as_late_money_never_as_news() -> None:
    sale = Journey()
    sale.at("pull", State.REVERSE_UNKNOWN)
    sale.hear(_E.BILL_PAID)
    assert sale.state() is SaleState.PAID
    assert sale.open_exceptions() == ["paid_late"]
    assert "A1:voice:paid" not in sale.owed_ids()


@pytest.mark.parametrize(
    ("direction", "signal", "word", "left"),
    [
        ("pull", _E.SUCCESS, "paid", ["paid_late"]),
        ("push", _E.BILL_PAID, "paid", ["paid_late"]),
        ("pull", _E.RETURNED, "not_paid", []),
        ("pull", _E.BILL_CLOSED, "not_paid", []),
        ("push", _E.CLOSED_THERE, "not_paid", []),
    ],
)
def test_i4_proof_after_the_banks_time_ends_what_was_told_of_the_doubt(
    direction: Direction, signal: Signal, word: str, left: list[str]
) -> None:
    sale = Journey()
    sale.at(direction, State.MANUAL)
    assert (sale.sale.word, sale.open_exceptions()) == ("person", ["window_over"])
    sale.hear(_E.PAYING, _E.UNCLEAR)
    assert sale.open_exceptions() == ["window_over"], "nothing is proven"
    closing = [each.body for each in sale.hear(signal) if each.type == "exception_closed"]
    assert [(each["exception"], each["how"]) for each in closing] == [("A1:window_over", "proven")]
    assert (sale.sale.word, sale.open_exceptions()) == (word, left)
    assert decide.summary(sale.sale)["exceptions"] == left
    assert sale.hear(signal) == (), "once"


def test_i4_a_reminder_of_a_doubt_ends_with_it_and_not_again_where_a_person_has_seen_it() -> None:
    for seen in (False, True):
        sale = Journey()
        sale.at("pull", State.REVERSE_UNKNOWN)
        sale.take(window_over(sale.sale, sale.attempt, 4))
        if seen:
            sale.close_exception("A1:window_over", "seen")
        sale.hear(_E.REVERSE_OK)
        assert [each.closed for each in sale.sale.exceptions] == ["seen" if seen else "proven"]
        sale.take(decide.swept("A1", at_ms=5))
        assert sale.sale.final


def test_mismatch_is_never_paid_and_always_before_a_person_b6() -> None:
    sale = Journey()
    sale.shown()
    wrong = notice("A1", amount_minor=1)
    facts = sale.mismatch("amount", wrong)
    assert [fact.type for fact in facts] == ["evidence_refused", "exception_opened"]
    assert facts[0].body["refused"]["amount_minor"] == 1
    assert sale.state() is SaleState.OPEN
    assert sale.open_exceptions() == ["mismatch"]
    assert not sale.attempt.captured
    assert sale.mismatch("amount", wrong) == ()  # however often the provider repeats it (B7)
    assert sale.owed_ids() == []
    sale.close_exception("A1:mismatch:amount", "seen")
    with pytest.raises(Conflict, match="exception_unknown"):
        sale.close_exception("A1:mismatch:amount", "seen")
    with pytest.raises(Conflict, match="exception_unknown"):
        sale.close_exception("nothing", "attached")


def test_only_late_money_can_be_attached() -> None:
    sale = Journey()
    sale.shown()
    sale.mismatch("amount", notice("A1", amount_minor=1))
    with pytest.raises(Conflict, match="attach_not_possible"):
        sale.close_exception("A1:mismatch:amount", "attached")


def test_late_money_attached_to_one_share_leaves_the_other_to_pay() -> None:
    sale = Journey(shares=(1000, 1850))
    sale.start("pull", share=0)
    sale.hear(_E.COMMITTED, _E.REFUSED, _E.SUCCESS)
    sale.close_exception("A1:paid_late", "attached")
    assert sale.state() is SaleState.PART_PAID


def test_late_evidence_keeps_what_the_wallet_said() -> None:
    sale = Journey()
    sale.shown()
    sale.hear(_E.GIVE_UP, _E.CLOSE_OK)
    paid = notice("A1", payer_minor=2800, wallet="other", trade=Trade.PAID)
    sale.hear(_E.SUCCESS, evidence=paid)
    assert (sale.attempt.captured, sale.attempt.payer_minor, sale.attempt.wallet) == (True, 2800, "other")
