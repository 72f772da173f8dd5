"""The list of sales and one sale's page: what happened, what is left to do."""

from collections.abc import Collection
from typing import Final

import msgspec
from aiohttp import web

from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.event import Event, Summary
from terminal.payments.lines import ONE
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.people.roles import Action
from terminal.web.desks.reports import DESK
from terminal.web.pages.frame import (
    PARTS,
    PLAIN_HEADERS,
    PageParts,
    allowed,
    error_words,
    money_marks,
    page,
    people_facts,
    render,
    words_for,
)
from terminal.web.pages.timeline import Name, paper_text, receipts, timeline
from terminal.web.receipts import takings_of
from terminal.web.shapes.sales import SaleView, sale_view
from terminal.web.story import seen

PAGE: Final = 20
SEARCH_MAX: Final = 64
DIGITS_MAX: Final = 15


class Paper(msgspec.Struct, frozen=True):
    """A slip as text and the address of its picture."""

    text: str
    picture: str


def sales_routes() -> list[web.RouteDef]:
    return [
        web.get("/sales", page(sales)),
        web.get("/sales/{sale}", page(sale_page)),
        web.get("/sales/{sale}/lines", lines),
    ]


async def sales(request: web.Request) -> web.Response:
    """The last ones, newest first; ``q`` finds a sale number, order number, reference or bank number."""
    parts, words = request.app[PARTS], words_for(request)
    principal = allowed(request, Action.SEE_SALES)
    query = request.query.get("q", "").strip()[:SEARCH_MAX]
    found = _found(parts, principal.counters, query, _number(request.query.get("before", "")))
    settled = _settled(request, words, [each.body.get("attempt", "") for each in found])
    rows = [{**_row(each, words, parts), "settled": settled.get(each.body.get("attempt", ""))} for each in found]
    more = found[-1].first_number if len(found) == PAGE else None
    return render(request, "sales.html", words, rows=rows, query=query, more=more)


def _number(text: str) -> int | None:
    """A cursor as the page before wrote it; anything else is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None


def _found(parts: PageParts, counters: Collection[str], query: str, before: int | None) -> list[Summary]:
    """Of these counters only; of all when there are none."""
    found = [each for counter in sorted(counters) or [""] for each in _of(parts, counter, query, before)]
    return sorted(found, key=lambda each: -each.first_number)[:PAGE]


def _of(parts: PageParts, counter: str, query: str, before: int | None) -> list[Summary]:
    feed = parts.service.feed
    found = list(feed.list("sale", counter=counter, before=before, limit=PAGE, search=query))
    if before is None and (no := _number(query)) is not None:
        last = feed.list("sale", counter=counter, limit=PAGE * 10)
        known = {each.subject for each in found}
        found += [each for each in last if each.body["no"] == no and each.subject not in known]
    return found


def _row(found: Summary, words: Catalogue, parts: PageParts) -> dict[str, object]:
    body = found.body
    return {
        "id": found.subject,
        "no": f"{body['no']:04d}",
        "when": words.date_time(found.first_ms, parts.zone),
        "counter": found.counter,
        "amount": words.money(Money(body["amount_minor"], body["currency"])),
        "refunded": words.money(Money(body["refunded_minor"], body["currency"])) if body["refunded_minor"] else "",
        "word": body["word"],
        "state": words.text(f"state.{body['word']}"),
        "order_no": body["order_no"],
        "wallet": parts.service.parts.slips.method(body["wallet"], words.language) if body["wallet"] else "",
        "waits": bool(body["exceptions"]),
    }


async def sale_page(request: web.Request) -> web.Response:
    parts, words = request.app[PARTS], words_for(request)
    sale, events = _read(request)
    who = parts.who(request)
    shown = timeline(events, words, lambda at_ms: words.clock(at_ms, parts.zone), _namer(parts, words))
    currency, view = sale.amount.currency, _view(parts, sale)
    facts = {
        "counter": sale.counter,
        "language": words.language,
        "currency": currency,
        "money": money_marks(words, {currency}),
        "view": view,
        "words": words.section(
            *(
                "state",
                "timeline",
                "story",
                "refund",
                "exception",
                "till",
                "page",
                "people",
                "key",
                "override",
                "sale",
            )
        ),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id if who and who.kind == "person" else "",
        "event": parts.service.feed.published,
        "sums": who is not None and who.may(Action.SEE_REPORTS, sale.counter),
    }
    return render(
        request,
        "sale.html",
        words,
        sale=view,
        amount=words.money(sale.amount),
        opened=words.date_time(sale.opened_ms, parts.zone),
        took_s=_took(sale),
        what=_what(words, sale),
        lines=shown,
        papers=_papers(sale, events),
        seen=seen(request.app, events, words),
        settled=_settled_of(request, words, sale),
        takings=_takings(request, words, sale) if facts["sums"] else [],
        facts=facts,
    )


async def lines(request: web.Request) -> web.Response:
    """The same lines as data, for the page that stays open while the sale goes on."""
    parts, words = request.app[PARTS], words_for(request)
    sale, events = _read(request)
    shown = timeline(events, words, lambda at_ms: words.clock(at_ms, parts.zone), _namer(parts, words))
    body = {"view": _view(parts, sale), "lines": shown, "papers": _papers(sale, events)}
    body |= seen(request.app, events, words)
    return web.Response(body=msgspec.json.encode(body), content_type="application/json", headers=PLAIN_HEADERS)


def _view(parts: PageParts, sale: Sale) -> SaleView:
    return sale_view(sale, test=parts.service.house.simulated, check_code=parts.service.check_code(sale))


def _read(request: web.Request) -> tuple[Sale, tuple[Event, ...]]:
    """Another counter's sale is as unknown as one that never was (S31)."""
    parts, principal = request.app[PARTS], allowed(request, Action.SEE_SALES)
    sale = parts.service.book.sale(request.match_info["sale"])
    if not principal.may(Action.SEE_SALES, sale.counter):
        raise NotFound("sale_unknown", sale=sale.id)
    return sale, parts.service.feed.of_subject(sale.id)


