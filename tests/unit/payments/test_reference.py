"""References survive what banks do to them, and never name an order they should not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.payments.codes.proofs import creditor_reference, swiss_reference
from terminal.payments.reference import Form, Given, Known, Missed, give, key_of, order_of

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ORDER = "01K9ABCDEFGHJKMNPQRSTVWXYZ"
OTHER = "01K9ABCDEFGHJZZZZZZZZZZZZZ"
orders = st.text(LETTERS, min_size=25, max_size=25).map(lambda rest: f"0{rest}")
forms = st.sampled_from(
    [(Form.CREDITOR, 26), (Form.SWISS, 26), (Form.PLAIN, 20), (Form.PLAIN, 25), (Form.PLAIN, 26)]
)


def known(*each: Given) -> Known:
    return {key_of(one.order_no): one for one in each}.get


@settings(max_examples=150, deadline=None)
@given(
    orders, forms, st.booleans(), st.integers(1, 12), st.sampled_from(["", " ", "-", "/", " \r\n"]), st.booleans()
)
def test_a_reference_is_found_again_lower_cased_spaced_wrapped_and_inside_a_text(
    order: str, how: tuple[Form, int], lower: bool, every: int, between: str, inside: bool
) -> None:
    text, given_ = give(order, *how)
    text = between.join(text[at : at + every] for at in range(0, len(text), every))
    text = text.lower() if lower else text
    if inside and how[0] is not Form.SWISS:
        text = f"Danke! {text} / Tee u. Kuchen"
    assert order_of(["NOTHING", text], known(given_)) == given_


@settings(max_examples=100, deadline=None)
@given(orders, st.sampled_from([(Form.CREDITOR, 26), (Form.PLAIN, 25)]), st.integers(0, 7))
def test_a_bank_may_cut_its_end_while_fourteen_characters_stay(
    order: str, how: tuple[Form, int], cut: int
) -> None:
    text, given_ = give(order, *how)
    assert order_of([text[: len(text) - cut]], known(given_)) == given_


def test_shorter_than_that_is_nobodys() -> None:
    text, given_ = give(ORDER, Form.PLAIN, 25)
    assert order_of([text[:13]], known(given_)) is Missed.NO_REFERENCE


def test_written_references_pass_their_check_digits() -> None:
    assert creditor_reference(give(ORDER, Form.CREDITOR)[0])
    assert swiss_reference(give(ORDER, Form.SWISS)[0])
    assert len(give(ORDER, Form.PLAIN, 20)[0]) == 20


def test_a_changed_character_behind_the_key_is_no_match() -> None:
    text, given_ = give(ORDER, Form.CREDITOR)
    assert order_of([text[:-1] + "9"], known(given_)) is Missed.UNKNOWN


def test_a_swiss_reference_with_a_wrong_check_digit_is_no_match() -> None:
    text, given_ = give(ORDER, Form.SWISS)
    wrong = text[:-1] + str((int(text[-1]) + 1) % 10)
    assert order_of([wrong], known(given_)) is Missed.UNKNOWN
    assert order_of([text.lstrip("0")], known(given_)) == given_, "some banks drop leading zeros"


def test_the_most_trusted_text_that_names_an_order_decides() -> None:
    (one, mine), (two, other) = give(ORDER, Form.CREDITOR), give("01K9ZZZZZZZZZZZZZZZZZZZZZZ", Form.CREDITOR)
    assert order_of([one, two], known(mine, other)) == mine
    assert order_of([f"{one} and {two}"], known(mine, other)) is Missed.TWO_ORDERS


@pytest.mark.parametrize("text", ["", "Miete November", "0" * 300, "INVOICE 0815 / 4711", "0" * 5000])
def test_other_peoples_texts_name_nothing(text: str) -> None:
    _, given_ = give(ORDER, Form.PLAIN, 26)
    assert order_of([text], known(given_)) in {Missed.NO_REFERENCE, Missed.UNKNOWN}


def test_what_people_misread_is_read_as_crockford_says() -> None:
    text, given_ = give(ORDER, Form.PLAIN, 26)
    assert order_of([text.replace("1", "l").replace("0", "O")], known(given_)) == given_
