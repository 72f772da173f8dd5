"""What a proof of the visit lacks, in the reader's language: the proof says it in English, for record and log."""

import re
from collections.abc import Mapping
from typing import Any, Final

from terminal.help.catalogue import Catalogue
from terminal.visit.proofs import FAULTS

_SALE: Final = re.compile(r"sale ([0-9]{1,9}) (.+)")
_LACKS: Final = {
    "is older than this visit": "why_older",
    "is not the smallest amount": "why_not_smallest",
    "is not paid": "why_not_paid",
    "is not given back": "why_not_back",
}
_WAYS: Final = {"no sale by display": "why_push", "no sale by scanning": "why_pull", "no sale": "why_none"}


def in_words(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    """``facts`` of a failure with its ``why`` in words; whatever nobody knows stays as it is."""
    why = facts.get("why")
    told = _told(why, Catalogue.load(language)) if isinstance(why, str) else ""
    return {**facts, "why": told} if told else dict(facts)


def _told(why: str, words: Catalogue) -> str:
    if way := _WAYS.get(why):
        return words.text(f"wizard.{way}")
    if (sale := _SALE.fullmatch(why)) and (lacks := _LACKS.get(sale[2])):
        return words.text(f"wizard.{lacks}", no=sale[1].zfill(4))
    fault, _, tick = why.rpartition("_")
    if fault in FAULTS and tick in {"right", "back"}:
        name = words.text(f"wizard.f_{fault}").rstrip(".。")
        return f"{name} – {words.text('wizard.right' if tick == 'right' else 'wizard.back_again')}"
    return ""
