"""Guides written in a little Markdown become HTML: headings, paragraphs, lists, tables, bold, code, links.

Nothing else is known, and every character of the text is escaped: a guide cannot carry markup of its own.
Source: CommonMark 0.31.2, of which this is a part; tables as in GitHub Flavored Markdown 0.29, section 4.10.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_INLINE: Final = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)")
_HEADING: Final = re.compile(r"(#{1,3}) (.+)")
_ITEM: Final = re.compile(r"(?:[-*]|(\d{1,2})\.) (.+)")
_CHECK: Final = re.compile(r"\[ \] (.+)")
_SAFE_LINK: Final = re.compile(r"/(?!/)[A-Za-z0-9/?=&._#-]*|[a-z_]+\.md(#[a-z0-9-]+)?|#[a-z0-9-]+")


class Heading(NamedTuple):
    level: int
    text: str
    anchor: str


def headings(text: str) -> list[Heading]:
    """Anchors count up: ``s1`` is the first below the title, the same in each language."""
    found: list[Heading] = []
    for line in text.splitlines():
        if match := _HEADING.fullmatch(line):
            found.append(Heading(len(match[1]), match[2], f"s{len(found)}"))
    return found


def links(text: str) -> list[str]:
    return [match["to"] for match in _INLINE.finditer(text) if match["to"]]


def to_html(text: str, place: Callable[[str], str]) -> str:
    """The guide's body. ``place``: a link as it is written -> where it leads here.

    Raises:
        ValueError: a link that is neither a page of this service nor another guide.
    """
    return "\n".join(_Blocks(text.splitlines(), place).made())


class _Blocks:
    def __init__(self, lines: list[str], place: Callable[[str], str]) -> None:
        self._lines, self._at, self._place, self._headings = lines, 0, place, 0

    def made(self) -> Iterator[str]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._at += 1
            elif match := _HEADING.fullmatch(line):
                self._at += 1
                yield self._heading(len(match[1]), match[2])
            elif line.startswith("|"):
                yield self._table()
            elif _ITEM.fullmatch(line):
                yield self._list()
            else:
                yield f"<p>{self._inline(' '.join(self._run(self._plain)))}</p>"

    def _heading(self, level: int, text: str) -> str:
        anchor = f"s{self._headings}"
        self._headings += 1
        return f'<h{level} id="{anchor}">{self._inline(text)}</h{level}>'

    def _plain(self, line: str) -> bool:
        return bool(line.strip()) and not line.startswith("|") and not _HEADING.fullmatch(line)

    def _run(self, fits: Callable[[str], bool]) -> list[str]:
        start = self._at
        while self._at < len(self._lines) and fits(self._lines[self._at]):
            if self._at > start and _ITEM.fullmatch(self._lines[self._at]):
                break
            self._at += 1
        return [each.strip() for each in self._lines[start : self._at]]

    def _table(self) -> str:
        start = self._at
        while self._at < len(self._lines) and self._lines[self._at].startswith("|"):
            self._at += 1
        rows = [_cells(line) for line in self._lines[start : self._at]]
        head, body = rows[0], [row for row in rows[1:] if not set("".join(row)) <= set("-: ")]
        top = "".join(f'<th scope="col">{self._inline(each)}</th>' for each in head)
        told = "".join(
            "<tr>" + "".join(f"<td>{self._inline(each)}</td>" for each in row) + "</tr>" for row in body
        )
        return f"<table><thead><tr>{top}</tr></thead><tbody>{told}</tbody></table>"

    def _list(self) -> str:
        first = _ITEM.fullmatch(self._lines[self._at])
        assert first is not None
        kind = "ol" if first[1] else "ul"
        items = []
        while self._at < len(self._lines) and (match := _ITEM.fullmatch(self._lines[self._at])):
            if bool(match[1]) != (kind == "ol"):
                break
            self._at += 1
            more = self._run(lambda line: line.startswith("  ") and bool(line.strip()))
            items.append(self._item(" ".join((match[2], *more))))
        return f"<{kind}>{''.join(items)}</{kind}>"

    def _item(self, text: str) -> str:
        check = _CHECK.fullmatch(text)
        if check:
            return f'<li class="check"><span aria-hidden="true">☐</span> {self._inline(check[1])}</li>'
        return f"<li>{self._inline(text)}</li>"

    def _inline(self, text: str) -> str:
        made, last = [], 0
        for match in _INLINE.finditer(text):
            made.append(html.escape(text[last : match.start()]))
            made.append(self._span(match))
            last = match.end()
        return "".join((*made, html.escape(text[last:])))

    def _span(self, match: re.Match[str]) -> str:
        if match["bold"]:
            return f"<strong>{html.escape(match['bold'])}</strong>"
        if match["code"]:
            return f"<code>{html.escape(match['code'])}</code>"
        if not _SAFE_LINK.fullmatch(match["to"]):
            raise ValueError(f"a guide links to {match['to']!r}")
        return f'<a href="{html.escape(self._place(match["to"]))}">{html.escape(match["text"])}</a>'


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip().strip("|").split("|")]