def _papers(sale: Sale, events: tuple[Event, ...]) -> list[Paper]:
    """Refund slips are asked for by their refund, the sale's own without."""
    refunds = {f"{each.id}:receipt": each.id for each in sale.refunds}
    refunds |= {f"{each.id}:queued:receipt": f"{each.id}&kind=queued" for each in sale.refunds}
    address = f"/api/v1/sales/{sale.id}/receipt?format=png"
    return [
        Paper("\n".join(paper_text(slip)), address + (f"&refund={refunds[name]}" if name in refunds else ""))
        for name, slip in receipts(events)
    ]


def _settled(request: web.Request, words: Catalogue, subjects: list[str]) -> dict[str, str]:
    """Attempts and refunds that stand in a bill: on which day, in which batch. Paid is another thing (row 34)."""
    known = request.app[DESK].parts.settled.settlements([each for each in subjects if each])
    return {
        subject: words.text("reports.settled_at", day=words.day(told.day), batch=told.batch)
        for subject, told in known.items()
    }


def _settled_of(request: web.Request, words: Catalogue, sale: Sale) -> list[str]:
    """Of a sale's payments, then of its refunds."""
    numbers = [*(each.id for each in sale.attempts), *(each.id for each in sale.refunds)]
    told = _settled(request, words, numbers)
    return [told[each] for each in numbers if each in told]


def _takings(request: web.Request, words: Catalogue, sale: Sale) -> list[tuple[str, str]]:
    """Each fee and what the shop receives, as the shop's copy says them (row 65)."""
    shown: list[tuple[str, str]] = []
    for each in takings_of(request.app[PARTS].service, request.app[DESK].parts.settled, sale):
        fee = words.text("receipt.fee" if each.settled_on else "receipt.fee_expected")
        unknown = words.text("receipt.fee_unknown")
        shown.append((f"{fee} {each.rate}".strip(), unknown if each.fee is None else words.money(each.fee)))
        if each.receives is not None:
            shown.append((words.text("receipt.receives"), words.money(each.receives)))
    return shown


def _what(words: Catalogue, sale: Sale) -> list[tuple[str, str]]:
    """What it is for, line by line: how many of what, and the amount."""
    mark, currency = words.text("receipt.decimal_mark"), sale.amount.currency
    return [
        (
            each.name if each.quantity_milli == ONE else f"{each.quantity.replace('.', mark)} × {each.name}",
            words.money(Money(each.amount_minor, currency)),
        )
        for each in sale.lines
    ]


def _took(sale: Sale) -> str:
    return f"{(sale.ended_ms - sale.opened_ms) / 1000:.1f}" if sale.ended_ms else ""


def _namer(parts: PageParts, words: Catalogue) -> Name:
    """An actor as people call it: a person's name, the bank, the till itself."""

    def name(actor: str) -> str:
        kind, _, who = actor.partition(":")
        label = parts.people.label(actor)
        if label and kind != "device":
            return label
        role = f"bar.{who.partition('/')[2]}"  # device:1/scanner
        return words.text(role) if role in words.names() else words.text(f"timeline.who_{kind}", who=label or who)

    return name
