"""What an owner may decide: keep what is proven and not yet gone back, nothing else."""

import pytest

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import Flag, Signal, State
from terminal.payments.overriding import accept_paid
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
