"""Bodies and queries: exact types, known fields, and the name of the one that is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from terminal.errors import InvalidRequest
from terminal.payments.lines import LINES_MAX, NAME_MAX, QUANTITY_MAX, TAX_MAX
from terminal.payments.money import MINOR_MAX
from terminal.web.shapes.events import EventsQuery
from terminal.web.shapes.form import read, read_query
from terminal.web.shapes.lines import SALE_BYTES
from terminal.web.shapes.refunds import NewRefund
from terminal.web.shapes.sales import NewSale, SalesQuery

GOOD: dict[str, object] = {"counter": "1", "amount_minor": 5}


def test_a_sale_has_its_defaults() -> None:
    assert read(NewSale, GOOD) == NewSale(counter="1", amount_minor=5)
    assert read(NewSale, {**GOOD, "amount_minor": MINOR_MAX}).amount_minor == MINOR_MAX


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"counter": ""}, "counter"),
        ({"counter": "x" * 65}, "counter"),
        ({"directions": ["push", "push", "pull"]}, "directions"),
        ({"directions": ["both"]}, "directions[0]"),
        ({"tip": 1}, "tip"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"order_no": None}, "order_no"),
        ({"lines": [{"name": "Tea", "unit_minor": 5}, {"name": "x"}]}, "lines[1].unit_minor"),
        ({"lines": [{"name": "Tea", "unit_minor": 5, "price": 5}]}, "lines[0].price"),
        ({"lines": [{"name": "Tea", "unit_minor": "5"}]}, "lines[0].unit_minor"),
    ],
)
def test_s1_the_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest, match="field_wrong") as refused:
        read(NewSale, {**GOOD, **change})
    assert refused.value.facts == {"field": field}


def test_a_missing_field_is_named_also_inside() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(NewSale, {"counter": "1"})
    assert refused.value.facts == {"field": "amount_minor"}
    with pytest.raises(InvalidRequest) as refused:
        read(NewRefund, {"reason": "r", "approver": {"person": "p"}})
    assert refused.value.facts == {"field": "approver.pin"}


@given(st.one_of(st.floats(), st.booleans(), st.text(), st.lists(st.integers()), st.integers(max_value=0)))
def test_i12_only_a_whole_number_above_zero_is_an_amount(value: object) -> None:
    with pytest.raises(InvalidRequest, match="amount_not_"):
        read(NewSale, {"counter": "1", "amount_minor": value})


@given(st.text(max_size=20))
def test_s3_a_number_in_a_query_is_ascii_digits(text: str) -> None:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 100:
        assert read_query(SalesQuery, MultiDict(limit=text)).limit == int(text)
    else:
        with pytest.raises(InvalidRequest, match="field_wrong"):
            read_query(SalesQuery, MultiDict(limit=text))


def test_words_of_digits_stay_words() -> None:
    assert read_query(SalesQuery, MultiDict(counter="1", search="4200")).search == "4200"
    assert read_query(EventsQuery, MultiDict(after="7")).after == 7


def test_a_name_twice_or_unknown_is_refused() -> None:
    for query in (MultiDict([("limit", "1"), ("limit", "2")]), MultiDict([("order", "up")])):
        with pytest.raises(InvalidRequest, match="field_wrong"):
            read_query(SalesQuery, query)


@pytest.mark.row(2)
def test_the_largest_sale_that_the_form_allows_fits_into_its_body_however_its_letters_are_written() -> None:
    most = -MINOR_MAX
    line = {
        "name": "\U0001f35c" * NAME_MAX,
        "unit_minor": most,
        "quantity_milli": QUANTITY_MAX,
        "discount_minor": MINOR_MAX,
        "amount_minor": most,
        "tax": "\U0001f35c" * TAX_MAX,
    }
    told = {**GOOD, "amount_minor": MINOR_MAX, "lines": [line] * LINES_MAX, "title": "\U0001f35c" * 120}
    written = json.dumps(told)
    assert "\\ud83c" in written, "each letter as two escapes: no writer needs more"
    assert read(NewSale, json.loads(written)).lines[0].name == line["name"]
    assert 64 * 1024 < len(written) < SALE_BYTES
