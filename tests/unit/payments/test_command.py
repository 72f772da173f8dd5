"""Texts of the command sheet: each its own, each this shop's, and none of them anybody's money (row 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payments.codes.consumer import KnownCodes, recognise
from terminal.payments.command import DIGITS, KEYS, amount_of, is_command, named, text_of, typed
from terminal.payments.scan import Command, PaymentRule

OURS, THEIRS = b"k" * 32, b"t" * 32
NAMES = (*DIGITS, *KEYS, "A500", "A999999999999")
RULES = [PaymentRule("any", ("", "C", "CT"), tuple(range(1, 60)))]  # a wallet that would take everything


@pytest.mark.row(5)
@pytest.mark.parametrize("name", NAMES)
def test_a_text_names_its_key_in_this_shop_alone_and_is_never_a_payment_code(name: str) -> None:
    text = text_of(name, OURS)
    assert (named(text, OURS), named(f"]Q1{text}\r\n", OURS), named(text, THEIRS)) == (name, name, "")
    assert is_command(text)
    assert isinstance(recognise(text, RULES, KnownCodes()), Command)
    assert not any(each.isdigit() for each in text[:7]), "a scanner that types must type no amount"


def test_no_two_commands_have_one_text() -> None:
    assert len({text_of(name, OURS) for name in NAMES}) == len(NAMES)


@given(name=st.sampled_from(NAMES), place=st.integers(0, 40), letter=st.sampled_from("0A9Z-:"))
def test_one_letter_changed_is_no_command_of_this_shop(name: str, place: int, letter: str) -> None:
    text = text_of(name, OURS)
    at = place % len(text)
    changed = text[:at] + letter + text[at + 1 :]
    assert changed == text or not named(changed, OURS)


@pytest.mark.parametrize(
    "scan", ["", "CT:KEY-", "CT:KEY-PAY", "CT:PAY", "CT:S-01KDVDNA6D6C302SMA67N4H7GA", "130012345"]
)
def test_what_has_no_tag_is_no_command(scan: str) -> None:
    assert named(scan, OURS) == ""


def test_digits_fill_from_the_right_and_stop_at_twelve() -> None:
    assert [typed(0, "0"), typed(0, "00"), typed(285, "0"), typed(5, "00")] == [0, 0, 2850, 500]
    assert typed(123_456_789_012, "3") == 123_456_789_012
    assert typed(12_345_678_901, "00") == 12_345_678_901


def test_only_an_amount_is_an_amount() -> None:
    assert [amount_of(name) for name in ("A500", "A", "AX", "PAY", "5")] == [500, None, None, None, None]
