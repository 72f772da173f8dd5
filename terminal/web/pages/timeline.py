"""A sale's events as lines people read: what happened, how long after, by whom, on which evidence (row 133)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from terminal.counter.slips import FREEZE
from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe, registry
from terminal.observe.stages import offsets_ms
from terminal.payments.event import Event
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Receipt, Row, from_json

Name = Callable[[str], str]
_DETAILS: Final = {  # field -> label; numbers a person may look up somewhere
    "attempt": "attempt",
    "refund": "refund",
    "provider": "provider",
    "field": "field",
    "provider_refund": "provider_refund",
}
_TOLD: Final = {"signal": "why", "why": "why", "flag": "flag"}  # field -> label; words of ours, in words
_EVIDENCE: Final = {"id": "evidence_id", "txn": "bank_no", "paid_at": "paid_at"}
# fact -> its words
_FACTS: Final = {
    "how": "timeline.how_",
    "reason": "refund.reason_",
    "kind": "exception.",
    "field": "timeline.field_",
}
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
    before_ms, attempt = 0, ""
    for after_ms, event in zip(offsets_ms(events), events, strict=True):
        lines.append(
            Line(
                event.number,
                event.type,
                sentence(event.type, event.body, words),
                _tone(event.type, event.body),
                clock(event.wall_ms),
                after_ms,
                after_ms - before_ms,
                name(event.actor),
                _details(event.body, words, attempt),
            )
        )
        before_ms, attempt = after_ms, event.body.get("attempt", attempt)
    return lines


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
    for name, section in _FACTS.items():
        if name in facts:
            facts[name] = _word(words, str(facts[name]), section)
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
        case "refund_way_chosen":
            return f"refund_way_{body['way']}"
        case "voice_ended":
            return f"voice_ended_{body['outcome']}"
        case "override_made":
            return f"override_{body['kind']}"
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


def _word(words: Catalogue, value: str, *sections: str) -> str:
    """What the catalogue calls a value of ours; itself where it has no name for it."""
    for section in sections:
        if f"{section}{value}" in words.names():
            return words.text(f"{section}{value}")
    return value


def _reason(value: str, words: Catalogue) -> str:
    """A refusal, an error of the registry or one of our own reasons; what follows a colon are the bank's words."""
    slug, colon, rest = value.partition(": ")
    told = _word(words, slug, "refusal.", "timeline.why_")
    if told == slug and slug in registry().errors:
        told = describe(slug, {}, words.language).sentence
    return f"{told}{colon}{rest}"


def _told(body: Mapping[str, Any], words: Catalogue) -> list[tuple[str, str]]:
    """Why it came about. A signal is told only where it adds to the sentence and no reason says more."""
    found: list[tuple[str, str]] = []
    for name, label in _TOLD.items():
        value = str(body.get(name) or "")
        if name == "signal" and (body.get("why") or f"timeline.signal_{value}" not in words.names()):
            continue
        if not value:
            continue
        text = _reason(value, words) if name == "why" else _word(words, value, f"timeline.{name}_")
        found.append((label, text))
    return found


def _details(body: Mapping[str, Any], words: Catalogue, attempt: str) -> list[tuple[str, str]]:
    """``attempt``: the order the lines before spoke of, named again only beside proof."""
    evidence = body.get("evidence") or body.get("refused") or {}
    known = ("", None) if evidence else ("", None, attempt)
    found = _told(body, words)
    found += [(label, body[name]) for name, label in _DETAILS.items() if body.get(name) not in known]
    if source := evidence.get("source"):
        found.append(("evidence_source", _word(words, source, "timeline.from_")))
    found += [(label, evidence[name]) for name, label in _EVIDENCE.items() if evidence.get(name)]
    return [(words.text(f"timeline.label_{label}"), str(value)) for label, value in found]


def receipts(events: Sequence[Event]) -> list[tuple[str, Receipt]]:
    """Every slip as its lines were frozen, with its id."""
    first = [each for each in events if each.type in FREEZE and "lines" in each.body]
    return [(each.body["receipt"], from_json(each.body["lines"])) for each in first]


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
