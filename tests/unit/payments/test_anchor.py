"""The anchor on a Z: the same letters for the same chains, others for any other; a typing mistake is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import InvalidRequest
from terminal.payments.anchor import Anchor, anchor_of, read_anchor
from terminal.payments.scan import Command, classify

pytestmark = pytest.mark.row(127)
HEADS = {"counter:1": (12, "ab" * 32), "counter:2": (3, "cd" * 32)}
OURS = anchor_of("s1", 12, 4002, HEADS)


@given(st.integers(1, 999_999_999), st.integers(0, 10**15 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_printed_is_read_back_scanned_or_typed_with_spaces_in_any_case(
    n: int, last: int, head: bytes
) -> None:
    anchor = anchor_of("s1", n, last, {"counter:1": (1, head.hex())})
    for typed in (anchor.text, f"{anchor.place} {anchor.groups}".lower(), f" z {anchor.place} {anchor.groups}\n"):
        assert read_anchor(typed) == anchor
    assert [len(each) for each in anchor.groups.split(" ")] == [4] * 5


@pytest.mark.parametrize(
    "other",
    [
        anchor_of("s2", 12, 4002, HEADS),
        anchor_of("s1", 13, 4002, HEADS),
        anchor_of("s1", 12, 4003, HEADS),
        anchor_of("s1", 12, 4002, {**HEADS, "counter:1": (13, "ab" * 32)}),
        anchor_of("s1", 12, 4002, {**HEADS, "counter:2": (3, "ce" + "cd" * 31)}),
        anchor_of("s1", 12, 4002, {"counter:1": HEADS["counter:1"]}),
        anchor_of("s1", 12, 4002, {}),
    ],
)
def test_any_other_store_day_event_or_chain_has_other_letters(other: Anchor) -> None:
    assert other.letters != OURS.letters
    assert anchor_of("s1", 12, 4002, dict(reversed(HEADS.items()))) == OURS, "whatever their order"


@given(st.integers(0, len(OURS.text) - 1), st.sampled_from("ABZ27-19"))
def test_one_letter_typed_wrong_is_a_typing_mistake_and_no_broken_journal(place: int, letter: str) -> None:
    typed = OURS.text[:place] + letter + OURS.text[place + 1 :]
    if typed != OURS.text:
        with pytest.raises(InvalidRequest, match="anchor_unreadable"):
            read_anchor(typed)


@pytest.mark.parametrize("typed", ["", "12", "CT:Z-0-1-" + "A" * 20, "CT:S-01KDVDNA6D6C302SMA67N4H7GA", "A" * 999])
def test_what_is_no_anchor_is_told(typed: str) -> None:
    with pytest.raises(InvalidRequest, match="anchor_unreadable"):
        read_anchor(typed)


def test_before_a_till_it_is_no_payment() -> None:
    assert isinstance(classify(OURS.text, ()), Command)
