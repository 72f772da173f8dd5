"""The data map: every column, event field and file with its purpose, legal base, retention and readers (PR1).

Source: Regulation (EU) 2016/679, article 30 "Records of processing activities"; Lei 13.709/2018 (LGPD), art. 37.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

FILE: Final = Path(__file__).parent.parent / "data" / "privacy.toml"
WRITTEN: Final = frozenset({"goods", "said"})
"""Kinds that are free text: names of goods, reasons, notes."""
Place = Literal["state", "settings", "asked"]
"""Where a file stands: the state folder, the settings' folder, or wherever a person asked for it."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"zh": "zh-CN", "pt": "pt-BR"}):
    en: str
    zh: str
    pt: str

    def say(self, language: str) -> str:
        """``language`` as the catalogues call it; another one reads English."""
        return {"zh-CN": self.zh, "pt-BR": self.pt}.get(language, self.en)


class Keep(Words, frozen=True, forbid_unknown_fields=True, rename={"zh": "zh-CN", "pt": "pt-BR"}):
    """``days`` 0: nothing is deleted by age."""

    days: int

    def say(self, language: str) -> str:
        return Words.say(self, language).replace("{days}", str(self.days))


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of data: everything on the map is of one of these."""

    person: Literal["nobody", "payer", "staff"]
    base: str
    keep: str
    readers: tuple[str, ...]
    purpose: Words


class DataMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``columns``: ``table.column``; ``fields``: of any event; ``fields_of``: ``type.field``, before them."""

    bases: dict[str, Words]
    keeps: dict[str, Keep]
    readers: dict[str, Words]
    persons: dict[str, Words]
    kinds: dict[str, Kind]
    places: dict[str, Words]
    connectors: dict[str, str]
    breach: Words
    columns: dict[str, str]
    fields: dict[str, str]
    fields_of: dict[str, str]
    evidence: dict[str, str]
    files: dict[Place, dict[str, str]]

    def field(self, event_type: str, name: str) -> str:
        """The kind of an event's field; empty: it is on no map."""
        return self.fields_of.get(f"{event_type}.{name}") or self.fields.get(name, "")

    def written(self, event_type: str, body: Mapping[str, Any]) -> bool:
        """Whether it holds words that somebody chose: they are in the chain, and nothing takes them out again."""
        return any(value and self.field(event_type, name) in WRITTEN for name, value in body.items())

    def file(self, place: Place, path: str) -> str:
        """The kind of a file by its path below ``place``; the longest pattern counts. Empty: on no map."""
        fits = [pattern for pattern in self.files[place] if fnmatchcase(path, pattern)]
        return self.files[place][max(fits, key=len)] if fits else ""

    def place(self, connector: str, region: str = "") -> Words:
        """Where the company behind a channel is, in words; ``region`` is the channel's own, where it names one."""
        return self.places.get(self.connectors.get(connector) or region) or self.places["unknown"]

    def with_days(self, keep: str, days: int) -> "DataMap":
        """The map of a shop whose settings choose another period."""
        keeps = {**self.keeps, keep: msgspec.structs.replace(self.keeps[keep], days=days)}
        return msgspec.structs.replace(self, keeps=keeps)

    def days(self, kind: str) -> int:
        return self.keeps[self.kinds[kind].keep].days

    def parts(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Everything that is on the map: where, and name -> kind."""
        yield "journal", self.columns
        yield "events", {**self.fields, **self.fields_of}
        yield "evidence", self.evidence
        yield from self.files.items()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the printed map."""

    where: str
    names: tuple[str, ...]
    kind: str
    purpose: str
    person: str
    base: str
    keep: str
    readers: str


def sheet(data: DataMap, language: str) -> list[Row]:
    """The map in words, one row a place and kind: what the region's compliance sheet asks for."""
    rows = []
    for where, names in data.parts():
        for kind in data.kinds:
            if found := tuple(sorted(name for name, each in names.items() if each == kind)):
                rows.append(_row(data, language, where, found, kind))
    return rows


def _row(data: DataMap, language: str, where: str, names: tuple[str, ...], kind: str) -> Row:
    told = data.kinds[kind]
    return Row(
        where,
        names,
        kind,
        told.purpose.say(language),
        data.persons[told.person].say(language),
        data.bases[told.base].say(language),
        data.keeps[told.keep].say(language),
        ", ".join(data.readers[each].say(language) for each in told.readers),
    )


@cache
def data_map() -> DataMap:
    return msgspec.toml.decode(FILE.read_bytes(), type=DataMap, strict=True)
