"""An ended sale as spans for a tracing system: times and words of ours, no number of a sale, no amount, no payer.

Source: OpenTelemetry specification, "OTLP Specification 1.x", JSON Protobuf Encoding: ids are hexadecimal, 64-bit
numbers are texts, enums are numbers, names are in lowerCamelCase.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from terminal.observe.stages import CallTold, offsets_ms, stages
from terminal.payments.event import Event

SCOPE: Final = "countertop"
INTERNAL: Final = 1
CLIENT: Final = 3
OK: Final = 1
ERROR: Final = 2
_ENDS: Final = frozenset({"paid", "cancelled", "expired"})
_FAILED: Final = frozenset({"not_sent", "unclear", "given_up"})


def trace_id(sale: str) -> str:
    """Of a sale's id one cannot go back from it; who knows the sale finds its trace."""
    return hashlib.sha256(f"countertop trace {sale}".encode()).hexdigest()[:32]


def end_of(event: Event) -> str:
    """How the sale ended, where this event says that it did."""
    to = str(event.body.get("to", "")) if event.type == "sale_moved" else ""
    return to if to in _ENDS else ""


def export(events: Sequence[Event], calls: Sequence[CallTold], *, service: str, version: str) -> dict[str, Any]:
    """The body of ``POST /v1/traces`` for one sale."""
    resource = _attributes({"service.name": service, "service.version": version})
    found = list(_spans(events, calls))
    scope = {"scope": {"name": SCOPE, "version": version}, "spans": found}
    return {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]}


def _spans(events: Sequence[Event], calls: Sequence[CallTold]) -> Iterator[dict[str, Any]]:
    first, offsets = events[0], offsets_ms(events)
    trace, begun_ms = trace_id(first.subject), first.wall_ms
    end = next((end_of(each) for each in events if end_of(each)), "")
    attempts = [each for each in events if each.type == "attempt_started"]
    told: dict[str, str | int | bool] = {
        "countertop.counter": first.counter,
        "countertop.ledger": first.ledger.value,
        "countertop.end": end,
        "countertop.attempts": len(attempts),
    }
    if attempts:
        last = attempts[-1].body
        told |= {"countertop.channel": str(last["provider"]), "countertop.direction": str(last["direction"])}

    def span(name: str, key: str, from_ms: int, until_ms: int, **more: Any) -> dict[str, Any]:
        return {
            "traceId": trace,
            "spanId": hashlib.sha256(f"{trace}/{key}".encode()).hexdigest()[:16],
            "name": name,
            "kind": INTERNAL,
            "startTimeUnixNano": str((begun_ms + from_ms) * 1_000_000),
            "endTimeUnixNano": str((begun_ms + until_ms) * 1_000_000),
            **more,
        }

    root = span("sale", "sale", 0, offsets[-1], attributes=_attributes(told))
    root["status"] = {"code": OK} if end == "paid" else {}
    root["events"] = [
        {"timeUnixNano": str((begun_ms + at_ms) * 1_000_000), "name": each.type}
        for at_ms, each in zip(offsets, events, strict=True)
    ]
    yield root
    for each in stages(events):
        yield span(each.name, each.name, each.from_ms, each.until_ms, parentSpanId=root["spanId"])
    for number, call in enumerate(calls):
        facts = {"countertop.channel": call.channel, "countertop.outcome": call.outcome}
        yield span(
            f"bank {call.act}",
            f"call {number}",
            call.from_ms,
            call.from_ms + call.took_ms,
            parentSpanId=root["spanId"],
            attributes=_attributes(facts),
            status={"code": ERROR} if call.outcome in _FAILED else {},
        ) | {"kind": CLIENT}


def _attributes(values: Mapping[str, str | int | bool]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: str | int | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
