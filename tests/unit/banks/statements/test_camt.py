"""camt.053 and its like: what is income, what is not, whose it is, and every sum that must hold."""

from collections.abc import Iterable

import pytest

from terminal.banks.statements import camt
from terminal.payments.bill import BillEnd, BillLine, BillRefused, LineKind
from tests.unit.banks.statements.camt_text import IBAN, balance, details, document, entry

RF = "RF18539007547034"


def read(data: bytes, size: int = 0) -> tuple[list[BillLine], BillEnd]:
    pieces: Iterable[bytes] = [data] if not size else [data[at : at + size] for at in range(0, len(data), size)]
    *lines, end = camt.read(pieces)
    assert isinstance(end, BillEnd)
    return [each for each in lines if isinstance(each, BillLine)], end


def refusal(data: bytes) -> BillRefused:
    with pytest.raises(BillRefused) as refused:
        read(data)
    return refused.value


def test_a_credit_says_whose_it_is_by_the_most_trusted_reference_first() -> None:
    inner = details(reference=RF, end_to_end="E2E-1", text=["Tee und", " Kuchen"])
    lines, end = read(document(entry("123.45", inner=inner, service="MB-RCV-1"), closing="223.45"))
    (line,) = lines
    assert (line.kind, line.gross_minor, line.currency, line.at) == (LineKind.PAYMENT, 12345, "EUR", "2026-11-02")
    assert line.references == (RF, "E2E-1", "Tee und", "Kuchen", "Tee undKuchen", "MB-RCV-1")
    assert (line.entry_id, line.provisional) == ("MB-RCV-1/C12345EUR", False)
    assert (end.account, end.document, end.sequence, end.lines) == (IBAN, "MSG-1", 7, 1)
    assert str(end.last_day) == "2026-11-02"


@pytest.mark.parametrize("size", [1, 7, 64])
def test_every_chunking_gives_the_same_lines(size: int) -> None:
    data = document(entry("1.00", inner=details(reference=RF)), entry("2.00", "DBIT"), closing="99.00")
    assert read(data, size) == read(data)


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
def test_versions_differ_in_where_the_status_stands(version: str) -> None:
    status = "BOOK" if version < "06" else "<Cd>BOOK</Cd>"
    lines, _ = read(document(entry("1.00", status=status), closing="101.00", version=version))
    assert [each.gross_minor for each in lines] == [100]


def test_not_provided_is_no_reference() -> None:
    inner = details(end_to_end="NOTPROVIDED", text=["null", "Danke"])
    lines, _ = read(document(entry("1.00", inner=inner), closing="101.00"))
    assert lines[0].references == ("Danke", "nullDanke")


def test_what_is_pending_or_information_is_not_told_and_not_counted() -> None:
    pending = entry("5.00", status="<Cd>PDNG</Cd>", inner=details(reference=RF))
    lines, end = read(document(pending, entry("5.00", status="INFO"), entry("1.00"), closing="101.00"))
    assert [each.line for each in lines] == [3]
    assert end.lines == 1


def test_a_debit_is_never_income_and_a_reversal_is_money_that_went_back() -> None:
    back = "<RvslInd>true</RvslInd>"
    data = document(
        entry("3.00", "DBIT"),
        entry("2.00", "DBIT", head=back, inner=details(reference=RF)),
        entry("4.00", "DBIT", family="RRTN"),
        entry("1.00", head=back),
        entry("1.00", family="RRTN"),
        entry("0.50", "DBIT", family="CHRG"),
        closing="92.50",
    )
    kinds = [each.kind for each in read(data)[0]]
    assert kinds == ["other", "refund", "refund", "other", "other", "fee"]


def test_a_batch_is_one_line_for_each_payment_and_its_sum_must_be_the_entry() -> None:
    inner = "<Btch><NbOfTxs>3</NbOfTxs></Btch>" + "".join(
        details(f"{n}.00", end_to_end=f"E{n}") for n in (1, 2, 3)
    )
    lines, _ = read(document(entry("6.00", inner=inner, service="B1"), closing="106.00"))
    assert [(each.gross_minor, each.references[0]) for each in lines] == [(100, "E1"), (200, "E2"), (300, "E3")]
    assert len({each.entry_id for each in lines}) == 3
    refused = refusal(document(entry("6.01", inner=inner), closing="106.01"))
    assert (refused.slug, refused.facts["told"], refused.facts["counted"]) == (
        "bill_sums_differ",
        "6.01 EUR",
        "6.00 EUR",
    )
    short = inner.replace("<NbOfTxs>3", "<NbOfTxs>4")
    assert refusal(document(entry("6.00", inner=short), closing="106.00")).facts["column"] == "NbOfTxs"


