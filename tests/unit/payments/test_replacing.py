"""The quick copy of a record is the copy that ``dataclasses.replace`` makes."""

import dataclasses

import pytest

from terminal.payments.money import Money
from terminal.payments.replacing import replace
from terminal.payments.sale import Sale, SaleState

SALE = Sale("s1", "1", 7, Money(2850, "CNY"), (2850,), 1_000, title="tea", reference="R-1")
CHANGES: list[dict[str, object]] = [
    {},
    {"state": SaleState.PAID, "ended_ms": 5},
    {"prints": (("r", 1),), "mark": "claimed", "claimed_as": "42"},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_every_other_field_stays_as_it_was(changes: dict[str, object]) -> None:
    wanted = dataclasses.replace(SALE, **changes)  # type: ignore[arg-type]  # any of its fields
    assert replace(SALE, **changes) == wanted  # type: ignore[arg-type]  # the same
    assert SALE.state is SaleState.OPEN, "the record itself is not touched"


def test_a_field_that_is_not_there_is_a_bug() -> None:
    with pytest.raises(KeyError):
        replace(SALE, colour="green")  # type: ignore[call-arg]  # a mistake, on purpose


def test_a_record_that_is_not_made_of_all_its_fields_is_refused() -> None:
    @dataclasses.dataclass(frozen=True)
    class Half:
        told: int
        made: int = dataclasses.field(default=0, init=False)

    with pytest.raises(AssertionError):
        replace(Half(1), told=2)
