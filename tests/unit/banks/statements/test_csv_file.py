"""CSV statements by their mapping: encodings, signs, dates, and errors that say which line."""

import pytest

from terminal.banks.statements import csv_file
from terminal.banks.statements.mapping import MAPPING_MAX, Mapping, read_mapping
from terminal.errors import BadSettings
from terminal.payments.bill import BillEnd, BillLine, BillRefused

GERMAN = """
account = "DE89370400440532013000"
currency = "EUR"
encoding = "latin-1"
delimiter = ";"
skip = 2
until = "Kontostand"
dates = "dmy"
decimal = ","
group = "."
[columns]
date = "Buchung"
amount = "Betrag"
references = ["Zweck", "Ende-zu-Ende"]
"""
TABLE = (
    'Bank Müller;;;\r\n\r\n"Buchung";"Zweck";"Ende-zu-Ende";"Betrag"\r\n'
    '02.11.2026;"RF18 5390; Tee";E1;"1.234,50"\r\n'
    '02.11.26;=1+1;="0123";-7,00\r\n\r\nKontostand;;;1,00\r\nrest\r\n'
)


def mapping(text: str) -> Mapping:
    return read_mapping(text.encode(), "bank.toml")


def read(data: bytes, how: Mapping) -> tuple[list[BillLine], BillEnd]:
    *lines, end = csv_file.read([data[at : at + 11] for at in range(0, len(data), 11)], how)
    assert isinstance(end, BillEnd)
    return [each for each in lines if isinstance(each, BillLine)], end


def refusal(data: bytes, how: Mapping) -> BillRefused:
    with pytest.raises(BillRefused) as refused:
        read(data, how)
    return refused.value


def test_a_german_banks_table_is_read_between_its_frame_lines() -> None:
    (one, two), end = read(TABLE.encode("latin-1"), mapping(GERMAN))
    assert (one.line, one.kind, one.gross_minor, one.at) == (4, "payment", 123450, "2026-11-02")
    assert one.references == ("RF18 5390; Tee", "E1")
    assert (two.kind, two.gross_minor, two.references) == ("other", 700, ("=1+1", "0123"))
    assert (end.account, end.lines, end.sequence) == ("DE89370400440532013000", 2, 0)


def test_gbk_with_two_columns_for_the_two_directions() -> None:
    text = """
account = "6222"
currency = "CNY"
encoding = "gbk"
[columns]
date = "交易日期"
credit = "收入"
debit = "支出"
references = ["附言"]
bank_reference = "流水号"
balance = "余额"
"""
    rows = "交易日期,收入,支出,附言,流水号,余额\n20261102,12.50,,谢谢,F1,112.50\n20261103,,2.50,,F2,110.00\n"
    (one, two), _ = read(rows.encode("gbk"), mapping(text))
    assert [(each.kind, each.gross_minor) for each in (one, two)] == [("payment", 1250), ("other", 250)]
    assert (one.provider_txn, one.references, one.entry_id) == ("F1", ("谢谢", "F1"), "F1/C1250CNY")
    upwards = "交易日期,收入,支出,附言,流水号,余额\n20261103,,2.50,,F2,110.00\n20261102,12.50,,,F1,112.50\n"
    assert len(read(upwards.encode("gbk"), mapping(text))[0]) == 2
    refused = refusal(rows.replace("110.00", "110.01").encode("gbk"), mapping(text))
    assert (refused.slug, refused.facts["line"]) == ("bill_sums_differ", 3)
    both = rows.replace(",,2.50", ",1.00,2.50")
    assert refusal(both.encode("gbk"), mapping(text)).facts["column"] == "支出"
    assert refusal(rows.encode(), mapping(text)).slug == "bill_encoding_wrong"


def test_a_column_of_marks_says_the_direction() -> None:
    text = """
account = "1"
dates = "mdy"
credit_marks = ["CR"]
[columns]
date = "D"
amount = "A"
mark = "M"
currency = "C"
references = ["R"]
"""
    lines, _ = read(b"D,A,M,C,R\n11/02/2026,5.00,CR,usd,x\n11/02/2026,5.00,DR,USD,x\n", mapping(text))
    assert [(each.kind, each.currency, each.at) for each in lines] == [
        ("payment", "USD", "2026-11-02"),
        ("other", "USD", "2026-11-02"),
    ]
    assert refusal(b"D,A,M,C,R\n11/02/2026,5.00,CR,XYZ,x\n", mapping(text)).facts["column"] == "C"


@pytest.mark.parametrize(
    ("before", "after", "slug", "line", "column"),
    [
        ("Betrag", "Summe", "bill_header_missing", 3, "Betrag"),
        ("02.11.2026", "31.11.2026", "bill_line_unreadable", 4, "Buchung"),
        ("02.11.2026", "gestern", "bill_line_unreadable", 4, "Buchung"),
        ("1.234,50", "1.234,505", "bill_line_unreadable", 4, "Betrag"),
        ("1.234,50", "=A1", "bill_line_unreadable", 4, "Betrag"),
        ("1.234,50", "", "bill_line_unreadable", 4, "Betrag"),
        (";-7,00", "", "bill_line_unreadable", 5, "Betrag"),
        ('"RF18', '"RF"18', "bill_line_unreadable", 4, "quotes"),
        ("Tee", "T" * 20_000, "bill_line_too_long", 4, None),
    ],
)
def test_b12_an_error_names_its_line_and_column(
    before: str, after: str, slug: str, line: int, column: str | None
) -> None:
    refused = refusal(TABLE.replace(before, after).encode("latin-1"), mapping(GERMAN))
    assert (refused.slug, refused.facts["line"], refused.facts.get("column")) == (slug, line, column)


def test_a_file_without_its_header_is_not_whole() -> None:
    assert refusal(b"a\nb\n", mapping(GERMAN)).slug == "bill_cut_short"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('amount = "Betrag"', "", "either amount"),
        ('amount = "Betrag"', 'amount = "Betrag"\ncredit = "H"', "either amount"),
        ('currency = "EUR"', "", "neither a value nor a column"),
        ('currency = "EUR"', 'currency = "EURO"', "ISO 4217"),
        ('group = "."', 'group = ","', "same sign"),
        ('amount = "Betrag"', 'amount = "Betrag"\nmark = "S"', "credit_marks"),
        ('["Zweck", "Ende-zu-Ende"]', "[]", "references"),
        ("skip = 2", "skip = 2\nskipp = 3", "skipp"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused_with_the_reason(before: str, after: str, why: str) -> None:
    with pytest.raises(BadSettings) as refused:
        mapping(GERMAN.replace(before, after))
    assert refused.value.slug == "mapping_unusable"
    assert why in str(refused.value.facts["why"])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"skip = " + b"[" * 20_000, "too deep"),
        (b"skip = " + b"7" * 5000, "digits"),
        (b"account = \xff", "utf-8"),
        (b"#" * (MAPPING_MAX + 1), "longer than"),
    ],
)
def test_a_mapping_that_is_no_toml_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(BadSettings, match="mapping_unusable") as refused:
        read_mapping(data, "bank.toml")
    assert why in str(refused.value.facts["why"])