def test_details_without_an_amount_take_the_entrys_own() -> None:
    lines, _ = read(document(entry("6.00", inner=details(reference=RF)), closing="106.00"))
    assert lines[0].gross_minor == 600


def test_a_closing_balance_one_cent_off_refuses_the_whole_file() -> None:
    refused = refusal(document(entry("1.00"), closing="101.01"))
    assert (refused.slug, refused.facts["column"]) == ("bill_sums_differ", "CLBD")
    assert (refused.facts["told"], refused.facts["counted"]) == ("101.01 EUR", "101.00 EUR")


def test_overdrawn_accounts_and_pages_with_interim_balances_add_up() -> None:
    overdrawn = balance("PRCD", "50.00", "DBIT") + balance("CLBD", "49.00", "DBIT")
    assert len(read(document(entry("1.00"), balances=overdrawn))[0]) == 1
    pages = balance("ITBD", "5.00") + balance("ITBD", "6.00")
    assert len(read(document(entry("1.00"), balances=pages))[0]) == 1
    assert refusal(document(entry("1.00"), balances="")).facts["column"] == "Bal"


def test_intraday_lines_are_provisional_and_carry_the_identity_the_day_gives_them_again() -> None:
    inner = details(reference=RF, end_to_end="E2E-1")
    early, _ = read(document(entry("1.00", inner=inner), kind="054"))
    late, _ = read(document(entry("1.00", inner=inner), closing="101.00"))
    assert (early[0].provisional, late[0].provisional) == (True, False)
    assert early[0].entry_id == late[0].entry_id


def test_equal_entries_without_a_bank_reference_are_two() -> None:
    lines, _ = read(document(entry("1.00"), entry("1.00"), closing="102.00"))
    assert len({each.entry_id for each in lines}) == 2


def test_two_accounts_in_one_file_are_refused_and_two_days_of_one_are_read() -> None:
    one = document(entry("1.00"), closing="101.00").decode()
    part = one[one.index("<Stmt>") : one.index("</BkToCstmrStmt>")]
    lines, end = read(document(entry("1.00"), closing="101.00", again=part.replace(">7<", ">8<")))
    assert (len(lines), end.sequence) == (2, 8)
    other = part.replace(IBAN, "DE75512108001245126199")
    assert refusal(document(entry("1.00"), closing="101.00", again=other)).slug == "bill_several_accounts"


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]><Document>&a;</Document>', "bill_xml_doctype"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d><Document/>'.encode("utf-16"), "bill_xml_doctype"),
        (b"<Document><BkToCstmrStmt>&undefined;</BkToCstmrStmt></Document>", "bill_xml_unreadable"),
        (b"<Document><CstmrCdtTrfInitn></CstmrCdtTrfInitn></Document>", "bill_not_statement"),
        (b"<Document><BkToCstmrStmt></BkToCstmrStmt></Document>", "bill_cut_short"),
        (b"<Document>" + b"<a>" * 60, "bill_xml_unreadable"),
        (document(entry("1.00"), closing="101.00")[:-30], "bill_xml_unreadable"),
        (document(entry("1,00"), closing="101.00"), "bill_line_unreadable"),
        (document(entry("1.005"), closing="101.00"), "bill_line_unreadable"),
        (document(entry("1.00", "XXXX"), closing="101.00"), "bill_line_unreadable"),
        (b"", "bill_xml_unreadable"),
    ],
)
def test_b12_s5_what_cannot_be_believed_is_refused_by_name(data: bytes, slug: str) -> None:
    assert refusal(data).slug == slug


def test_one_entry_cannot_grow_without_end() -> None:
    many = "".join(f"<Ustrd>{n}</Ustrd>" for n in range(2100))
    inner = f"<TxDtls><RmtInf>{many}</RmtInf></TxDtls>"
    assert refusal(document(entry("1.00", inner=inner), closing="101.00")).slug == "bill_xml_unreadable"
    long = details(text=["x" * 100_000])
    lines, _ = read(document(entry("1.00", inner=long), closing="101.00"))
    assert len(lines[0].references[0]) == 2000


def test_the_format_is_told_by_the_first_bytes() -> None:
    assert [camt.name_of(document(kind=each)) for each in ("053", "054", "052")] == [
        "camt.053",
        "camt.054",
        "camt.052",
    ]
    assert camt.name_of(b":20:STARTUMSE") == ""
