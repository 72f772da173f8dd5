"""The receipt on a customer's phone, for whoever has its address; with two buttons where the shop asks.

The address is the only right there is here: no cookie is read, none is given, and the page runs no script.
"""

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from terminal.brand.brand import Brand
from terminal.brand.shelf import no_brand
from terminal.care.feedback import FeedbackDesk
from terminal.counter.receipt_links import PATH
from terminal.counter.service import Service
from terminal.errors import InvalidRequest, NotFound, TerminalError, Unavailable
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES, accepted
from terminal.help.registry import describe
from terminal.payments.event import Actor
from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule
from terminal.payments.sale import Sale
from terminal.payments.slip import LOOKUP
from terminal.web.calls import read_bytes
from terminal.web.pages.brand import enclosed
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.standalone import alone
from terminal.web.problems import TooMany
from terminal.web.rates import Buckets
from terminal.web.receipts import receipt_lines

ROUTE: Final = PATH + "{token}"
PER_S: Final = 5  # of one receipt; of one address that guesses (behind the shop's own server all have the same)
BURST: Final = 60
FORM_MAX: Final = 64
FORM_S: Final = 5.0
CUSTOMER: Final = Actor("device", "customer-phone")
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "same-origin",  # with none at all a browser would not say that the buttons are ours
    "Cache-Control": "no-store",
    "Server": "countertop",
}


@dataclass(slots=True)
class Guests:
    """Of one listener. ``rating``: the page asks how it was; ``brand``: the bank whose name stands above."""

    service: Service
    zone: str
    rating: bool = False
    brand: Callable[[], Brand | None] = no_brand
    feedback: FeedbackDesk = field(init=False)
    buckets: Buckets = field(init=False)

    def __post_init__(self) -> None:
        parts, store = self.service.parts, self.service.house.store
        self.buckets = Buckets(parts.clock, per_s=PER_S, burst=BURST)
        self.feedback = FeedbackDesk(
            store, journal=self.service.feed, clock=parts.clock, ids=parts.ids, rating=self.rating
        )

    def routes(self) -> list[web.RouteDef]:
        return [web.get(ROUTE, self.show), web.post(ROUTE, self.rate)]

    async def show(self, request: web.Request) -> web.Response:
        words = _words(request)
        try:
            return self._page(self._sale(request), request.match_info["token"], words, asks=self.rating)
        except TerminalError as refused:
            return _gone(refused, words)

    async def rate(self, request: web.Request) -> web.Response:
        """One of the two buttons; the first answer of a sale stays, wherever it was given."""
        words = _words(request)
        try:
            sale = self._sale(request)
            answer = parse_qs((await read_bytes(request, FORM_MAX, FORM_S)).decode("ascii", "replace"))
            if answer not in ({"answer": ["good"]}, {"answer": ["bad"]}):
                raise InvalidRequest("request_malformed")
            await self.feedback.rate_sale(sale.id, sale.counter, answer == {"answer": ["good"]}, CUSTOMER)
            return self._page(sale, request.match_info["token"], words, told=True)
        except TerminalError as refused:
            return _gone(refused, words)

    def _sale(self, request: web.Request) -> Sale:
        """Raises TooMany, Unavailable, NotFound."""
        links = self.service.receipt_links
        sale_id = ""
        with contextlib.suppress(NotFound):
            sale_id = links.sale_id(request.match_info["token"])
        if wait_s := self.buckets.take(sale_id or request.remote or "unknown"):
            raise TooMany(wait_s)
        if not self.service.ready or self.service.stopping:
            raise Unavailable("starting")
        if not links.base() or not sale_id:
            raise NotFound("receipt_link_unknown")
        try:
            sale = self.service.book.sale(sale_id)
        except NotFound:
            raise NotFound("receipt_link_unknown") from None
        links.check(sale)
        return sale

    def _page(
        self, sale: Sale, token: str, words: Catalogue, *, asks: bool = False, told: bool = False
    ) -> web.Response:
        house, links = self.service.house, self.service.receipt_links
        html = alone(
            "guest.html",
            policy=_POLICY,
            language=words.language,
            t=words.text,
            shop=house.title,
            lines=shown_lines(receipt_lines(self.service, sale), _asking()),
            until=words.date_time(links.ends_ms(sale), ZoneInfo(self.zone)),
            action=PATH + token,
            asks=asks,
            told=told,
            brand=enclosed(self.brand()),
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _words(request: web.Request) -> Catalogue:
    return Catalogue.load(accepted(request.headers.get("Accept-Language", "")))


def _gone(refused: TerminalError, words: Catalogue) -> web.Response:
    """Why there is nothing: the same words as everywhere, and no word about the shop."""
    said = describe(refused.slug, refused.facts, words.language)
    html = alone("guest_gone.html", policy=_POLICY, language=words.language, t=words.text, said=said)
    later = {"Retry-After": str(round(refused.wait_s + 0.5) or 1)} if isinstance(refused, TooMany) else {}
    return web.Response(text=html, status=said.status, content_type="text/html", headers={**_HEADERS, **later})


def _asking() -> frozenset[str]:
    """How a slip asks what customers think, in every language: it may be of before the settings changed."""
    every = (Catalogue.load(each) for each in LANGUAGES)
    return frozenset(words.text(each) for words in every for each in ("receipt.rate", "receipt.survey"))


def shown_lines(lines: Receipt, asking: Collection[str] = ()) -> list[dict[str, object]]:
    """What the template draws. ``asking``: words below which a code is meant for phones; this is one already."""
    shown: list[dict[str, object]] = []
    asks = False
    for line in lines:
        asked, asks = asks, isinstance(line, Row) and line.left in asking
        match line:
            case Row() if asks:
                pass
            case Code() if asked:
                pass
            case Row():
                shown.append({"kind": "pair" if line.right else line.align, "row": line})
            case Rule():
                shown.append({"kind": "rule"})
            case Code():
                svg = Markup(code_svg(line.text))  # noqa: S704  # our own picture
                shown.append({"kind": "lookup" if line.text.startswith(LOOKUP) else "code", "svg": svg})
            case Blank():
                pass
    return shown
