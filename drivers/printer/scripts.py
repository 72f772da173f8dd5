"""Scripts whose letters join, stack or run from right to left: which text is theirs, in which order it stands.

Pure. A run of such text is drawn whole, never letter by letter; how it looks is the painter's work.

Source: The Unicode Standard, Annex 9 (rules P2, W1 to W7, N1, N2, I1, I2, L2; explicit controls and paired
brackets left out: our text holds no controls); chapters 9.2 (Arabic), 12.1 (Devanagari) and 16.1 (Thai).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

_ARABIC: Final = "\u0600-\u065f\u066a-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc"
_WORD: Final = re.compile(f"[\u0900-\u097f\u200c\u200d]+|[\u0e01-\u0e3a\u0e40-\u0e5b]+|[{_ARABIC}\u200c\u200d]+")
_SYLLABLE: Final = re.compile(  # what no line end may tear apart
    "(?:[\u0915-\u0939\u0958-\u095f]\u093c?\u094d[\u200c\u200d]?)*[\u0904-\u0939\u0958-\u0961]"
    "[\u093a-\u093c\u093e-\u094f\u0900-\u0903\u0951-\u0957\u200c\u200d]*"
    "|[\u0e40-\u0e44]?[\u0e01-\u0e2e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*[\u0e30\u0e32\u0e33\u0e45]?[\u0e2f\u0e46]?"
    f"|[{_ARABIC}][\u064b-\u065f\u0670\u200c\u200d]*|."
)
_COUNTS: Final = frozenset({"L", "R", "AL", "EN", "AN", "ES", "ET", "CS", "NSM", "ON"})
_WRITTEN_FIRST: Final = "\u0e40\u0e41\u0e42\u0e43\u0e44"
NOT_FIRST: Final = frozenset(",.;:!?)]}%，。、；：！？）】》」』”’％·")  # of a line
FROM_LEFT: Final = "\u200e"
FROM_RIGHT: Final = "\u200f"
"""Before a text that is drawn whole: how its paragraph runs."""
_JOINERS: Final = re.compile(rf"(?<![\u0900-\u097f{_ARABIC}])[\u200c\u200d]+")


def words(text: str) -> Iterator[tuple[str, bool]]:
    """``text`` in pieces: (piece, whether it is a word of such a script). Together they are the text."""
    at = 0
    for word in _WORD.finditer(text):
        if word.start() > at:
            yield text[at : word.start()], False
        yield word[0], True
        at = word.end()
    if at < len(text):
        yield text[at:], False


def joined(text: str) -> bool:
    """Any of it needs to be drawn as a whole, or a direction mark says so."""
    return not text.isascii() and (text[0] in (FROM_LEFT, FROM_RIGHT) or _WORD.search(text) is not None)


def syllables(word: str) -> list[str]:
    return _SYLLABLE.findall(word)


def without_loose_joiners(text: str) -> str:
    """Joiners mean something after a letter that joins; anywhere else they only hide text."""
    return _JOINERS.sub("", text)


def breakable(before: str, after: str) -> bool:
    """A line may end between the two: beside a wide character, or within Thai, which writes no spaces.

    In Thai before a vowel that is written first: a syllable begins there, and nowhere else is that sure.
    """
    if after in NOT_FIRST:
        return False
    if _thai(before) and _thai(after):
        return after[0] in _WRITTEN_FIRST
    return unicodedata.east_asian_width(before[0]) in "WF" or unicodedata.east_asian_width(after[0]) in "WF"


def _thai(text: str) -> bool:
    return "\u0e01" <= text[0] <= "\u0e5b"


# --- order ------------------------------------------------------------------------------------------------


def from_right(text: str) -> bool:
    """A paragraph whose first letter runs from right to left does so as a whole (P2, P3)."""
    return bool(runs(text))


def runs(text: str) -> bool | None:
    """Whether its first letter runs from right to left; None: it has no letter."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return None


def levels(kinds: Sequence[str], base: int) -> list[int]:
    """The level of each character, given its class: odd ones run from right to left. ``base`` is 0 or 1."""
    side = "R" if base else "L"
    now = _numbers([kind if kind in _COUNTS else "ON" for kind in kinds], side)
    now = _neutrals(now, side)
    raised = {("L", 0): 0, ("R", 0): 1, ("N", 0): 2, ("L", 1): 2, ("R", 1): 1, ("N", 1): 2}
    found = [raised["N" if kind in ("EN", "AN") else kind, base] for kind in now]
    for index in range(len(kinds) - 1, -1, -1):  # L1: spaces at the end belong to the paragraph
        if kinds[index] not in ("WS", "S", "B"):
            break
        found[index] = base
    return found


def _numbers(kinds: list[str], side: str) -> list[str]:
    """W1 to W7: what digits, their signs and marks count as, from what stands before them."""
    strong, before, now = side, side, list(kinds)
    for index, each in enumerate(now):
        kind = before if each == "NSM" else each
        if kind in ("L", "R", "AL"):
            strong = kind
        before = now[index] = "AN" if kind == "EN" and strong == "AL" else kind
    now = ["R" if kind == "AL" else kind for kind in now]
    for index in range(1, len(now) - 1):
        left, right = now[index - 1], now[index + 1]
        if left == right and (
            (now[index] in ("ES", "CS") and left == "EN") or (now[index] == "CS" and left == "AN")
        ):
            now[index] = left
    for index in (*range(len(now)), *range(len(now) - 1, -1, -1)):
        beside = now[max(index - 1, 0) : index + 2]
        if now[index] == "ET" and "EN" in beside:
            now[index] = "EN"
    strong = side
    for index, kind in enumerate(now):
        if kind in ("L", "R"):
            strong = kind
        elif kind in ("ES", "ET", "CS"):
            now[index] = "ON"
        elif kind == "EN" and strong == "L":
            now[index] = "L"
    return now


def _neutrals(kinds: list[str], side: str) -> list[str]:
    """N1, N2: what stands between two letters of one direction goes with them, else with the paragraph."""
    now, at = list(kinds), 0
    while at < len(now):
        if now[at] != "ON":
            at += 1
            continue
        end = next((index for index in range(at, len(now)) if now[index] != "ON"), len(now))
        left = _side(now[at - 1]) if at else side
        right = _side(now[end]) if end < len(now) else side
        now[at:end] = [left if left == right else side] * (end - at)
        at = end
    return now


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"


def visual(found: Sequence[int]) -> list[int]:
    """Places in the order they stand on paper, from the left (L2)."""
    order = list(range(len(found)))
    for level in range(max(found, default=0), 0, -1):
        marks = [-1, *(index for index, place in enumerate(order) if found[place] < level), len(order)]
        for before, after in pairwise(marks):
            order[before + 1 : after] = reversed(order[before + 1 : after])
    return order
