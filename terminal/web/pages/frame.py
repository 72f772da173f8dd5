"""What all pages share: templates, static files, languages, security headers and errors as sentences."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from terminal.brand.brand import Brand
from terminal.brand.shelf import no_brand
from terminal.counter.ports import Entropy
from terminal.counter.service import Service
from terminal.errors import NotAllowed, NotFound, TerminalError
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES, PSEUDO, accepted
from terminal.help.registry import describe, registry
from terminal.payments.money import Money
from terminal.people.roles import Action, Principal, Role
from terminal.people.service import People
from terminal.web.pages import templating
from terminal.web.pages.brand import dressed

HERE: Final = Path(__file__).parents[1]
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FONTS: Final = HERE.parent / "data" / "fonts"
_SCRIPTS: Final = {  # for machines whose browser has no letters of a script; frame.css names them last
    "chinese.otf": "NotoSansMonoCJKsc-Common.otf",
    "devanagari.ttf": "NotoSansDevanagari.ttf",
    "thai.ttf": "NotoSansThai.ttf",
    "arabic.ttf": "NotoSansArabic.ttf",
}
_NAME: Final = re.compile(r"[a-z0-9_]{1,40}\.(css|js|svg)")
_YEAR_S: Final = 365 * 86_400
PLAIN_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class PageParts:
    """What pages are made from.

    Args:
        zone: the shop's own, for every time a person reads.
        who: the person signed in or the paired till of a request, None for a stranger.
        greet: gives a response the cookies of a session and device token (either may be empty).
        brand: the bank whose name the shop works under; asked for every page.
        kiosks: counters whose till, while nobody is signed in, has its own page and no way out of it.
    """

    service: Service
    people: People
    entropy: Entropy
    zone: tzinfo
    who: Callable[[web.Request], Principal | None]
    greet: Callable[[web.StreamResponse, str, str], None]
    kiosks: frozenset[str] = frozenset()
    brand: Callable[[], Brand | None] = no_brand


PARTS: Final = web.AppKey("pages", PageParts)


class Frame:
    """Pages, and static files, read once: their addresses carry a digest of all of them, cached for ever."""

    def __init__(self) -> None:
        self._files = {each.name: each.read_bytes() for each in sorted((HERE / "static").iterdir())}
        joined = b"\0".join(name.encode() + b"\0" + data for name, data in self._files.items())
        joined += b"".join(b"%d\0" % (_FONTS / each).stat().st_size for each in _SCRIPTS.values())
        self.version = hashlib.sha256(joined).hexdigest()[:12]

    def response(
        self,
        request: web.Request,
        template: str,
        words: Catalogue,
        *,
        status: int = 200,
        plays: bool = False,
        **context: object,
    ) -> web.Response:
        """``plays``: the page has a video of this very address."""
        nonce = b64encode(request.app[PARTS].entropy.bytes(16)).decode()
        html = templating.template(template).render(
            t=words.text,
            words=words,
            language=words.language,
            languages=[(each, Catalogue.load(each).text("language.name")) for each in LANGUAGES],
            nonce=nonce,
            static=f"/static/{self.version}",
            test=request.app[PARTS].service.house.simulated,
            training=request.app[PARTS].service.house.training,
            shop=request.app[PARTS].service.house.title,
            path=request.path,
            locked=bool(locked_to(request)),
            brand=dressed(request.app[PARTS].brand()),
            **context,
        )
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
            "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        policy += "; media-src 'self'" if plays else ""
        headers = {**PLAIN_HEADERS, "Content-Security-Policy": policy}
        return web.Response(text=html, status=status, content_type="text/html", headers=headers)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """One file; an address of another version gets the present one, which is then not kept."""
        name = request.match_info["name"]
        kept = request.match_info["version"] == self.version
        cache = f"public, max-age={_YEAR_S}, immutable" if kept else "no-store"
        headers = {**PLAIN_HEADERS, "Cache-Control": cache}
        if font := _SCRIPTS.get(name):  # two megabytes that most browsers never ask for: from the disk
            return web.FileResponse(_FONTS / font, headers={**headers, "Content-Type": f"font/{name[-3:]}"})
        data = self._files.get(name) if _NAME.fullmatch(name) else None
        if data is None:
            raise NotFound("not_found")
        kind = _TYPES[name[name.rindex(".") :]]
        return web.Response(body=data, content_type=kind, charset="utf-8", headers=headers)


FRAME: Final = web.AppKey("frame", Frame)


def render(
    request: web.Request,
    template: str,
    words: Catalogue,
    *,
    status: int = 200,
    plays: bool = False,
    **context: object,
) -> web.Response:
    return request.app[FRAME].response(request, template, words, status=status, plays=plays, **context)


def words_for(request: web.Request, place: str = "pages", default: str = "") -> Catalogue:
    """The language of a page: chosen there before, else the settings' one, else what the browser asks for.

    Args:
        place: till, display or pages: each remembers its own.
    """
    chosen = request.cookies.get(f"language_{place}", "")
    if chosen == PSEUDO and request.app[PARTS].service.house.test:
        return Catalogue.load(PSEUDO)
    if chosen in LANGUAGES:
        return Catalogue.load(chosen)
    return Catalogue.load(default or accepted(request.headers.get("Accept-Language", "")))


def page(handler: Handler, place: str = "pages") -> Handler:
    """A handler whose ``?language=`` is remembered and whose errors are pages; strangers are asked to sign in."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if wish := request.query.get("language", ""):
            answer = web.HTTPSeeOther(request.path)
            if wish in {*LANGUAGES, PSEUDO}:
                answer.set_cookie(
                    f"language_{place}", wish, max_age=_YEAR_S, httponly=True, samesite="Strict", path="/"
                )
            raise answer
        if (counter := locked_to(request)) and not stays(request.path, counter):
            raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path)}")
        try:
            return await handler(request)
        except NotAllowed as refused:
            if refused.slug == "not_signed_in":
                raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path)}") from None
            return problem_page(request, refused)
        except TerminalError as refused:
            return problem_page(request, refused)

    return handle


