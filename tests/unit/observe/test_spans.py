"""Spans of a sale in the JSON form of OTLP: ids, times, nesting as the protocol has them; nothing of a payer."""

import re
from typing import Any

import msgspec
import pytest

from terminal.observe.spans import CLIENT, ERROR, OK, end_of, export, trace_id
from terminal.observe.stages import CallTold
from tests.unit.observe.test_stages import PAID, event

CALLS = [CallTold("wechatpay", "order", "code", 9, 170), CallTold("wechatpay", "query", "unclear", 900, 3_000)]
HEX = re.compile(r"[0-9a-f]+")


def spans(body: dict[str, Any]) -> list[dict[str, Any]]:
    (resource,) = body["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    return list(scope["spans"])


@pytest.mark.row(133)
def test_a_sale_is_one_trace_with_its_pieces_and_calls_below_it() -> None:
    body = msgspec.json.decode(msgspec.json.encode(export(PAID, CALLS, service="till", version="1")))
    assert body["resourceSpans"][0]["resource"]["attributes"][0] == {
        "key": "service.name",
        "value": {"stringValue": "till"},
    }
    root, *below = spans(body)
    assert (root["name"], root["status"]) == ("sale", {"code": OK})
    assert {each["parentSpanId"] for each in below} == {root["spanId"]}
    assert {each["traceId"] for each in [root, *below]} == {trace_id("SALE")}
    assert len({each["spanId"] for each in [root, *below]}) == len(below) + 1
    assert [each["name"] for each in below] == [
        *("bank_code", "glass", "customer", "proof", "voice", "paper", "bank order", "bank query"),
    ]
    assert [(each["kind"], each["status"]) for each in below[-2:]] == [(CLIENT, {}), (CLIENT, {"code": ERROR})]


def test_ids_are_hexadecimal_of_their_length_and_times_are_nanoseconds_as_text() -> None:
    for each in spans(export(PAID, CALLS, service="till", version="1")):
        assert (len(each["traceId"]), len(each["spanId"])) == (32, 16)
        assert HEX.fullmatch(each["traceId"] + each["spanId"])
        begun, ended = each["startTimeUnixNano"], each["endTimeUnixNano"]
        assert isinstance(begun, str)
        assert len(begun) == 19
        assert int(begun) <= int(ended)


def test_pr10_spans_name_no_sale_no_order_and_no_money() -> None:
    text = msgspec.json.encode(export(PAID, CALLS, service="till", version="1")).decode()
    for secret in ("SALE", "A1", "2850", "CNY", "evidence", "provider_txn"):
        assert f'"{secret}"' not in text, secret


def test_a_sale_ends_by_being_paid_cancelled_or_expired_and_by_nothing_else() -> None:
    told = [end_of(event(0, "sale_moved", to=to)) for to in ("paid", "cancelled", "expired", "checking", "open")]
    assert told == ["paid", "cancelled", "expired", "", ""]
    assert end_of(event(0, "attempt_moved", to="paid")) == ""
