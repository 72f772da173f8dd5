"""Finds errors by code, by slug, or by what a person sees: every word asked for must stand in the row."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from terminal.help.languages import FALLBACK, nearest
from terminal.help.registry import Described, describe, registry

FILE: Final = Path(__file__).parent.parent / "data" / "symptoms.toml"
QUERY_MAX: Final = 60


class Symptom(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"zh": "zh-CN", "pt": "pt-BR"}):
    """What somebody at a counter would say, and the errors that are told then, the likeliest first."""

    en: str
    zh: str
    pt: str
    errors: tuple[str, ...]

    def say(self, language: str) -> str:
        return {"zh-CN": self.zh, "pt-BR": self.pt}.get(nearest(language), self.en)


class Entry(NamedTuple):
    slug: str
    told: Described


class Told(NamedTuple):
    """A symptom with the pages that may be meant."""

    says: str
    entries: list[Entry]


@cache
def symptoms() -> Mapping[str, Symptom]:
    return msgspec.toml.decode(FILE.read_bytes(), type=dict[str, Symptom])


def by_symptom(query: str, language: str) -> list[Told]:
    """Symptoms in which every word stands, in the order of the file; all of them for an empty query."""
    wanted = query.lower()[:QUERY_MAX].split()
    return [
        Told(each.say(language), [Entry(slug, describe(slug, {}, language)) for slug in each.errors])
        for each in symptoms().values()
        if all(word in f"{each.say(language)} {each.en}".lower() for word in wanted)
    ]


def found(query: str, language: str) -> list[Entry]:
    """Rows whose code, slug, words or symptom contain every word of the query; all of them for an empty one.

    What a symptom leads to comes first, the likeliest before the others; the rest by code.
    """
    wanted = query.lower()[:QUERY_MAX].split()
    seen: dict[str, str] = {}
    for each in symptoms().values():
        for slug in each.errors:
            seen[slug] = f"{seen.get(slug, '')} {each.say(language)}"
    entries = [Entry(slug, describe(slug, {}, language)) for slug in registry().errors]
    likely = [each.slug for told in (by_symptom(query, language) if wanted else []) for each in told.entries]
    place = {slug: number for number, slug in reversed(list(enumerate(likely)))}
    entries.sort(key=lambda each: (place.get(each.slug, len(likely)), each.told.code))

    def fits(each: Entry) -> bool:
        told = each.told
        text = f"{told.code} {each.slug} {told.title} {told.sentence} {told.fix} {seen.get(each.slug, '')}"
        return all(word in text.lower() for word in wanted)

    return [each for each in entries if fits(each)]


def table(language: str = FALLBACK) -> list[tuple[str, str, int, str, str]]:
    """Every error as a row: code, slug, HTTP status, what happened, what to do."""
    return [
        (each.told.code, each.slug, each.told.status, *registry().errors[each.slug].texts(nearest(language)))
        for each in found("", language)
    ]
