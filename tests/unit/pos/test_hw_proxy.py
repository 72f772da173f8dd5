"""What a browser's till may write of an amount and a call, and what is refused."""

import json
from typing import Any

import pytest

from terminal.errors import InvalidRequest
from terminal.pos.hw_proxy import (
    BODY_MAX,
    Unreadable,
    failure,
    read_call,
    read_payment,
    result,
    try_key,
)
from terminal.pos.hw_proxy_app import Gate
from terminal.strict_json import parse_exact

INFO = {"amount": 28.5, "currency_iso": "CNY", "currency_decimals": 2, "payment_mode": "card"}
INFO |= {"payment_id": "ee4f0b1c-1", "order_id": "ORDER000010020003"}


def info(**more: object) -> dict[str, Any]:
    """As the till sends it: JSON in a string."""
    return {"payment_info": json.dumps({**INFO, **more})}


def test_a_payment_comes_as_a_string_or_an_object_and_is_the_same() -> None:
    by_text = read_payment(info(), "CNY")
    by_object = read_payment({"payment_info": parse_exact(json.dumps(INFO).encode(), limit=999)}, "CNY")
    assert by_text == by_object
    assert (by_text.amount.minor, by_text.order) == (2850, "ORDER000010020003")
    assert by_text.name == "ORDER000010020003:ee4f0b1c-1"
    assert read_payment(info(terminal_id="2"), "CNY").terminal == "2"
    assert read_payment(info(order_id=False, terminal_id=False), "CNY").name == "ee4f0b1c-1"


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"currency_iso": "EUR"}, "currency_not_taken"),
        ({"currency_iso": None}, "currency_not_taken"),
        ({"currency_decimals": 3}, "field_wrong"),
        ({"payment_id": ""}, "field_wrong"),
        ({"payment_id": "x" * 65}, "field_wrong"),
        ({"payment_id": 7}, "field_wrong"),
        ({"order_id": "two words"}, "field_wrong"),
        ({"amount": "28.50"}, "amount_unreadable"),
        ({"note": "x" * 5000}, "body_too_large"),
    ],
)
def test_a_payment_that_says_something_else_is_refused(more: dict[str, Any], slug: str) -> None:
    with pytest.raises(InvalidRequest) as no:
        read_payment(info(**more), "CNY")
    assert no.value.slug == slug


def test_keys_of_tries_differ_and_are_short() -> None:
    long = read_payment(info(order_id="O" * 60, payment_id="p" * 60), "CNY").name
    keys = {try_key(name, n, day * 86_400_000) for name in (long, "a:b") for n in range(1, 17) for day in range(2)}
    assert len(keys) == 64
    assert max(map(len, keys)) <= 64


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b'{"a":1,"a":2}', -32700),
        (b"[" * 99, -32700),
        (b" " * (BODY_MAX + 1), -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b'{"method":"call","params":{},"id":1}', -32600),
        (b'{"jsonrpc":"1.0","method":"call","params":{},"id":1}', -32600),
        (b'{"jsonrpc":"2.0","params":{},"id":1}', -32600),
        (b'{"jsonrpc":"2.0","method":"call","params":[1],"id":1}', -32602),
    ],
)
def test_what_is_no_call_gets_the_standards_number(body: bytes, code: int) -> None:
    with pytest.raises(Unreadable) as no:
        read_call(body)
    assert no.value.code == code
    assert failure(no.value.code, no.value.error, no.value.id)["error"]["code"] == code


def test_an_answer_carries_the_calls_id() -> None:
    call = read_call(b'{"jsonrpc":"2.0","method":"call","params":{"a":1},"id":"x7"}')
    assert result(call, True) == {"jsonrpc": "2.0", "id": "x7", "result": True}
    assert read_call(b'{"jsonrpc":"2.0","method":"call","id":null}').params == {}


def test_i19_the_tills_secret_path_is_in_no_line_that_names_its_gate() -> None:
    assert "canary" not in repr(Gate("canary-secret-path-0123", ()))
