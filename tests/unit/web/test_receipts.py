"""A receipt as plain text keeps its columns, also with Chinese characters, which are twice as wide."""

import unicodedata

from terminal.payments.receipt import Blank, Code, Row, Rule
from terminal.web.receipts import WIDTH, as_text


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


def test_rows_reach_both_edges() -> None:
    text = as_text((Row("Tea", "¥28.50"), Row("龙井茶", "¥8.00"), Rule()))
    tea, longjing, rule = text.splitlines()
    assert [cells(line) for line in (tea, longjing, rule)] == [WIDTH] * 3
    assert longjing.startswith("龙井茶 ")
    assert longjing.endswith(" ¥8.00")


def test_what_does_not_fit_beside_goes_below() -> None:
    left, right = as_text((Row("x" * 30, "¥28.50"),)).splitlines()
    assert left == "x" * 30
    assert right == "¥28.50".rjust(WIDTH)


def test_alignment_blanks_and_codes() -> None:
    text = as_text((Row("茶", align="center"), Row("end", align="right"), Blank(2), Code("CT:17")))
    assert text.splitlines() == [" " * 15 + "茶", "end".rjust(WIDTH), "", "", "CT:17"]
