"""The error registry: every failure's printed code, HTTP status, sentence and fix, in every language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from terminal.errors import Fact
from terminal.help.languages import FALLBACK, nearest

FILE: Final = Path(__file__).parent.parent / "data" / "errors.toml"
PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
FACT_MAX: Final = 120  # characters of one fact in a sentence
UNKNOWN_FACT: Final = "…"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

Texts = tuple[str, str]  # what happened, what to do


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One failure. ``code`` is printed and never reused; ``status`` is the HTTP one."""

    code: str
    status: int
    en: Texts
    zh: Texts = msgspec.field(name="zh-CN")
    pt: Texts = msgspec.field(name="pt-BR")

    def texts(self, language: str) -> Texts:
        return {"zh-CN": self.zh, "pt-BR": self.pt}.get(language, self.en)

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts the sentences mention."""
        return frozenset(PLACEHOLDER.findall(" ".join(self.en)))


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``areas`` name the letters of the codes by language."""

    areas: dict[str, dict[str, str]]
    errors: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Described:
    """A failure in words. ``title`` is the area ("Printer"), ``help_path`` a page of this service."""

    code: str
    status: int
    title: str
    sentence: str
    fix: str
    help_path: str


@cache
def registry() -> Registry:
    """The shipped registry, read once. A damaged one is a damaged installation: msgspec's error escapes."""
    return msgspec.toml.decode(FILE.read_bytes(), type=Registry)


def describe(slug: str, facts: Mapping[str, Fact], language: str = FALLBACK) -> Described:
    """Words for a failure. An unknown slug is told as ``internal``: the shop still gets a sentence."""
    known = registry()
    row = known.errors.get(slug) or known.errors["internal"]
    spoken = nearest(language)
    sentence, fix = (fill(text, facts) for text in row.texts(spoken))
    title = known.areas[row.code[0]][spoken]
    return Described(row.code, row.status, title, sentence, fix, f"/help/{row.code}")


def by_code(code: str) -> str | None:
    """The slug behind a printed code such as ``P-03``, for the help pages."""
    wanted = code.strip().upper()
    return next((slug for slug, row in registry().errors.items() if row.code == wanted), None)


def fill(text: str, facts: Mapping[str, object]) -> str:
    """Put facts into a text. They are data: shortened, without control or direction marks, never a format."""

    def fact(match: re.Match[str]) -> str:
        value = facts.get(match[1])
        if value is None:
            return UNKNOWN_FACT
        plain = _UNPRINTABLE.sub(" ", str(value))
        return plain if len(plain) <= FACT_MAX else plain[: FACT_MAX - 1] + "…"

    return PLACEHOLDER.sub(fact, text)
