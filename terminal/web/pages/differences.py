"""The page of differences between the bank's bills and this journal: each in words, each with keys that end it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from terminal.payments.event import Event
from terminal.settlement.differences import Difference
from terminal.settlement.fixing import Listed
from terminal.settlement.words import amount, left_alone, sentence, title
from terminal.web.desks.settlements import SETTLEMENT
from terminal.web.pages.frame import PARTS, page, render
from terminal.web.pages.glance import Say
from terminal.web.pages.reports import facts_for, reader, say_for

SHOWN: Final = 50
KEYS_MAX: Final = 9  # the suggested fix of the first ones is pressed by its digit


@dataclass(frozen=True, slots=True)
class Shown:
    """One difference, ready to be read.

    Args:
        left: what happens if nobody does anything; empty once it ended.
        gap: how far the two sides are apart; empty where they are equal.
        fixes: value and words of what may be pressed, the suggested one first.
        ended: how, why, who and when.
    """

    id: str
    title: str
    text: str
    left: str
    here: str
    there: str
    gap: str
    about: str
    sale: str
    sale_told: str
    state: str
    key: str = ""
    fixes: Sequence[tuple[str, str]] = ()
    ended: str = ""


def differences_routes() -> list[web.RouteDef]:
    return [web.get("/reports/differences", page(differences))]


async def differences(request: web.Request) -> web.Response:
    """Those that wait for a person; with ``all`` also those that ended, and by whom."""
    desk, say = reader(request), say_for(request)
    every, before = "all" in request.query, request.query.get("before", "")
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) <= 15 else None
    settlement = request.app[SETTLEMENT]
    listed = settlement.differences.page("" if every else "open", before=cursor, limit=SHOWN)
    people = request.app[PARTS].people
    shown = []
    for at, each in enumerate(listed):
        told = () if each.open else desk.reports.journal.of_subject(each.id)
        ended = how_ended(each, told, say, lambda actor: people.label(actor) or actor)
        shown.append(in_words(each, say, key=str(at + 1) if each.open and at < KEYS_MAX else "", ended=ended))
    return render(
        request,
        "reports_differences.html",
        say.words,
        here="differences",
        shown=shown,
        every=every,
        more=listed[-1].cursor if len(listed) == SHOWN else None,
        channels=[(name, say.method(name)) for name in desk.service.providers()] if settlement.door else [],
        facts=facts_for(request, say),
    )


def in_words(listed: Listed, say: Say, *, key: str = "", ended: str = "") -> Shown:
    """Pure: the same difference, the same words."""
    found, words = listed.difference, say.words
    no = found.facts.get("no")
    day = f" · {words.day(found.day)}" if found.day else ""
    return Shown(
        id=listed.id,
        title=title(found, words),
        text=sentence(found, words),
        left=say.word("reports.left", what=left_alone(found, words)) if listed.open else "",
        here=amount(found.here_minor, found.currency, words),
        there=amount(found.there_minor, found.currency, words),
        gap=_gap(found, say),
        about=f"{say.method(found.channel)}{day}",
        sale=found.sale,
        sale_told=say.word("reports.sale", no=f"{no:04}" if isinstance(no, int) else found.sale[-4:]),
        state=_state(listed, say),
        key=key,
        fixes=[(each.value, say.word(f"difference.fix_{each.value}")) for each in listed.choices],
        ended=ended,
    )


def _gap(found: Difference, say: Say) -> str:
    gap = abs((found.there_minor or 0) - (found.here_minor or 0))
    return amount(gap, found.currency, say.words) if gap else ""


def _state(listed: Listed, say: Say) -> str:
    """What was begun and has not ended it: asked, or carried until a day."""
    if listed.state not in {"asked", "carried"}:
        return ""
    until = f" · {say.word('reports.until', day=say.words.day(listed.until))}" if listed.until else ""
    return say.word(f"difference.state_{listed.state}") + until


def how_ended(listed: Listed, told: Sequence[Event], say: Say, name: Callable[[str], str]) -> str:
    """Empty while it is open. ``told``: its events; ``name``: an actor's."""
    end = next((each for each in reversed(told) if each.type == "difference_ended"), None)
    if end is None:
        return ""
    reasons = (str(each.body.get("reason", "")) for each in reversed(told) if each.type == "difference_handled")
    reason = next((each for each in reasons if each), "")
    who = say.word("reports.by_itself") if end.actor.startswith("system:") else name(end.actor)
    how = say.word(f"difference.how_{listed.how}")
    return " · ".join(each for each in (how, reason, who, say.when(end.wall_ms)) if each)
