"""Bytes of an old till to lines, lines to amounts."""

import pytest

from terminal.errors import InvalidRequest
from terminal.payments.money import Money
from terminal.pos.amount_lines import ESC, LINE_MAX, Lines, Rules, read_line

PLAIN = Rules("CNY")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_every_chunking_gives_the_same_lines(size: int) -> None:
    sent = b"12.50\r\n\r\n3.00\nab" + ESC.encode() + b"C\r" + b"x" * 500 + b"\r\xff\xfe\r7"
    lines = Lines()
    found = [line for at in range(0, len(sent), size) for line in lines.feed(sent[at : at + size])]
    assert found == ["12.50", "3.00", ESC, "C", None, None]
    assert lines.begun
    lines.drop()
    assert lines.feed(b"50\r1\r") == ["1"], "the rest of what was dropped is no amount"


def test_memory_is_bounded_and_the_longest_line_is_read() -> None:
    lines = Lines()
    assert lines.feed(b"1" * 100_000) == []
    assert len(lines._line) == LINE_MAX + 1
    assert lines.feed(b"\r" + b"2" * LINE_MAX + b"\r") == [None, "2" * LINE_MAX]


@pytest.mark.parametrize(
    ("line", "rules", "minor"),
    [
        ("12.50", PLAIN, 1250),
        ("12", PLAIN, 1200),
        ("0012.50", PLAIN, 1250),
        ("12.50 CNY", PLAIN, 1250),
        ("TOTAL 12.50*", Rules("CNY", "TOTAL", "*"), 1250),
        ("1250", Rules("CNY", minor=True), 1250),
        ("500", Rules("JPY"), 500),
    ],
)
def test_an_amount_is_read_as_the_till_writes_it(line: str, rules: Rules, minor: int) -> None:
    assert read_line(line, rules) == Money(minor, rules.currency)


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("12.505", PLAIN),
        ("12,50", PLAIN),
        ("-1.00", PLAIN),
        ("0", PLAIN),
        ("1e3", PLAIN),
        ("12.50 EUR", PLAIN),
        ("12.50 CNY 3", PLAIN),
        ("hello", PLAIN),
        ("12.50", Rules("CNY", "TOTAL", "*")),
        ("TOTAL 12.50", Rules("CNY", "TOTAL", "*")),
        ("12.50", Rules("CNY", minor=True)),
        ("9" * 13, Rules("CNY", minor=True)),
    ],
)
def test_any_other_line_is_refused(line: str, rules: Rules) -> None:
    with pytest.raises(InvalidRequest):
        read_line(line, rules)


def test_the_words_of_the_till() -> None:
    assert {read_line(each, PLAIN) for each in (ESC, "C", "c", "Cancel")} == {"cancel"}
    assert read_line("?", PLAIN) == "state"
