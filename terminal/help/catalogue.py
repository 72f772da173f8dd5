"""Words of screens, paper and displays in every language, and how amounts and times are written there."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from terminal.help.languages import FALLBACK, PSEUDO, nearest
from terminal.help.money_text import money
from terminal.help.registry import PLACEHOLDER, fill
from terminal.payments.money import Money

FOLDER: Final = Path(__file__).parent.parent / "data" / "locales"
_DATE: Final = {"en": "%Y-%m-%d", "zh-CN": "%Y-%m-%d", "pt-BR": "%d/%m/%Y"}
_ACCENTED: Final = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Catalogue:
    """One language. Keys are ``section.word`` (``state.paid``); a key that is missing is a bug: KeyError."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    @staticmethod
    def load(wish: str) -> "Catalogue":
        """The catalogue nearest to a wish; ``qps-ploc`` gives the pseudo-locale made from English."""
        if wish == PSEUDO:
            english = _load(FALLBACK)._texts.items()
            return Catalogue(PSEUDO, {key: pseudo(text) for key, text in english})
        return _load(nearest(wish))

    def text(self, key: str, **facts: object) -> str:
        return fill(self._texts[key], facts)

    def section(self, *names: str) -> dict[str, str]:
        """All texts of some sections with their full keys and unfilled placeholders, for a page's script."""
        return {key: text for key, text in self._texts.items() if key.partition(".")[0] in names}

    def names(self) -> frozenset[str]:
        return frozenset(self._texts)

    def money(self, amount: Money, *, paper: bool = False) -> str:
        return money(amount, self.language, paper=paper)

    def date(self, wall_ms: int, zone: tzinfo) -> str:
        """``2026-01-31``, in Brazil ``31/01/2026``: plain characters every printer has."""
        return _local(wall_ms, zone).strftime(_DATE[nearest(self.language)])

    def day(self, day: str) -> str:
        """``2026-01-31`` as ``date`` writes it."""
        return datetime.fromisoformat(day).strftime(_DATE[nearest(self.language)])

    def date_time(self, wall_ms: int, zone: tzinfo) -> str:
        """``2026-01-31 14:05:09``."""
        return f"{self.date(wall_ms, zone)} {self.clock(wall_ms, zone)}"

    def clock(self, wall_ms: int, zone: tzinfo) -> str:
        """``14:05:09``."""
        return _local(wall_ms, zone).strftime("%H:%M:%S")

    def age(self, seconds: int) -> str:
        """How long ago, in one unit: ``now``, ``12 s ago``, ``3 min ago``."""
        for limit, unit, key in (
            (2, 0, "now"),
            (120, 1, "seconds_ago"),
            (7200, 60, "minutes_ago"),
            (172_800, 3600, "hours_ago"),
        ):
            if seconds < limit:
                return self.text(f"bar.{key}", n=seconds // unit if unit else 0)
        return self.text("bar.days_ago", n=seconds // 86_400)


@cache
def _load(language: str) -> Catalogue:
    data = (FOLDER / f"{language}.toml").read_bytes()
    sections = msgspec.toml.decode(data, type=dict[str, dict[str, str]])
    return Catalogue(
        language,
        {f"{name}.{word}": text for name, words in sections.items() for word, text in words.items()},
    )


def _local(wall_ms: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=wall_ms)).astimezone(zone)


def pseudo(text: str) -> str:
    """English with accents, a third longer and in brackets; placeholders stay as they are."""
    parts = re.split(f"({PLACEHOLDER.pattern.replace('(', '(?:')})", text)
    accented = "".join(part if index % 2 else part.translate(_ACCENTED) for index, part in enumerate(parts))
    return f"⟦{accented}{'~' * (len(text) // 3 + 1)}⟧"
