"""What an owner may decide: keep what is proven and not yet gone back, nothing else."""

import pytest

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import Flag, Signal, State
from terminal.payments.overriding import accept_paid, set_aside
from terminal.payments.sale import SaleState
from tests.unit.payments.journey import Journey

_E = Signal


def keep(sale: Journey, reference: str = "T1234") -> None:
    sale.take(accept_paid(sale.sale, reference=reference, reason="has the goods", at_ms=9))


def proven(*after: Signal) -> Journey:
    sale = Journey()
    sale.at("pull", State.REVERSING)
    sale.hear(_E.SUCCESS, *after, txn="BANKT1234")
    return sale


@pytest.mark.row(11)
@pytest.mark.parametrize("after", [(), (_E.UNCLEAR,), (_E.WINDOW_OVER,)])
def test_a_proven_payment_that_is_being_taken_back_is_kept_on_record(after: tuple[Signal, ...]) -> None:
    sale = proven(*after)
    keep(sale, " T12 34 ")
    assert sale.state() is SaleState.PAID
    assert sale.attempt.flags >= {Flag.ACCEPTED}
    assert sale.types.index("override_made") < sale.types.index("sale_moved", sale.types.index("override_made"))


@pytest.mark.parametrize("reference", ["", "234", "T1235", "BANKT1234X"])
def test_another_payment_s_number_or_too_little_of_it_is_refused(reference: str) -> None:
    sale = proven()
    with pytest.raises(InvalidRequest, match="accept_reference_wrong"):
        keep(sale, reference)


def test_i2_without_proof_nothing_is_kept() -> None:
    sale = Journey()
    with pytest.raises(Conflict, match="accept_not_possible"):
        keep(sale)
    sale.at("pull", State.REVERSING)
    with pytest.raises(Conflict, match="accept_without_evidence"):
        keep(sale)


@pytest.mark.parametrize("after", [_E.REVERSE_OK, _E.PAYING, _E.NOT_REVERSIBLE])
def test_only_while_no_reverse_has_succeeded_and_it_is_still_wanted(after: Signal) -> None:
    sale = proven(after)
    with pytest.raises(Conflict, match="accept_not_possible"):
        keep(sale)


def aside(sale: Journey, doubt_s: int = 60) -> str:
    """An owner lets another attempt begin: the old one's number."""
    old = sale.attempt.id
    sale.take(set_aside(sale.sale, reason="no answer", doubt_s=doubt_s, at_ms=9))
    return old


def in_doubt(state: State = State.UNKNOWN) -> Journey:
    sale = Journey()
    sale.at("pull", state)
    return sale


def test_another_attempt_only_beside_a_doubt_of_a_minute_that_proved_nothing() -> None:
    with pytest.raises(Conflict, match="override_not_checking"):
        set_aside(Journey().sale, reason="r", doubt_s=99, at_ms=9)
    shown = Journey()
    shown.shown()
    with pytest.raises(Conflict, match="override_not_checking"):
        set_aside(shown.sale, reason="r", doubt_s=99, at_ms=9)
    with pytest.raises(Conflict, match="override_too_early") as early:
        aside(in_doubt(), 58)
    assert early.value.facts["seconds"] == 2
    with pytest.raises(Conflict, match="override_proven"):
        set_aside(proven().sale, reason="r", doubt_s=99, at_ms=9)
    leaving = in_doubt()
    leaving.cancel()
    with pytest.raises(Conflict, match="override_not_checking"):
        set_aside(leaving.sale, reason="r", doubt_s=99, at_ms=9)


def test_a_parked_sale_is_this_counter_s_again_and_waits_for_the_new_code() -> None:
    sale = in_doubt()
    sale.park()
    aside(sale)
    sale.shown()
    assert not sale.sale.parked
    assert sale.sale.word == "waiting"
    assert sale.sale.live_attempt == sale.attempt


def test_i3_both_attempts_paid_is_one_payment_and_one_excess_said_once() -> None:
    sale = in_doubt()
    old = aside(sale)
    new = sale.shown()
    sale.hear(_E.SUCCESS)
    assert sale.state() is SaleState.PAID
    sale.hear(_E.SUCCESS, of=old)
    assert sale.sale.paid_minor == 2850
    assert sale.open_exceptions() == ["excess"]
    owed = [each for each in sale.owed_ids() if each.endswith(("voice:paid", "receipt", "voice:late"))]
    assert owed == [f"{new}:voice:paid", f"{new}:receipt", f"{old}:voice:late"]


def test_i3_the_old_one_may_be_first_and_an_irreversible_second_is_an_excess_too() -> None:
    sale = in_doubt(State.REVERSING)
    old = aside(sale)
    sale.shown()
    sale.hear(_E.SUCCESS)
    sale.hear(_E.NOT_REVERSIBLE, of=old)
    assert sale.open_exceptions() == ["excess"]
    other = in_doubt()
    old = aside(other)
    new = other.shown()
    other.hear(_E.SUCCESS, of=old)
    assert other.state() is SaleState.PAID
    other.hear(_E.SUCCESS, of=new)
    assert other.open_exceptions() == ["excess"]


def test_what_becomes_of_the_old_one_is_not_said_to_the_customer_who_pays_again() -> None:
    sale = in_doubt()
    old = aside(sale)
    sale.shown()
    sale.hear(_E.GIVE_UP, _E.REVERSE_OK, of=old)
    assert not any(old in each and "not_paid" in each for each in sale.owed_ids())
    assert sale.sale.word == "waiting"


def test_i4_when_the_new_one_fails_the_sale_is_in_doubt_until_the_old_one_ends() -> None:
    sale = in_doubt()
    old = aside(sale)
    sale.shown()
    sale.hear(_E.CLOSED_THERE)
    assert sale.state() is SaleState.CHECKING
    sale.hear(_E.CLOSED_THERE, of=old)
    assert sale.state() is SaleState.EXPIRED
