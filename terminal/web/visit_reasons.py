"""What a proof of the visit lacks, in the reader's language: the proof names it, with English for the log."""

from collections.abc import Mapping
from typing import Any

from terminal.help.catalogue import Catalogue
from terminal.visit.proofs import LACKS, TICKS


def in_words(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    """``facts`` of a failure with its ``why`` in words; whatever nobody knows stays as it is."""
    told = _told(facts, Catalogue.load(language))
    return {**facts, "why": told} if told else dict(facts)


def _told(facts: Mapping[str, Any], words: Catalogue) -> str:
    match facts:
        case {"lacks": str(lacks)} if lacks in LACKS:
            no = facts.get("no", 0)
            return words.text(f"wizard.why_{lacks}", no=f"{no:04}" if isinstance(no, int) else "?")
        case {"why": str(why)} if why in TICKS:
            fault, _, tick = why.rpartition("_")
            name = words.text(f"wizard.f_{fault}").rstrip(".。")
            return f"{name} – {words.text('wizard.right' if tick == 'right' else 'wizard.back_again')}"
    return ""
