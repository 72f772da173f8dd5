"""Lines as tills of other protocols write them: a folder's are read strictly, a terminal's are taken or left."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import InvalidRequest
from terminal.payments.lines import LINES_MAX
from terminal.payments.money import Money
from terminal.pos.folder_request import read_request
from terminal.pos.item_lines import of_items, of_request, scaled
from terminal.pos.nexo_messages import money_of

TEA = {"name": "Tea", "price": "4.00"}
CUP = {"ItemID": 1, "ProductCode": "C", "ProductLabel": "Cup", "ItemAmount": Decimal("8.50")}


@pytest.mark.row(2)
def test_i12_a_folders_lines_are_exact_whether_text_or_numbers() -> None:
    told = [
        {**TEA, "quantity": 2, "discount": "0.50", "tax": "A"},
        {"name": "Ham", "price": Decimal("12.99"), "quantity": Decimal("0.355"), "amount": Decimal("4.61")},
        {"name": "Deposit", "price": "-0.25", "quantity": "4"},
    ]
    lines = of_request(told, "EUR")
    assert [(each.name, each.quantity, each.amount_minor, each.tax) for each in lines] == [
        ("Tea", "2", 750, "A"),
        ("Ham", "0.355", 461, ""),
        ("Deposit", "4", -100, ""),
    ]
    assert of_request([{"name": "Tea", "price": "4"}], "JPY")[0].amount_minor == 4


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"name": "Tea"}, "lines[0].price"),
        ({**TEA, "price": "4.005"}, "lines[0].price"),
        ({**TEA, "price": "4,00"}, "lines[0].price"),
        ({**TEA, "price": True}, "lines[0].price"),
        ({**TEA, "price": Decimal("1e40")}, "lines[0].price"),
        ({**TEA, "price": "１"}, "lines[0].price"),
        ({**TEA, "quantity": "0.0001"}, "lines[0].quantity"),
        ({**TEA, "quantity": 0}, "lines[0].quantity_milli"),
        ({**TEA, "amount": None}, "lines[0].amount"),
        ({**TEA, "price_minor": 4}, "lines[0].price_minor"),
        ({"name": 4, "price": 4}, "lines[0]"),
        ({**TEA, "name": "Tea\x1bp"}, "lines[0].name"),
        ("Tea", "lines[0]"),
    ],
)
def test_s3_s61_a_folders_wrong_line_is_named(line: Any, field: str) -> None:
    with pytest.raises(InvalidRequest, match="field_wrong") as refused:
        of_request([line], "CNY")
    assert refused.value.facts == {"field": field}


def test_lines_are_no_part_of_other_requests_and_no_line_of_text() -> None:
    for name, data in (
        ("a.json", b'{"action": "cancel", "sale": "a", "lines": []}'),
        ("a.json", b'{"amount": 1, "lines": {}}'),
        ("a.json", b'{"amount": 1, "lines": [' + b"[]," * LINES_MAX + b"[]]}"),
        ("a.txt", b"AMOUNT=1\nLINES=Tea\n"),
    ):
        with pytest.raises(InvalidRequest, match="field_wrong"):
            read_request(name, data, "CNY")


@pytest.mark.row(2, 91)
@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([CUP], [("Cup", "1", 850)]),
        ([{**CUP, "UnitPrice": Decimal("4.25"), "Quantity": "2"}], [("Cup", "2", 850)]),
        ([{**CUP, "UnitPrice": 5, "Quantity": 2}], [("Cup", "1", 850)]),  # a discount in it: its amount alone
        ([{**CUP, "UnitPrice": "?", "Quantity": -2}], [("Cup", "1", 850)]),
        ([{**CUP, "ProductLabel": " ", "EanUpc": "40"}], [("C", "1", 850)]),
        ([{**CUP, "ProductLabel": "Cup\x1bp\u202e"}], [("Cup p", "1", 850)]),
        ([CUP, CUP], []),
        ([{**CUP, "ItemAmount": "8.505"}], []),
        ([{"ItemAmount": Decimal("8.50")}], []),  # nobody knows what it is
        ([CUP] * (LINES_MAX + 1), []),
        (["Cup"], []),
        ({"0": CUP}, []),
        (None, []),
    ],
)
def test_a_terminals_items_are_told_where_they_are_exactly_the_amount(items: Any, said: list[Any]) -> None:
    lines = of_items(items, Money(850, "CNY"))
    assert [(each.name, each.quantity, each.amount_minor) for each in lines] == said


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CUP, "UnitPrice", "Quantity"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_a2_no_item_list_ever_refuses_a_payment_or_changes_its_amount(items: Any) -> None:
    lines = of_items(items, Money(850, "CNY"))
    assert sum(each.amount_minor for each in lines) in ({850} if lines else {0})


@given(st.integers(-(10**11), 10**11), st.integers(0, 4))
def test_i12_a_number_is_read_as_its_digits_say(minor: int, places: int) -> None:
    assert scaled(Decimal(minor).scaleb(-places), places) == minor
    assert scaled(minor, 0) == minor
    assert scaled(f"{Decimal(minor).scaleb(-places):f}", places) == minor
    assert scaled(Decimal("0.00001"), places) is None


@pytest.mark.parametrize("written", ["3." + "9" * 40, "4." + "0" * 40 + "1", "-0." + "0" * 30 + "1"])
def test_i12_more_digits_than_a_computer_usually_counts_are_no_whole_amount(written: str) -> None:
    """Decimal arithmetic rounds to 28 digits, and would make 4.00 of each of the first two."""
    assert scaled(Decimal(written), 2) is None
    with pytest.raises(InvalidRequest, match="amount_unreadable"):
        money_of(Decimal(written), "EUR")