def locked_to(request: web.Request) -> str:
    """The counter of the kiosk that asks, empty for everybody else: its till, and nobody signed in."""
    parts = request.app[PARTS]
    if not parts.kiosks:
        return ""
    try:
        who = parts.who(request)
    except NotAllowed:
        return ""
    if who is None or who.role is not Role.TILL:
        return ""
    return next(iter(who.counters & parts.kiosks), "")


def stays(path: str, counter: str) -> bool:
    """Where a kiosk may be without a PIN: its own screens, the help, and where a PIN is typed."""
    own = tuple(f"/c/{counter}/{name}" for name in ("till", "display", "proof", "stickers"))
    return path in {"/checkout", "/sign-in", "/help", *own} or path.startswith(("/help/", "/link/"))


def problem_page(request: web.Request, refused: TerminalError) -> web.Response:
    words = words_for(request)
    told = describe(refused.slug, refused.facts, words.language)
    return render(request, "problem.html", words, status=told.status, told=told)


def allowed(request: web.Request, action: Action, counter: str = "") -> Principal:
    """Who asks for this page. Raises NotAllowed."""
    parts = request.app[PARTS]
    return parts.people.require(parts.who(request), action, counter)


def person_allowed(request: web.Request, action: Action) -> Principal:
    """The person, no till or key, who asks for this page. Raises NotAllowed."""
    who = request.app[PARTS].who(request)
    if who is None or who.kind != "person":
        raise NotAllowed("not_signed_in")
    if not who.may(action):
        raise NotAllowed("not_allowed", action=action.value)
    return who


def counter_titles(parts: PageParts) -> list[tuple[str, str]]:
    """Id and what people call it, of every counter."""
    return [(lane.id, lane.settings.title or lane.id) for lane in parts.service.lanes.values()]


def error_words(language: str, *areas: str) -> dict[str, tuple[str, str, str]]:
    """Slug -> (printed code, sentence, fix) with unfilled facts, for a page's script."""
    return {
        slug: (row.code, *row.texts(language))
        for slug, row in registry().errors.items()
        if not areas or row.code[0] in areas
    }


def people_facts(parts: PageParts) -> list[dict[str, str]]:
    """Who may be chosen beside a PIN: id, name and role, nothing else."""
    return [{"id": each.id, "label": each.label, "role": each.role.value} for each in parts.people.people()]


def money_marks(words: Catalogue, currencies: Mapping[str, Any] | set[str]) -> dict[str, dict[str, object]]:
    """How a page writes amounts of each currency: taken from the catalogue's own texts, so both agree."""
    marks: dict[str, dict[str, object]] = {}
    for currency in sorted(currencies):
        zero, exponent = words.money(Money(0, currency)), Money(0, currency).exponent
        thousand = words.money(Money(1000 * 10**exponent, currency))
        start = zero.index("0")
        marks[currency] = {
            "prefix": zero[:start],
            "point": zero[start + 1] if exponent else "",
            "group": thousand[start + 1],
            "exponent": exponent,
        }
    return marks


def printers_of(request: web.Request) -> list[tuple[str, str]]:
    """Counters with paper, by id and title."""
    lanes = request.app[PARTS].service.lanes.values()
    found = (each for each in lanes if each.devices.printer and each.settings.receipts)
    return [(each.id, each.settings.title or each.id) for each in found]
