"""Columns, wrapping, the right edge."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.charset import Charset
from drivers.printer.document import Row, Rule
from drivers.printer.layout import TEXT_MAX, from_the_right, lay_out, width
from drivers.printer.profile import load

CHARSET = Charset(load("epson-serial"))


def lines(row: Row, columns: int = 32) -> list[str]:
    return ["".join(cell.text for cell in line.cells) for line in lay_out(row, columns, CHARSET)]


def test_both_sides_share_a_line_and_the_right_one_ends_at_the_edge() -> None:
    assert lines(Row("Coffee", "12.00")) == ["Coffee" + " " * 21 + "12.00"]


@pytest.mark.row(60)
def test_double_byte_letters_take_two_columns() -> None:
    assert lines(Row("咖啡", "¥12.00")) == ["咖啡" + " " * 21 + "￥12.00"]


def test_long_left_text_wraps_beside_the_right_column() -> None:
    assert lines(Row("A very long name of a dish with rice", "12.00")) == [
        "A very long name of a dish",
        "with rice" + " " * 18 + "12.00",
    ]


def test_chinese_wraps_between_letters_and_no_line_begins_with_a_comma() -> None:
    assert lines(Row("一二三四五六七八九十一二三四五六，七八")) == ["一二三四五六七八九十一二三四五", "六，七八"]


def test_a_right_text_too_long_to_stand_beside_gets_its_own_line() -> None:
    order_no = "4200002345202601151234567890"
    assert lines(Row("Transaction", order_no)) == ["Transaction", "    " + order_no]


def test_size_two_halves_the_columns() -> None:
    assert lines(Row("Total", "84.00", size=2)) == ["Total" + " " * 6 + "84.00"]


@pytest.mark.row(60)
def test_an_amount_too_wide_for_large_letters_comes_whole_in_small_ones() -> None:
    """1,000.2 and 40 on two lines are two amounts to who reads them."""
    [paid] = lay_out(Row("Paid", "KWD 10,000,001.240", size=2, bold=True), 32, CHARSET)
    assert (paid.size, paid.bold) == (1, True)
    assert "".join(cell.text for cell in paid.cells) == "Paid          KWD 10,000,001.240"


@pytest.mark.row(60)
def test_no_word_is_torn_that_fits_the_next_line() -> None:
    assert lines(Row("João da Conceição", size=2)) == ["João da", "Conceição"]
    assert lines(Row("A " + "x" * 40)) == ["A " + "x" * 30, "x" * 10], "one that fits none fills this one"
    assert lines(Row("  " + "x" * 31)) == ["  " + "x" * 30, "x"], "no line of blanks alone"


@pytest.mark.row(60)
def test_a_slip_runs_as_its_first_name_beside_a_value_does() -> None:
    arabic, english = Row("المجموع", "5"), Row("Total", "5")
    assert from_the_right((Row("Shop", align="center"), Row("12", "5"), arabic, english))
    assert not from_the_right((Row("مطعم", align="center"), english, arabic))
    assert from_the_right((Row("Shop", align="center"), Row("12"), Row("مطعم")))
    assert not from_the_right((Row("مطعم", align="center"), Row("A page of help")))
    assert not from_the_right((Rule(), Row("12", "5")))


@pytest.mark.row(60)
def test_on_a_slip_from_the_right_every_row_changes_sides() -> None:
    def turned(row: Row) -> list[tuple[str, str]]:
        found = lay_out(row, 32, CHARSET, True)
        return [(line.align, "".join(cell.text for cell in line.cells)) for line in found]

    assert turned(Row("  3 x 21.50", "SAR 64.50")) == [("left", "SAR 64.50" + " " * 12 + "3 x 21.50  ")]
    assert turned(Row("Espresso")) == [("right", "Espresso")]
    assert turned(Row("4200", align="right")) == [("left", "4200")]
    assert turned(Row("Transaction", "x" * 28)) == [("left", " " * 21 + "Transaction"), ("left", "x" * 28)]


def test_an_empty_row_is_an_empty_line() -> None:
    assert lines(Row("")) == [""]


def test_a_row_has_a_longest_text() -> None:
    assert sum(map(len, lines(Row("x" * 10 * TEXT_MAX)))) == TEXT_MAX


TEXT = st.text(st.sampled_from("ab 收款é￥，1."), max_size=90)


@settings(deadline=None, derandomize=True)
@given(TEXT, TEXT, st.sampled_from([32, 42, 48]), st.sampled_from([1, 2]))
def test_no_line_is_wider_than_the_paper_and_no_letter_is_lost(
    left: str, right: str, columns: int, size: int
) -> None:
    row = Row(left, right, size=2 if size == 2 else 1)
    laid_out = lay_out(row, columns, CHARSET)
    assert laid_out
    assert all(width(line.cells) <= columns // line.size for line in laid_out)
    printed = "".join(cell.text for line in laid_out for cell in line.cells)
    wanted, got = sorted((left + right).replace(" ", "")), sorted(printed.replace(" ", ""))
    assert got == wanted


@settings(deadline=None, derandomize=True)
@given(TEXT, st.text(st.sampled_from("¥1234567890."), min_size=1, max_size=12), st.sampled_from([32, 48]))
def test_a_right_column_always_ends_at_the_edge(left: str, right: str, columns: int) -> None:
    last = lay_out(Row(left, right), columns, CHARSET)[-1]
    assert width(last.cells) == columns
    assert "".join(cell.text for cell in last.cells).endswith(right.replace("¥", "￥"))
