"""A support bundle as one read-only page on this computer: the same lines the shop sees, texts shown as texts."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.observe.stages import stages
from terminal.web.edge import NAMES
from terminal.web.pages.bundle_reader import data_in, events_in
from terminal.web.pages.standalone import POLICY, alone
from terminal.web.pages.timeline import timeline
from terminal.web.story import Bar, StoryLine, bars

TEXT_MAX: Final = 200_000  # characters of one file that are shown
_HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Told(msgspec.Struct, frozen=True):
    """A file of the bundle: a timeline as bars and lines, findings as rows, everything else as text."""

    name: str
    title: str
    size: int
    stages: list[Bar] = []
    lines: list[StoryLine] = []
    findings: list[tuple[str, str, str]] = []
    text: str = ""
    odd: bool = False  # it should have been read and could not be


def viewer_app(files: Mapping[str, bytes], language: str, token: str) -> web.Application:
    """One page at ``/<token>/``, which other users of this computer do not know; no name but this computer's."""
    page = page_of(files, Catalogue.load(language))

    async def show(request: web.Request) -> web.Response:
        named = request.headers.getall("Host", [])
        if len(named) != 1 or named[0].rpartition(":")[0] not in NAMES:
            return web.Response(status=403, text="not from here\n", headers=_HEADERS)
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    app = web.Application(client_max_size=0)
    app.router.add_get(f"/{token}/", show)
    return app


def page_of(files: Mapping[str, bytes], words: Catalogue) -> str:
    told = [_told(name, data, words) for name, data in sorted(files.items(), key=_order)]
    return alone("bundle_view.html", files=told, t=words.text, language=words.language)


def _order(row: tuple[str, bytes]) -> tuple[int, str]:
    """Sales first, then what was found, then the rest by name."""
    name = row[0]
    first = ("sale-", "doctor", "devices", "journal", "events", "settings", "versions", "outbound", "logs/")
    return next((number for number, each in enumerate(first) if name.startswith(each)), len(first)), name


def _told(name: str, data: bytes, words: Catalogue) -> Told:
    title = _title(name, words)
    if not name.endswith(".json"):
        return Told(name, title, len(data), text=_text(data))
    value = data_in(data)
    if name.startswith(("sale-", "events")) and (lines := _lines(value, words)):
        pieces = bars(stages(events_in(value)), words) if name.startswith("sale-") else []
        return Told(name, title, len(data), stages=pieces, lines=lines)
    if name == "doctor.json" and (findings := _findings(value)):
        return Told(name, title, len(data), findings=findings)
    return Told(name, title, len(data), text=_text(data), odd=value is None)


def _title(name: str, words: Catalogue) -> str:
    stem = name.partition(".")[0].partition("/")[0]
    known = {"devices": "health", "sale": "title"}.get(stem.partition("-")[0], stem)
    return words.text(f"story.{known}") if f"story.{known}" in words.names() else name


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}\n…"


def _lines(value: Any, words: Catalogue) -> list[StoryLine]:
    """Each from a body whose types were checked; the words are ours, what is put into them is text."""
    events = events_in(value)
    return [
        StoryLine(each.after_ms, each.delta_ms, each.type, each.text, each.tone, "", each.details)
        for each in timeline(events, words, lambda _at: "", lambda _actor: "")
    ]


def _findings(value: Any) -> list[tuple[str, str, str]]:
    rows = value if isinstance(value, list) else []
    return [
        (str(row.get("level", "")), str(row.get("sentence", "")), str(row.get("fix", "")))
        for row in rows[:500]
        if isinstance(row, dict)
    ]
