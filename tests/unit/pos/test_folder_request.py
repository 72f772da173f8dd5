"""Requests as files: JSON or lines, and what is refused of them."""

import json

import pytest

from terminal.errors import InvalidRequest
from terminal.payments.lines import LINES_MAX, NAME_MAX, TAX_MAX
from terminal.payments.money import Money
from terminal.pos.folder_request import JSON_MAX, Wanted, read_request, write_result

LINES = b"# table 4\r\nACTION=sale\r\nAMOUNT = 28.50\r\nCURRENCY=CNY\r\nORDER=A-17\r\n\r\nTITLE=Noodles = good\r\n"


def test_both_ways_of_writing_say_the_same() -> None:
    wanted = Wanted("sale", Money(2850, "CNY"), "A-17", "Noodles = good")
    assert read_request("a.txt", LINES, "CNY") == wanted
    told = {"action": "sale", "amount": "28.50", "currency": "CNY", "order": "A-17", "title": "Noodles = good"}
    assert read_request("a.json", json.dumps(told).encode(), "CNY") == wanted
    assert read_request("a.json", json.dumps({**told, "amount": 28.5}).encode(), "CNY") == wanted
    assert read_request("a.txt", b"amount=5", "CNY") == Wanted("sale", Money(500, "CNY"))


def test_actions_name_the_sale_they_are_about() -> None:
    assert read_request("b.txt", b"ACTION=cancel\nSALE=a\n", "CNY") == Wanted("cancel", sale="a")
    assert read_request("b.txt", b"ACTION=status\nSALE=a\n", "CNY") == Wanted("status", sale="a")
    part = read_request("b.txt", b"ACTION=refund\nSALE=a\nAMOUNT=1.00\nREASON=cold\n", "CNY")
    assert part == Wanted("refund", Money(100, "CNY"), sale="a", reason="cold")
    assert read_request("b.json", b'{"action":"refund","sale":"a"}', "CNY").amount is None


@pytest.mark.parametrize(
    ("name", "data", "slug"),
    [
        ("a.txt", b"", "field_wrong"),
        ("a.txt", b"AMOUNT=28.505", "amount_unreadable"),
        ("a.txt", b"AMOUNT=-1", "amount_unreadable"),
        ("a.txt", b"AMOUNT=0", "amount_not_positive"),
        ("a.txt", b"AMOUNT=1\nAMOUNT=2", "text_unreadable"),
        ("a.txt", b"AMOUNT 1", "text_unreadable"),
        ("a.txt", b"AMOUNT=\xff", "text_unreadable"),
        ("a.txt", b"AMOUNT=1\nCURRENCY=EUR", "currency_not_taken"),
        ("a.txt", b"AMOUNT=1\nTIP=2", "field_wrong"),
        ("a.txt", b"ACTION=pay\nAMOUNT=1", "field_wrong"),
        ("a.txt", b"ACTION=cancel", "field_wrong"),
        ("a.txt", b"ACTION=cancel\nSALE=../../etc", "field_wrong"),
        ("a.txt", b"ACTION=cancel\nSALE=a\nAMOUNT=1", "field_wrong"),
        ("a.txt", b"AMOUNT=1\nTITLE=" + b"x" * 41, "field_wrong"),
        ("a.txt", b"x" * 20_000, "body_too_large"),
        ("a.json", b"x" * (JSON_MAX + 1), "body_too_large"),
        ("a.json", b"[]", "field_wrong"),
        ("a.json", b'{"amount":1,"amount":2}', "json_duplicate_key"),
        ("a.json", b'{"amount":true}', "field_wrong"),
        ("a.json", b'{"amount":1e400}', "json_number"),
        ("a.json", b"\xef\xbb\xbf{}", "json_unreadable"),
    ],
)
def test_what_is_no_request_is_refused(name: str, data: bytes, slug: str) -> None:
    with pytest.raises(InvalidRequest) as no:
        read_request(name, data, "CNY")
    assert no.value.slug == slug


def test_a_result_is_written_as_the_request_was() -> None:
    result = {"outcome": "paid", "amount": "28.50"}
    assert write_result("a.txt", result) == b"OUTCOME=paid\nAMOUNT=28.50\n"
    assert json.loads(write_result("a.json", result)) == result


@pytest.mark.row(2)
def test_as_many_lines_as_a_sale_may_have_fit_into_a_file_however_long_their_names() -> None:
    line = {"name": "\U0001f35c" * NAME_MAX, "price": "9999999999.99", "quantity": "0.001", "tax": "甲" * TAX_MAX}
    told = {"amount": "20.00", "lines": [{**line, "amount": "10000000.00"}] * LINES_MAX}
    assert 16 * 1024 < len(json.dumps(told)) < JSON_MAX
    assert len(read_request("a.json", json.dumps(told).encode(), "CNY").lines) == LINES_MAX
