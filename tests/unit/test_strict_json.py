import json
import sys
import time
from decimal import Decimal

import pytest

from terminal.errors import InvalidRequest
from terminal.strict_json import parse, parse_exact


def slug(data: bytes, limit: int = 1 << 20) -> str:
    with pytest.raises(InvalidRequest) as caught:
        parse(data, limit=limit)
    return caught.value.slug


def test_plain_json_reads_as_python_reads_it() -> None:
    data = '{"a":[1,-2,true,null,"值😀",{"b":""}],"c":0.5}'.encode()
    assert parse(data, limit=100) == json.loads(data)


def test_s2_an_integer_written_otherwise_is_not_an_int() -> None:
    for text in (b"100.0", b"1e2", b'"100"', b"true"):
        assert type(parse(text, limit=100)) is not int
    assert type(parse(b"100", limit=100)) is int


def test_s2_a_fraction_may_be_read_as_it_was_written() -> None:
    told = parse_exact(b"[28.50, 56.300000000000004, 1e2, 3]", limit=100)
    assert told == [Decimal("28.50"), Decimal("56.300000000000004"), Decimal(100), 3]
    for text in (b"1e400", b"NaN", b"0.123456789012345678", b'{"a":1,"a":2}'):
        with pytest.raises(InvalidRequest):
            parse_exact(text, limit=100)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1,"a":2}', "json_duplicate_key"),
        (b'[{"x":{"a":1,"\\u0061":1}}]', "json_duplicate_key"),
        (b"NaN", "json_number"),
        (b"[-Infinity]", "json_number"),
        (b"1e400", "json_number"),
        (b"12345678901234567", "json_number"),
        (b"-12345678901234567", "json_number"),
        (b"0.12345678901234567", "json_number"),
        (b"1" * 5000, "json_number"),
        (b"[" * 33 + b"]" * 33, "json_too_deep"),
        (b"[" * 100_000, "json_too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "json_too_deep"),
        (b"\xef\xbb\xbf{}", "json_unreadable"),
        (b"\xff", "json_unreadable"),
        (b"", "json_unreadable"),
        (b"{} {}", "json_unreadable"),
        (b"{'a':1}", "json_unreadable"),
        (b'{"a":1,}', "json_unreadable"),
        (b'"\x01"', "json_unreadable"),
        (b'"\\ud800"', "json_unreadable"),
        (b'{"\\uDFff":1}', "json_unreadable"),
        (b'["\\ud83d", "\\ude00"]', "json_unreadable"),
        (b"01", "json_unreadable"),
        ("１".encode(), "json_unreadable"),
        (b'"open', "json_unreadable"),
    ],
)
def test_s2_b4_what_python_would_swallow_is_refused(data: bytes, expected: str) -> None:
    assert slug(data) == expected


def test_edges_of_the_limits_are_allowed() -> None:
    assert parse(b"[" * 32 + b"]" * 32, limit=64)
    assert parse(b"9999999999999999", limit=16) == 9_999_999_999_999_999
    assert parse(b'"\\ud83d\\ude00"', limit=14) == "😀"
    assert parse(b'["' + b"[{" * 50 + b'"]', limit=200) == ["[{" * 50], "brackets in text are no depth"
    assert slug(b"[1,2]", limit=4) == "body_too_large"


MIB = 1 << 20
THINKS_S = 1.0  # ten times what a parser may take (S6), thirty times what the worst of these does
LONG = {
    "brackets": b"[" + b"[]," * (MIB // 3) + b"1]",
    "deep and back": b"[" + (b"[" * 31 + b"]" * 31 + b",") * (MIB // 63) + b"1]",
    "open": b"[" * MIB,
    "closed": b"[" * 33 + b"]" * MIB,
    "objects": b"[" + b'{"":1},' * (MIB // 7) + b"1]",
    "numbers": b"[" + b"1.5," * (MIB // 4) + b"1]",
    "one number": b"1." + b"1" * MIB,
    "quotes": b"[" * 33 + b'"' * MIB,
    "a text of quotes that never ends": b"[" * 33 + b'"' + b'\\"' * (MIB // 2),
    "a text of backslashes": b"[" * 33 + b'"' + b"\\" * MIB,
    "half characters": b'["' + b"\\ud800" * (MIB // 6) + b'"]',
}


@pytest.mark.no_cover
@pytest.mark.parametrize("name", LONG)
def test_s6_no_mebibyte_takes_long(name: str) -> None:
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    begun_s = time.thread_time()
    with pytest.raises(InvalidRequest):
        parse(LONG[name], limit=2 * MIB)
    took_s = time.thread_time() - begun_s
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with pytest.raises(InvalidRequest):
            parse(LONG[name], limit=2 * MIB)
    finally:
        sys.setprofile(before)
    assert calls < 100, "no code of ours a value"
    assert took_s < THINKS_S


def test_as_many_values_as_a_body_may_have() -> None:
    most = 50_000
    assert len(parse(b"[" + b"1," * (most - 2) + b"1]", limit=MIB)) == most - 1  # type: ignore[arg-type]  # a list
    assert slug(b"[" + b"1," * most + b"1]") == "json_too_many"
    assert slug(b"[" + b"[]," * most + b"1]") == "json_too_many"
    text = b'["' + b"," * MIB + b'"]'
    assert parse(text, limit=2 * MIB) == ["," * MIB], "commas in text are no values"
