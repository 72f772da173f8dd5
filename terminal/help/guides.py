"""Guides for people, in every language, from files beside the program: they open without a network."""

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from terminal.help.guide_text import headings, to_html
from terminal.help.languages import nearest

FOLDER: Final = Path(__file__).parent.parent / "data" / "guides"
NAMES: Final = ("shopkeeper", "visit", "incidents")
FOUND_MAX: Final = 12


class Found(NamedTuple):
    """A part of a guide in which every word of a query stands."""

    title: str
    part: str
    path: str


def guide(name: str, language: str) -> str | None:
    """The text as it was written; None for a guide that is not there."""
    return _read(name, nearest(language)) if name in NAMES else None


def title(name: str, language: str) -> str:
    return headings(_read(name, nearest(language)))[0].text


def page(name: str, language: str) -> tuple[str, str] | None:
    """Title and body as HTML, every text in it escaped."""
    text = guide(name, language)
    return None if text is None else (headings(text)[0].text, to_html(text, place))


def place(link: str) -> str:
    """Another guide by its file, as readers of the files see it; everything else leads where it says."""
    name, _, anchor = link.partition(".md")
    return f"/help/guide/{name}{anchor}" if ".md" in link else link


def search(query: str, language: str) -> list[Found]:
    """Parts of guides with every word of the query, in the order of the guides; none for an empty one."""
    wanted = query.lower().split()
    found = [
        Found(title(name, language), part, f"/help/guide/{name}#{anchor}")
        for name in NAMES
        for part, anchor, text in _parts(name, nearest(language))
        if wanted and all(word in text for word in wanted)
    ]
    return found[:FOUND_MAX]


@cache
def _read(name: str, language: str) -> str:
    return (FOLDER / language / f"{name}.md").read_text("utf-8")


@cache
def _parts(name: str, language: str) -> tuple[tuple[str, str, str], ...]:
    """(heading, anchor, all its text in small letters)."""
    text = _read(name, language)
    pieces = re.split(r"^#{1,3} .+$", text, flags=re.MULTILINE)[1:]
    return tuple(
        (head.text, head.anchor, f"{head.text}\n{piece}".lower().replace("*", "").replace("`", ""))
        for head, piece in zip(headings(text), pieces, strict=True)
    )
