"""A difference in a sentence with both sides, what happens if nothing is done; a day of bills in one line. Pure.

The words are a catalogue's ``difference.*``; plural forms are chosen here, because each language has its own.
"""

from collections.abc import Iterator
from datetime import UTC, date, tzinfo
from typing import Final, Protocol

from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import Money
from terminal.settlement.day_summary import DaySummary
from terminal.settlement.differences import Difference, Fix, Kind, Note

_ORDER: Final = (
    *(Kind.MISSING_THERE, Kind.LATE, Kind.DUPLICATE, Kind.MISSING_HERE, Kind.STATUS, Kind.SHORT, Kind.OVER),
    *(Kind.WRONG_ACCOUNT, Kind.WRONG_CURRENCY, Kind.PAYOUT, Kind.PAYOUT_LATE),
)
"""Of the day's line: what costs money first; fees are told as rates."""
_BETWEEN: Final = {"zh-CN": "，"}
_POINT: Final = {"pt-BR": ","}  # of a rate; amounts have theirs from the catalogue
_EPOCH: Final = date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_DAYS: Final = ("day", "first", "due", "came")  # facts that are days


class Words(Protocol):
    """Satisfied by ``Catalogue``."""

    @property
    def language(self) -> str: ...

    def text(self, key: str, **facts: object) -> str: ...

    def money(self, amount: Money) -> str: ...

    def date(self, wall_ms: int, zone: tzinfo) -> str: ...


def plural(language: str, n: int) -> str:
    """CLDR's category of a whole number: ``one`` or ``other``; in Portuguese nought is one, in Chinese none is."""
    singular = {"en": n == 1, "pt-BR": n in {0, 1}}
    return "one" if singular.get(language, language != "zh-CN" and n == 1) else "other"


def amount(minor: int | None, currency: str, words: Words) -> str:
    """Also of a currency that this program does not know: a bank may write anything."""
    if minor is None:
        return "–"
    return words.money(Money(minor, currency)) if currency in EXPONENTS else f"{minor} {currency}"


def rate(told: str, words: Words) -> str:
    """``0.38 %`` as the language writes it."""
    return told.replace(".", _POINT.get(words.language, "."))


def day(told: str, words: Words) -> str:
    """``2026-11-21`` as the language writes it; what is no day stays as it is."""
    try:
        return words.date((date.fromisoformat(told) - _EPOCH).days * _DAY_MS, UTC)
    except ValueError:
        return told


def title(difference: Difference, words: Words) -> str:
    return words.text(f"difference.title_{difference.kind}")


def sentence(difference: Difference, words: Words) -> str:
    """Both sides, with amounts and numbers; one or two sentences."""
    facts = _facts(difference, words)
    if "more" in difference.facts:
        return words.text("difference.says_more", **facts)
    said = words.text(f"difference.says_{_variant(difference, words)}", **facts)
    asked = str(difference.facts.get("asked", ""))
    if asked:
        told = words.text(f"difference.asked_{'paid' if asked == 'paid' else 'other'}")
        said = f"{said}{'' if words.language == 'zh-CN' else ' '}{told}"
    return said


def left_alone(difference: Difference, words: Words) -> str:
    """What happens if nobody does anything."""
    variant = difference.kind.value
    if difference.kind in {Kind.MISSING_HERE, Kind.PAYOUT_LATE}:
        variant = _variant(difference, words)
    if difference.kind is Kind.DUPLICATE and difference.suggested is Fix.REFUND:
        variant = "duplicate_paid"
    if "more" in difference.facts:
        variant = "more"
    return words.text(f"difference.left_{variant}", **_facts(difference, words))


def fix_name(fix: Fix, words: Words) -> str:
    return words.text(f"difference.fix_{fix}")


def state_name(state: str, words: Words) -> str:
    """open, asked, carried, ended."""
    return words.text(f"difference.state_{state}")


def ended(how: str, words: Words) -> str:
    """How it ended: by itself, or as somebody chose."""
    return words.text(f"difference.how_{how}")


