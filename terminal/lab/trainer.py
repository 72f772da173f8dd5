"""The trainer's remote control: a phone page that breaks things by name while a trainee works at the real till.

The lab's own port serves it to whoever holds the lab's key. A phone elsewhere reaches a listener of its own, with
TLS and nothing but these pages, that exists only when the lab was started with an address of the LAN; there a
short code is asked for first. A lab of live money does not exist, so neither does this.
"""

import ssl
from pathlib import Path
from typing import Any, Final, Literal

import jinja2
import msgspec
from aiohttp import web

from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.lab.answers import Handler, answered, body_of
from terminal.lab.control_shapes import Ask
from terminal.lab.door import PLAIN_HEADERS
from terminal.lab.faults import FaultUnknown, Wish, catalogue
from terminal.lab.laboratory import Laboratory
from terminal.lab.language import words_of
from terminal.lab.till_link import TillLink
from terminal.lab.trainer_codes import TrainerCodes
from terminal.payments.money import Money
from terminal.sandbox.letters import chinese
from terminal.sandbox.pages import qr_svg

HERE: Final = Path(__file__).parent
PATH: Final = "/lab/trainer"
STATIC: Final = {"trainer.js": "text/javascript", "trainer.css": "text/css", "letters.css": "text/css"}
COOKIE: Final = "countertop_trainer"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
BODY_MAX: Final = 4096
DAY_S: Final = 12 * 3600
STOP_S: Final = 0.5


class Code(Ask, frozen=True):
    code: str


class Name(Ask, frozen=True):
    name: str


class Phone(Ask, frozen=True):
    act: Literal["pay", "refuse", "late", "show"]


class Trainer:
    """Args:
    url: where phones of the LAN find it, "https://192.168.1.5:7621"; empty: nowhere.
    """

    def __init__(self, lab: Laboratory, till: TillLink, codes: TrainerCodes, url: str = "") -> None:
        self._lab, self._till, self._codes, self._url = lab, till, codes, url
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        """What both listeners have."""
        return [
            web.get(PATH, self._page),
            web.get(f"{PATH}/static/chinese.otf", chinese),
            web.get(f"{PATH}/static/{{name}}", self._static),
            web.get(f"{PATH}/state", answered(self._state)),
            web.post(f"{PATH}/faults", answered(self._begin)),
            web.delete(f"{PATH}/faults", answered(self._heal)),
            web.post(f"{PATH}/phone", answered(self._phone)),
        ]

    def home_routes(self) -> list[web.RouteDef]:
        """What only the lab's own port has: whoever makes codes holds the lab's key."""
        return [web.post(f"{PATH}/code", answered(self._fresh))]

    def far_app(self) -> web.Application:
        """For the listener of the LAN: a code first, then these pages and nothing else."""
        app = web.Application(client_max_size=BODY_MAX, middlewares=[self._far_door])
        app.add_routes([web.get("/", self._home), web.post(f"{PATH}/enter", self._enter), *self.routes()])
        return app

    @web.middleware
    async def _far_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = self._url.removeprefix("https://")
        if request.headers.get("Host", "") != host:
            raise web.HTTPMisdirectedRequest
        if request.headers.get("Origin", self._url) != self._url:
            raise web.HTTPForbidden(text="This page may only be used from itself.")
        free = request.path == f"{PATH}/enter" or request.path.startswith(f"{PATH}/static/")
        if not free and not self._codes.knows(request.cookies.get(COOKIE, "")):
            if request.path != PATH:
                raise web.HTTPForbidden(text="Enter the code first.")
            return self._rendered(request, asks=True)
        answer = await handler(request)
        answer.headers.update(PLAIN_HEADERS)
        return answer

    # --- pages -------------------------------------------------------------------------------------------

    async def _home(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(PATH)

    async def _page(self, request: web.Request) -> web.Response:
        return self._rendered(request, asks=False)

    def _rendered(self, request: web.Request, *, asks: bool) -> web.Response:
        words = words_of(request)
        faults = [] if asks else [each for each in catalogue().values() if each.on_page]
        home = not asks and COOKIE not in request.cookies
        html = self._templates.get_template("trainer.html").render(
            t=words.text,
            language=words.language,
            languages=[(each, Catalogue.load(each).text("language.name")) for each in LANGUAGES],
            asks=asks,
            lends=home and bool(self._url),
            faults=[(each, each.expected(words.language), each.cashier(words.language)) for each in faults],
            words={key: words.text(key) for key in words.names() if key.startswith("lab.")},
        )
        return web.Response(
            text=html, content_type="text/html", headers={"Content-Security-Policy": POLICY, **PLAIN_HEADERS}
        )

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        return web.Response(text=(HERE / "static" / name).read_text(), content_type=STATIC[name])

    # --- calls -------------------------------------------------------------------------------------------

    async def _fresh(self, _: web.Request) -> dict[str, Any]:
        """A code for one more phone, with the picture of its address."""
        if not self._url:
            raise FaultUnknown("this lab is not open to the LAN: start it with --lan ADDRESS")
        code = self._codes.fresh()
        url = f"{self._url}{PATH}"
        return {"code": code, "url": url, "picture": qr_svg(f"{url}#{code}").decode()}

    async def _enter(self, request: web.Request) -> web.Response:
        try:
            token = self._codes.enter((await body_of(request, Code)).code)
        except (InvalidRequest, msgspec.ValidationError):
            token = ""
        if not token:
            raise web.HTTPForbidden(text="This code is wrong or too old.")
        answer = web.json_response({"entered": True})
        answer.set_cookie(COOKIE, token, httponly=True, secure=True, samesite="Strict", path=PATH, max_age=DAY_S)
        return answer

    async def _state(self, request: web.Request) -> dict[str, Any]:
        """What the trainee's till says now, and what is broken."""
        words, lab = words_of(request), self._lab
        newest = next(iter(await self._till.sales()), None)
        now = lab.snapshot()
        return {
            "service": now["service"],
            "word": newest["word"] if newest else "ready",
            "says": words.text(f"state.{newest['word']}" if newest else "state.ready"),
            "amount": words.money(Money(newest["amount_minor"], newest["currency"])) if newest else "",
            "glass": now["glass"]["screen"],
            "faults": now["faults"],
        }

    async def _begin(self, request: web.Request) -> dict[str, Any]:
        await self._lab.begin(Wish((await body_of(request, Name)).name))
        return {"faults": self._lab.active()}

    async def _heal(self, request: web.Request) -> dict[str, Any]:
        name = request.query.get("name", "")
        await self._lab.heal(name)
        return {"faults": self._lab.active()}

    async def _phone(self, request: web.Request) -> dict[str, Any]:
        """The customer's acts; to pay or refuse, the phone scans the glass first."""
        act = (await body_of(request, Phone)).act
        if act == "show":
            await self._lab.scan_phone()
            return {"done": act}
        order = await self._lab.scan_glass()
        await self._lab.act(act, str(order["order_no"]), str(order.get("mchid", "")))
        return {"done": act}


async def serve_far(trainer: Trainer, address: str, port: int, tls: Path) -> web.AppRunner:
    """Listen for phones of the LAN. Raises OSError: the address is not this machine's, or the port is taken."""
    from terminal.web.connection import Doorkeeper  # the service's whole edge: only a lab with phones needs it
    from terminal.web.edge import EdgeLimits
    from terminal.web.handshakes import HastySite

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls)
    limits = EdgeLimits()  # a shop's network is nobody's friend: as at the door for phones
    runner = Doorkeeper(trainer.far_app(), limits, STOP_S)
    await runner.setup()
    try:
        await HastySite(runner, address, port, context, limits).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
