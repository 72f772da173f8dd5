"""Which money a registered receipt stands for: what its slip says, and nothing that came too much."""

from dataclasses import replace

import pytest

from terminal.counter.tax import covered
from terminal.payments.attempt import State
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, OpenException, Sale, SaleState
from terminal.payments.slip import receipted

pytestmark = pytest.mark.row(33, 68)


def attempt(name: str, share: int, minor: int, state: State = State.PAID, asked: int = 0) -> Attempt:
    return Attempt(name, share, "bank", "push", Money(minor, "CNY"), state, 0, 0, captured=True, asked_minor=asked)


PART = attempt("A1", 0, 1995, asked=2850)
REST = attempt("A2", 1, 855)
WHOLE = replace(REST, share=0, amount=Money(2850, "CNY"))
PARTED = Sale("S1", "1", 1, Money(2850, "CNY"), (1995, 855), 0, state=SaleState.PAID, attempts=(PART, REST))
PAID = replace(PARTED, shares=(2850,), attempts=(PART, WHOLE))


def test_a_part_stands_on_the_receipt_of_what_paid_the_rest() -> None:
    assert covered(PARTED, {"A2:receipt"}) == {"A1": "A2:receipt", "A2": "A2:receipt"}
    assert covered(PARTED, ()) == {}, "while the rest is missing there is none"


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (replace(PART, set_aside=True), "excess"),
        (replace(PART, state=State.CLOSED), "excess"),
        (replace(PART, state=State.CLOSED), "paid_late"),
    ],
)
def test_i3_a_part_that_came_too_much_or_too_late_stands_on_no_receipt(part: Attempt, kind: str) -> None:
    came = OpenException(f"A1:{kind}", kind, "A1", 1995)
    for attempts in ((part, WHOLE), (WHOLE, part)):
        sale = replace(PAID, attempts=attempts, exceptions=(came,))
        assert covered(sale, {"A2:receipt"}) == {"A2": "A2:receipt"}
        assert [each.id for each in receipted(sale)] == ["A2"], "as on paper"
