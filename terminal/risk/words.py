"""An alert in a sentence with its facts; the text for the bank. Pure: the words are a catalogue's ``risk.*``."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from terminal.payments.money import Money
from terminal.risk.alerts import OpenAlert
from terminal.risk.table import RiskTable

_AMOUNTS: Final = {"amount_minor": "amount", "cap_minor": "cap"}
_PERSONS: Final = frozenset(
    {"refund_soon", "refunds_many", "cancels_after_shown", "below_limit", "overrides", "out_of_hours"}
)


class Words(Protocol):
    """Satisfied by ``Catalogue``."""

    def text(self, key: str, **facts: object) -> str: ...

    def money(self, amount: Money) -> str: ...


def title(alert: OpenAlert, words: Words) -> str:
    return words.text(f"risk.rule_{alert.rule}")


def sentence(alert: OpenAlert, words: Words, name: Callable[[str], str], method: Callable[[str], str]) -> str:
    """Why it was raised: who or what, how many, how many are usual.

    Args:
        name: an actor as people call it; method: a channel as people call it.
    """
    key = f"risk.why_{alert.rule}" + (f"_{alert.why}" if alert.why else "")
    facts: dict[str, object] = {"count": alert.count, "limit": alert.limit, **told(alert.facts, words)}
    if alert.rule in _PERSONS:
        facts["who"] = name(str(alert.facts.get("who", alert.about)))
    elif "who" in alert.facts and alert.rule == "device_swap":
        facts["who"] = name(str(alert.facts["who"]))
    if "channel" in facts:
        facts["channel"] = method(str(facts["channel"]))
    if "field" in facts:
        facts["field"] = words.text(f"timeline.field_{facts['field']}")
    if "role" in facts:
        facts["role"] = words.text(f"bar.{facts['role']}")
    return words.text(key, **facts)


def told(facts: Mapping[str, str | int], words: Words) -> dict[str, object]:
    """Amounts as people write them; everything else as it is."""
    found: dict[str, object] = {name: value for name, value in facts.items() if name not in _AMOUNTS}
    currency = str(facts.get("currency", ""))
    for name, short in _AMOUNTS.items():
        if name in facts:
            found[short] = words.money(Money(int(facts[name]), currency))
    return found


def rule_told(rule: str, table: RiskTable, words: Words) -> str:
    """What a rule counts, in one sentence: for the page of rules."""
    numbers = table.rule(rule)
    return words.text(
        f"risk.means_{rule}",
        minutes=(numbers.within_s or numbers.soon_s) // 60,
        percent=numbers.near_percent if rule == "below_limit" else numbers.floor,
    )


def letter(
    alert: OpenAlert,
    words: Words,
    *,
    name: Callable[[str], str],
    method: Callable[[str], str],
    shop: str,
    merchant: str,
    when: str,
) -> list[str]:
    """Plain lines for the bank or the police: who writes, what was seen, when, the facts as they are."""
    facts = [f"{key}: {value}" for key, value in sorted(alert.facts.items())]
    return [
        words.text("risk.letter_title", shop=shop),
        *([words.text("risk.letter_merchant", merchant=merchant)] if merchant else []),
        words.text("risk.letter_when", when=when),
        title(alert, words),
        sentence(alert, words, name, method),
        *facts,
        words.text("risk.letter_number", number=alert.id),
        words.text("risk.letter_ask"),
    ]
