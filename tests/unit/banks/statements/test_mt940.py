"""MT940 as German, Dutch and plain banks write it: fields that are cut, signs, and the balance that must hold."""

import pytest

from terminal.banks.statements import mt940
from terminal.payments.bill import BillEnd, BillLine, BillRefused

RF = "RF18539007547034"
HEAD = ":20:STARTUMSE\r\n:25:DE89370400440532013000\r\n:28C:00112/001\r\n:60F:C261101EUR100,00\r\n"
GERMAN = (
    ":61:2611021102CR12,50NTRFNONREF//55555\r\n"
    ":86:166?00GUTSCHRIFT?10931?20EREF+E2E-4711?21SVWZ+RF18 5390 0?227547034 Tee?30COBADEFFXXX?32FULANO\r\n"
)


def statement(*fields: str, closing: str = "C261102EUR112,50", head: str = HEAD) -> bytes:
    return (head + "".join(fields) + f":62F:{closing}\r\n-\r\n").encode("latin-1")


def read(data: bytes) -> tuple[list[BillLine], BillEnd]:
    *lines, end = mt940.read([data[at : at + 50] for at in range(0, len(data), 50)])
    assert isinstance(end, BillEnd)
    return [each for each in lines if isinstance(each, BillLine)], end


def refusal(data: bytes) -> BillRefused:
    with pytest.raises(BillRefused) as refused:
        read(data)
    return refused.value


def test_the_german_field_86_is_put_together_over_its_subfields() -> None:
    lines, end = read(statement(GERMAN))
    (line,) = lines
    assert (line.kind, line.gross_minor, line.at, line.provider_txn) == ("payment", 1250, "2026-11-02", "55555")
    assert line.references == ("E2E-4711", "RF18 5390 07547034 Tee", "55555")
    assert (end.account, end.sequence, end.lines, end.document) == ("DE89370400440532013000", 112, 1, "")


def test_the_dutch_field_86_and_a_plain_one() -> None:
    dutch = ":61:261102C10,00NTRFEREF//B1\r\n:86:/TRCD/00100/EREF/E-1/CNTP/NL1/BIC/N////\r\n"
    dutch += "REMI/USTD//RF18539007547034/\r\n"
    plain = ":61:261102C2,50NTRFNONREF\r\n:86:Danke " + RF + "\r\n"
    (one, two), _ = read(statement(dutch, plain))
    assert "E-1" in one.references
    assert any(RF in each for each in one.references)
    assert two.references == (f"Danke {RF}",)


def test_debits_reversals_returns_and_charges_are_no_income() -> None:
    fields = [
        ":61:2611021102D1,00NTRFNONREF\r\n",
        ":61:2611021102RC2,00NTRFNONREF\r\n",
        ":61:2611021102RD3,00NTRFNONREF\r\n",
        ":61:2611021102D4,00NRTINONREF\r\n",
        ":61:2611021102C5,00NRTINONREF\r\n",
        ":61:2611021102D0,50NCHGNONREF\r\n",
    ]
    lines, _ = read(statement(*fields, closing="C261102EUR100,50"))
    assert [each.kind for each in lines] == ["other", "refund", "other", "refund", "other", "fee"]


def test_a_booking_day_may_lie_in_the_year_beside_its_value_date() -> None:
    lines, _ = read(statement(":61:2612310101C12,50NTRFNONREF\r\n"))
    assert lines[0].at == "2027-01-01"
    lines, _ = read(statement(":61:2701011231C12,50NTRFNONREF\r\n"))
    assert lines[0].at == "2026-12-31"


def test_pages_carry_their_balance_over_and_swifts_envelope_is_passed_over() -> None:
    head = "{1:F01COBADEFFAXXX0000000000}{2:I940X}{4:\r\n" + HEAD
    page = ":62M:C261102EUR112,50\r\n-}\r\n" + HEAD.replace(":60F:C261101EUR100,00", ":60M:C261102EUR112,50")
    lines, _ = read(
        statement(GERMAN, page, ":61:261102C1,00NTRFNONREF\r\n", closing="C261102EUR113,50", head=head)
    )
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("data", "slug", "line"),
    [
        (statement(GERMAN, closing="C261102EUR112,51"), "bill_sums_differ", 7),
        (statement(GERMAN).replace(b":62F:", b":64:"), "bill_cut_short", 7),
        (statement(":61:nonsense\r\n"), "bill_line_unreadable", 5),
        (statement(":61:2613021102C1,00NTRFX\r\n", closing="C261102EUR101,00"), "bill_line_unreadable", 5),
        (statement(GERMAN, head=HEAD.replace(":60F:C", ":60F:X")), "bill_line_unreadable", 4),
        (statement(GERMAN) + statement(GERMAN).replace(b"DE89", b"DE90"), "bill_several_accounts", 10),
        (statement(":86:" + "x" * 600 + "\r\n"), "bill_line_too_long", 5),
        (b"", "bill_cut_short", 0),
    ],
)
def test_b12_what_does_not_hold_is_refused_with_its_line(data: bytes, slug: str, line: int) -> None:
    refused = refusal(data)
    assert (refused.slug, refused.facts["line"]) == (slug, line)


def test_the_format_is_told_by_its_first_fields() -> None:
    assert mt940.is_it(statement(GERMAN))
    assert not mt940.is_it(b"<Document/>")
