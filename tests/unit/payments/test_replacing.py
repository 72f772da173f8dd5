"""What is made or copied quickly is what the class itself and ``dataclasses.replace`` make."""

import dataclasses

import pytest

from terminal.payments.event import Actor, NewEvent
from terminal.payments.money import Money
from terminal.payments.replacing import maker, replace
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


def test_what_a_maker_makes_is_what_the_class_makes() -> None:
    made = maker(Sale)("s1", "1", 7, Money(2850, "CNY"), (2850,), 1_000, title="tea", reference="R-1")
    assert type(made) is Sale
    assert (made, repr(made), hash(made)) == (SALE, repr(SALE), hash(SALE))
    event = maker(NewEvent)("counter:1", "sale_opened", "s1", Actor("system", "test"), {})
    assert event.personal == {}, "a default that is made anew"


@pytest.mark.parametrize("record", [maker(Sale)("s1", "1", 7, Money(1, "CNY"), (1,), 0), replace(SALE, no=8)])
def test_what_was_made_or_copied_is_as_frozen_as_any(record: Sale) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.no = 9  # type: ignore[misc]  # a mistake, on purpose


def test_a_maker_refuses_a_class_that_does_more_when_it_is_made() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Checked:
        told: int
        more: int = 0

        def __post_init__(self) -> None:
            assert self.told

    with pytest.raises(AssertionError):
        maker(Checked)
