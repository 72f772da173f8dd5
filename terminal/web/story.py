"""A sale's whole story: where its time went, every line, every call to a bank; and the one that may be shared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.observe.calls import Calls
from terminal.observe.stages import CallTold, Stage, green_ms, numbers_of, stages, told
from terminal.payments.event import Event
from terminal.payments.money import Money
from terminal.people.roles import Action
from terminal.privacy.bundle import body_told, clean, masked
from terminal.privacy.datamap import data_map
from terminal.web.calls import Answer, Call
from terminal.web.pages.standalone import alone
from terminal.web.pages.timeline import timeline
from terminal.web.shapes.sales import StoryQuery

CALLS: Final = web.AppKey("calls", Calls)
FORMAT: Final = "countertop-sale"
_MONEY: Final = frozenset({"currency"})


class Bar(msgspec.Struct, frozen=True):
    """``left`` and ``width`` in thousandths of the whole."""

    name: str
    label: str
    from_ms: int
    took_ms: int
    left: int
    width: int


class CallLine(msgspec.Struct, frozen=True):
    """``text`` says what was asked and how it ended; ``from_ms`` after the sale began."""

    channel: str
    act: str
    outcome: str
    text: str
    from_ms: int
    took_ms: int


class StoryLine(msgspec.Struct, frozen=True):
    after_ms: int
    delta_ms: int
    type: str
    text: str
    tone: str
    who: str
    details: list[tuple[str, str]]


class Story(msgspec.Struct, frozen=True):
    """One sale for somebody who must not know whose it was. Times are milliseconds after it began.

    ``calls`` are those of this run of the program; ``calls_left_out`` counts further ones nobody remembers.
    """

    sale: str
    counter: str
    word: str
    test: bool
    amount_minor: int | None
    currency: str
    green_ms: int | None
    stages: list[Bar]
    calls: list[CallLine]
    calls_left_out: int
    lines: list[StoryLine]
    format: str = FORMAT
    version: int = 1


def bars(pieces: Sequence[Stage], words: Catalogue) -> list[Bar]:
    whole = max((each.until_ms for each in pieces), default=0) or 1
    return [
        Bar(
            each.name,
            words.text(f"story.{each.name}"),
            each.from_ms,
            each.took_ms,
            each.from_ms * 1000 // whole,
            max(each.took_ms * 1000 // whole, 4),
        )
        for each in pieces
    ]


def call_lines(made: Sequence[CallTold], words: Catalogue) -> list[CallLine]:
    def word(kind: str, value: str) -> str:
        key = f"story.{kind}_{value}"
        return words.text(key) if key in words.names() else value

    return [
        CallLine(
            each.channel,
            each.act,
            each.outcome,
            f"{word('act', each.act)}: {word('outcome', each.outcome)}",
            each.from_ms,
            each.took_ms,
        )
        for each in made
    ]


def seen(app: web.Application, events: Sequence[Event], words: Catalogue) -> dict[str, Any]:
    """What the sale's page adds to its lines."""
    calls = app.get(CALLS)
    made = call_lines(told(calls.of(numbers_of(events)), events), words) if calls is not None else []
    return {"bars": bars(stages(events), words), "calls": made, "green_ms": green_ms(events)}


def redacted(events: Sequence[Event], *, amounts: bool) -> list[Event]:
    """The same events by the data map; what the bank wrote in words goes, money unless it is asked for."""
    data = data_map()
    shared = []
    for each in events:
        body = _shared(body_told(each, data), amounts=amounts)
        if amounts and "currency" in each.body:
            body["currency"] = each.body["currency"]
        who = each.actor if each.actor.startswith("device:") else each.actor.partition(":")[0]
        shared.append(replace(each, body=body, actor=who))
    return shared


def _shared(body: Mapping[str, Any], *, amounts: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if not amounts and (name in _MONEY or name.endswith("_minor")):
            continue
        kept[name] = _shared(value, amounts=amounts) if isinstance(value, Mapping) else value
    if isinstance(kept.get("why"), str):
        kept["why"] = kept["why"].partition(":")[0]
    return kept


def story(
    events: Sequence[Event], calls: Calls | None, words: Catalogue, *, word: str, amounts: bool = False
) -> Story:
    """``word``: how the sale stands, as screens say it. Raises nothing for what events came later."""
    opened, numbers = events[0], numbers_of(events)
    made = told(calls.of(numbers), events) if calls is not None else []
    lines = timeline(redacted(events, amounts=amounts), words, lambda _at: "", lambda actor: _who(actor, words))
    left_out = sum(calls.left_out.get(each, 0) for each in numbers) if calls is not None else 0
    return Story(
        sale=masked(opened.subject),
        counter=opened.counter,
        word=word,
        test=opened.ledger.value != "live",
        amount_minor=opened.body["amount_minor"] if amounts else None,
        currency=opened.body["currency"] if amounts else "",
        green_ms=green_ms(events),
        stages=bars(stages(events), words),
        calls=call_lines(made, words),
        calls_left_out=left_out,
        lines=[
            StoryLine(
                each.after_ms, each.delta_ms, each.type, clean(each.text), each.tone, each.who, clean(each.details)
            )
            for each in lines
        ],
    )


def _who(actor: str, words: Catalogue) -> str:
    """The kind of somebody, of a device its place; never a name."""
    kind, _, who = actor.partition(":")
    role = f"bar.{who.partition('/')[2]}"
    if role in words.names():
        return words.text(role)
    return words.text(f"timeline.who_{kind}", who="").strip(" :：")


def page_of(told_: Story, words: Catalogue) -> str:
    """The story as one HTML file."""
    amount = ""
    if told_.amount_minor is not None:
        amount = words.money(Money(told_.amount_minor, told_.currency))
    return alone("story.html", story=told_, t=words.text, language=words.language, amount=amount)


async def read_story(call: Call[StoryQuery]) -> Answer:
    sale = call.sale(Action.SEE_SALES)
    words = Catalogue.load(accepted(call.request.headers.get("Accept-Language", "")))
    events, calls = call.edge.service.feed.of_subject(sale.id), call.request.app.get(CALLS)
    made = story(events, calls, words, word=sale.word, amounts=call.form.amounts == "yes")
    if call.form.format == "json":
        return Answer(made)
    headers = {"Content-Disposition": 'attachment; filename="sale.html"'}
    return Answer(response=web.Response(text=page_of(made, words), content_type="text/html", headers=headers))