def day_line(summary: DaySummary, words: Words) -> str:
    """``3 late payments, 1 refund after close, fee 0.38 % instead of 0.30 %``."""
    if not summary.bills and not summary.found:
        return words.text("difference.day_unread")
    parts = list(_parts(summary, words))
    if not summary.found:
        parts.insert(0, _counted("equal", summary.matched, words))
    return _BETWEEN.get(words.language, ", ").join(parts)


def _parts(summary: DaySummary, words: Words) -> Iterator[str]:
    for kind in _ORDER:
        if count := summary.kinds.get(kind, 0):
            yield _counted(kind.value, count, words)
    if count := summary.notes.get(Note.REFUND_OTHER_DAY, 0):
        yield _counted("refund_other_day", count, words)
    for fee in summary.fees:
        told = "day_fee_free" if fee.free else "day_fee"
        facts = {"charged": rate(fee.charged, words), "agreed": rate(fee.agreed, words)}
        yield words.text(f"difference.{told}", **facts)


def _counted(name: str, count: int, words: Words) -> str:
    return words.text(f"difference.n_{name}_{plural(words.language, count)}", n=count)


def letter(difference: Difference, words: Words, *, merchant: str = "", txn: str = "") -> list[str]:
    """What to send to the bank: the question, and every number it could look for. Lines of plain text.

    Args:
        merchant: our number at the bank; ``txn``: the bank's own number of the payment. Empty: not known.
    """
    facts = [
        ("merchant", merchant),
        ("channel", difference.channel),
        ("day", day(difference.day, words)),
        ("number", str(difference.facts.get("number", difference.key))),
        ("txn", txn),
        ("line", str(difference.facts.get("line", ""))),
        ("yours", amount(difference.there_minor, difference.currency, words)),
        ("ours", amount(difference.here_minor, difference.currency, words)),
        ("reference", difference.id),
    ]
    told = [f"{words.text(f'difference.letter_{name}')}: {value}" for name, value in facts if value]
    return [words.text("difference.letter_please"), sentence(difference, words), *told]


def _variant(difference: Difference, words: Words) -> str:
    """Some kinds mean two things: which words fit."""
    kind, facts = difference.kind, difference.facts
    match kind:
        case Kind.MISSING_HERE if facts.get("what") == "refund":
            return f"{kind}_refund"
        case Kind.PAYOUT_LATE if facts.get("came"):
            return f"{kind}_came"
        case Kind.MISSING_THERE:
            return f"{kind}_{facts.get('what', 'payment')}"
        case Kind.FEE:
            free = "free_" if facts.get("free") else ""
            return f"{kind}_{free}{plural(words.language, int(facts.get('lines', 1)))}"
        case Kind.DUPLICATE:
            return f"{kind}_paid" if difference.suggested is Fix.REFUND else kind.value
        case Kind.LATE:
            return f"{kind}_excess" if difference.suggested is Fix.REFUND else kind.value
        case Kind.PAYOUT:
            return f"{kind}_day" if difference.key == difference.day else kind.value
        case _:
            return kind.value


def _facts(difference: Difference, words: Words) -> dict[str, object]:
    """Everything a sentence may name. Words for what each side says of a status are of the language, too."""
    here, there, facts = difference.here_minor, difference.there_minor, difference.facts
    gap = abs((there or 0) - (here or 0))
    told: dict[str, object] = {"account": "", "found": "", "first": "", "lines": 1, "more": 0, **facts}
    told |= {name: rate(str(facts.get(name, "")), words) for name in ("charged", "agreed")}
    told |= {name: day(str(facts.get(name, "")), words) for name in _DAYS}
    told |= {
        "channel": difference.channel,
        "day": day(difference.day, words),
        "number": facts.get("number", difference.key),
        "no": f"{int(facts.get('no', 0)):04}",
        "here": amount(here, difference.currency, words),
        "there": amount(there, difference.currency, words),
        "gap": amount(gap, difference.currency, words),
    }
    if difference.kind is Kind.STATUS:
        told["bill"] = words.text(f"difference.bill_{facts.get('there', 'done')}")
        told["journal"] = words.text(f"difference.journal_{facts.get('here', 'open')}")
    return told
