"""A sale's events as lines people read: what happened, how long after, by whom, on which evidence (row 133)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from terminal.help.catalogue import Catalogue
from terminal.payments.event import Event
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Receipt, Row, from_json

Name = Callable[[str], str]
_TOP_MS: Final = 10**9
_DETAILS: Final = {
    "attempt": "attempt",
    "refund": "refund",
    "provider": "provider",
    "signal": "signal",
    "why": "why",
    "field": "field",
    "flag": "flag",
    "provider_refund": "provider_refund",
    "receipt": "receipt",
    "effect": "effect",
}
_EVIDENCE: Final = {"source": "evidence_source", "id": "evidence_id", "txn": "bank_no", "paid_at": "paid_at"}
PAPER_WIDTH: Final = 32


class Line(msgspec.Struct, frozen=True):
    """``tone`` colours the mark: good, bad, doubt, late, plain. Durations are milliseconds."""

    number: int
    type: str
    text: str
    tone: str
    clock: str
    after_ms: int
    delta_ms: int
    who: str
    details: list[tuple[str, str]]


def timeline(events: Sequence[Event], words: Catalogue, clock: Callable[[int], str], name: Name) -> list[Line]:
    """Lines in order. Durations are the monotonic clock's, the wall clock's across a restart of the machine."""
    lines: list[Line] = []
    after_ms = 0
    for index, event in enumerate(events):
        delta_ms = _between(events[index - 1], event) if index else 0
        after_ms += delta_ms
        lines.append(
            Line(
                event.number,
                event.type,
                sentence(event.type, event.body, words),
                _tone(event.type, event.body),
                clock(event.wall_ms),
                after_ms,
                delta_ms,
                name(event.actor),
                _details(event.body, words),
            )
        )
    return lines


def _between(before: Event, after: Event) -> int:
    mono_ms = (after.mono_ns - before.mono_ns) // 1_000_000
    wall_ms = max(after.wall_ms - before.wall_ms, 0)
    return mono_ms if 0 <= mono_ms < _TOP_MS else wall_ms


def sentence(kind: str, body: Mapping[str, Any], words: Catalogue) -> str:
    """The catalogue's text of an event; a type that came later is shown by its name."""
    key = f"timeline.{_key(kind, body)}"
    if key not in words.names():
        key = f"timeline.{kind}"
    if key not in words.names():
        return words.text("timeline.other", type=kind)
    facts = {name: value for name, value in body.items() if isinstance(value, str | int)}
    if "amount_minor" in body and "currency" in body:
        facts["amount"] = words.money(Money(body["amount_minor"], body["currency"]))
    if "wallet" in (body.get("evidence") or {}):
        facts["wallet"] = body["evidence"]["wallet"]
    return words.text(key, **facts)


def _key(kind: str, body: Mapping[str, Any]) -> str:
    match kind:
        case "attempt_started":
            return f"attempt_{body['direction']}"
        case "attempt_moved" | "sale_moved" | "refund_moved":
            return f"{kind.partition('_')[0]}_{body['to']}"
        case "code_shown":
            return f"code_shown_{body.get('where', '')}"
        case "exception_opened":
            return f"exception_{body['kind']}"
        case "effect_done":
            return f"{body['kind']}_{body['outcome']}"
        case "voice_ended":
            return f"voice_ended_{body['outcome']}"
        case "print_started" if body.get("copy"):
            return "print_copy"
        case _:
            return kind


_TONES: Final = {
    "attempt_paid": "good",
    "sale_paid": "good",
    "refund_refunded": "good",
    "attempt_declined": "bad",
    "attempt_closed": "bad",
    "attempt_reversed": "bad",
    "attempt_not_sent": "bad",
    "sale_cancelled": "bad",
    "sale_expired": "bad",
    "refund_failed": "bad",
    "print_stopped": "bad",
    "attempt_unknown": "doubt",
    "attempt_closing": "doubt",
    "attempt_reversing": "doubt",
    "attempt_reverse_unknown": "doubt",
    "attempt_manual": "doubt",
    "sale_checking": "doubt",
    "refund_unknown": "doubt",
    "refund_manual": "doubt",
    "sale_parked": "doubt",
    "evidence_refused": "late",
    "refund_evidence_refused": "late",
}


def _tone(kind: str, body: Mapping[str, Any]) -> str:
    return "late" if kind == "exception_opened" else _TONES.get(_key(kind, body), "plain")


def _details(body: Mapping[str, Any], words: Catalogue) -> list[tuple[str, str]]:
    found = [(label, body[name]) for name, label in _DETAILS.items() if body.get(name)]
    evidence = body.get("evidence") or body.get("refused") or {}
    found += [(label, evidence[name]) for name, label in _EVIDENCE.items() if evidence.get(name)]
    return [(words.text(f"timeline.label_{label}"), str(value)) for label, value in found]


def receipts(events: Sequence[Event]) -> list[Receipt]:
    """Every slip as it was frozen at its first printing."""
    first = [each for each in events if each.type == "print_started" and "lines" in each.body]
    return [from_json(each.body["lines"]) for each in first]


def paper_text(receipt: Receipt, width: int = PAPER_WIDTH) -> list[str]:
    """A slip as plain lines for the screen; wide characters count twice, as on paper."""
    lines: list[str] = []
    for line in receipt:
        match line:
            case Row(left, right, align, _, _):
                gap = max(width - _wide(left) - _wide(right), 0)
                if right:
                    lines.append(f"{left}{' ' * max(gap, 1)}{right}")
                else:
                    before = {"left": 0, "center": gap // 2, "right": gap}[align]
                    lines.append(" " * before + left)
            case Blank(count):
                lines += [""] * count
            case Code(text):
                lines.append(f"[QR {text}]".center(width))
            case _:
                lines.append("-" * width)
    return lines


def _wide(text: str) -> int:
    return sum(2 if ord(char) >= 0x1100 else 1 for char in text)
