"""Which text is drawn whole, where it may break, and in which order it stands."""

import unicodedata

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.charset import clean
from drivers.printer.scripts import breakable, from_right, joined, levels, syllables, visual, words


def shown(text: str, base: int) -> str:
    """The text as it stands from left to right."""
    found = levels([unicodedata.bidirectional(char) for char in text], base)
    return "".join(text[place] for place in visual(found))


ALPHABET = "ab12شكر٣٤א.,:-+/%¥$ ،!é收"


@given(text=st.text(st.sampled_from(ALPHABET), min_size=1, max_size=14), base=st.sampled_from([0, 1]))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_the_order_of_letters_is_that_of_another_program(text: str, base: int) -> None:
    assert shown(text, base) == get_display(text, base_dir="RL"[1 - base])


def test_figures_and_latin_words_inside_arabic_read_from_the_left() -> None:
    assert shown("مبلغ 28.50 SAR", 1) == "SAR 28.50 " + "مبلغ"[::-1]
    assert shown("Total مبلغ 5", 0) == "Total 5 " + "مبلغ"[::-1]
    assert from_right("٣ مبلغ")
    assert not from_right("12 Total مبلغ")


def test_a_text_is_cut_into_words_that_join_and_the_rest() -> None:
    assert list(words("चाय 2 ชา x شاي")) == [
        ("चाय", True), (" 2 ", False), ("ชา", True), (" x ", False), ("شاي", True),
    ]  # fmt: skip
    assert not joined("收款 Café ₹฿ Ж")
    assert not joined("")


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("नमस्ते", ["न", "म", "स्ते"]),
        ("น้ำปลา", ["น้ำ", "ปลา"[:1], "ลา"]),
        ("เกี๊ยว", ["เกี๊", "ย", "ว"]),
        ("خُبز", ["خُ", "ب", "ز"]),
    ],
)
def test_syllables_keep_their_marks(word: str, parts: list[str]) -> None:
    assert syllables(word) == parts


@given(st.text(st.characters(min_codepoint=0x600, max_codepoint=0xE7F), max_size=30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_is_lost_between_words_and_syllables(text: str) -> None:
    assert "".join("".join(syllables(piece)) if word else piece for piece, word in words(text)) == text


def test_a_line_ends_before_a_thai_vowel_written_first_and_never_inside_a_hindi_or_arabic_word() -> None:
    assert breakable("พิ", "เศ")
    assert not breakable("น้ำ", "ป"), "the next syllable may begin there or this one end"
    assert breakable("a", "收")
    assert not breakable("न", "म")
    assert not breakable("ش", "ك")
    assert not breakable("a", "b")


def test_s61_p6_joiners_stay_only_where_they_join_and_direction_controls_never() -> None:
    assert clean("क्\u200dष") == "क्\u200dष"
    assert clean("a\u200db\u200c1\u200d") == "ab1"
    assert clean("\u202eشكر\u2066\u200f\u200e") == "شكر"
