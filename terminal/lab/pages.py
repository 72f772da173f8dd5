"""The lab over HTTP: one page, its pictures, and the JSON calls behind every button (also for scripts)."""

import asyncio
from pathlib import Path
from typing import Any, Final, Literal

import jinja2
import msgspec
from aiohttp import web

from firmware_stubs.paper import StubSlip, text_view
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES, PSEUDO
from terminal.lab.answers import answered, body_of
from terminal.lab.faults import FaultUnknown, Wish, catalogue
from terminal.lab.laboratory import Laboratory, RollDone
from terminal.lab.language import COOKIE, words_of
from terminal.lab.live import Live
from terminal.lab.stand import ROLES
from terminal.sandbox.any_bank import FAULTS as ACCOUNT_FAULTS
from terminal.sandbox.letters import chinese
from terminal.sandbox.pages import qr_svg

HERE: Final = Path(__file__).parent
STATIC: Final = {"lab.js": "text/javascript", "lab.css": "text/css", "letters.css": "text/css"}


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    """``code`` empty: hold the phone before the glass."""

    code: str = ""


class Act(msgspec.Struct, forbid_unknown_fields=True):
    act: str
    order_no: str
    mchid: str = ""


class Shot(msgspec.Struct, forbid_unknown_fields=True):
    """``text`` as it stands on the thing scanned; empty: the customer's phone, which then ``behaviour``.

    ``see``: hold the scanner before what stands here instead and look through its camera.
    """

    text: str = ""
    see: Literal["", "glass", "slip"] = ""
    behaviour: str = "pays"


class Socket(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    plugged: bool


class Statement(msgspec.Struct, forbid_unknown_fields=True):
    currency: str


class AccountFault(msgspec.Struct, forbid_unknown_fields=True):
    """``slug`` empty: all of them end."""

    currency: str
    slug: str = ""
    count: int = 1


class Roll(msgspec.Struct, forbid_unknown_fields=True):
    act: RollDone


class Pages:
    """Args:
    sandbox_url: where the wallet's own page is.
    """

    def __init__(self, lab: Laboratory, live: Live, *, sandbox_url: str) -> None:
        self._lab, self._live, self._sandbox_url = lab, live, sandbox_url
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/lab", self._page),
            web.get("/lab/health", self._health),
            web.get("/lab/static/chinese.otf", chinese),
            web.get("/lab/static/{name}", self._static),
            web.get("/favicon.ico", self._no_icon),
            web.get("/lab/state", answered(self._state)),
            web.get("/lab/timeline", answered(self._timeline)),
            web.get("/lab/faults", answered(self._faults)),
            web.get("/lab/live", self._live.serve),
            web.get("/lab/glass.png", self._glass),
            web.get(r"/lab/paper/{number:\d{1,6}}.{kind:png|txt}", self._paper),
            web.get(r"/lab/code/{code:\d{18}}.svg", self._code),
            web.get("/lab/open/{page:till|display}", self._open),
            web.post("/lab/phone/scan", answered(self._phone_scan)),
            web.post("/lab/phone/act", answered(self._phone_act)),
            web.post("/lab/phone/code", answered(self._phone_code)),
            web.post("/lab/account/statement", answered(self._statement)),
            web.post("/lab/account/faults", answered(self._break_account)),
            web.post("/lab/scanner", answered(self._scanner)),
            web.post("/lab/plug", answered(self._plug)),
            web.post("/lab/paper", answered(self._roll)),
            web.post("/lab/faults", answered(self._begin)),
            web.delete("/lab/faults", answered(self._heal)),
        ]

    # --- the page ---------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        words = words_of(request)
        language = words.language
        faults = [fault for fault in catalogue().values() if fault.on_page]
        html = self._templates.get_template("lab.html").render(
            t=words.text,
            language=language,
            languages=[(each, Catalogue.load(each).text("language.name")) for each in LANGUAGES],
            faults=[(fault, fault.expected(language), fault.cashier(language)) for fault in faults],
            states={key.partition(".")[2]: words.text(key) for key in words.names() if key.startswith("state.")},
            account_faults=ACCOUNT_FAULTS,
            headless=[fault.slug for fault in catalogue().values() if not fault.on_page],
            wallet=f"{self._sandbox_url}/wallet",
            words={key: words.text(key) for key in words.names() if key.startswith("lab.")},
            roles=ROLES,
        )
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        answer = web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})
        if (chosen := request.query.get("language", "")) in {*LANGUAGES, PSEUDO}:
            answer.set_cookie(COOKIE, chosen, httponly=True, samesite="Strict", path="/lab", max_age=31_536_000)
        return answer

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"test": True, "ready": True})

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        return web.Response(text=(HERE / "static" / name).read_text(), content_type=STATIC[name])

    async def _no_icon(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _open(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(self._lab.service.page(request.match_info["page"]))

    # --- pictures ---------------------------------------------------------------------------------------

    async def _glass(self, _: web.Request) -> web.Response:
        return web.Response(body=self._lab.stand.display.png(), content_type="image/png")

    async def _paper(self, request: web.Request) -> web.Response:
        """A slip; number 0 is what still hangs on the roll, 1 the first that was cut."""
        number, printer = int(request.match_info["number"]), self._lab.stand.printer
        if number > len(printer.slips):
            raise web.HTTPNotFound
        slip, width = printer.slips[number - 1] if number else printer.hanging, printer.head.width_dots
        if request.match_info["kind"] == "txt":
            return web.Response(text="\n".join(text_view(slip, width)), content_type="text/plain")
        picture = await asyncio.to_thread(_drawn, StubSlip(list(slip.elements), slip.cut), width)
        return web.Response(body=picture, content_type="image/png")

    async def _code(self, request: web.Request) -> web.Response:
        return web.Response(body=qr_svg(request.match_info["code"]), content_type="image/svg+xml")

    # --- calls ------------------------------------------------------------------------------------------

    async def _state(self, _: web.Request) -> Any:
        return self._lab.snapshot()

    async def _timeline(self, request: web.Request) -> Any:
        after = request.query.get("after", "0")
        return {"lines": self._lab.timeline.after(int(after) if after.isdecimal() else 0)}

    async def _faults(self, request: web.Request) -> Any:
        language = words_of(request).language
        return {
            "faults": [
                {
                    "slug": fault.slug,
                    "layer": fault.layer,
                    "ids": fault.ids,
                    "takes": fault.takes,
                    "params": fault.params,
                    "expected": fault.expected(language),
                    "on_page": fault.on_page,
                }
                for fault in catalogue().values()
            ],
            "active": self._lab.active(),
        }

    async def _phone_scan(self, request: web.Request) -> Any:
        asked = await body_of(request, Scan)
        return await (self._lab.scan_text(asked.code) if asked.code else self._lab.scan_glass())

    async def _phone_act(self, request: web.Request) -> Any:
        asked = await body_of(request, Act)
        return await self._lab.act(asked.act, asked.order_no, asked.mchid)

    async def _phone_code(self, request: web.Request) -> Any:
        asked = await body_of(request, Shot)
        return {"code": await self._lab.bank.payment_code(asked.behaviour)}

    async def _statement(self, request: web.Request) -> Any:
        return {"file": await self._lab.deliver_statement((await body_of(request, Statement)).currency)}

    async def _break_account(self, request: web.Request) -> Any:
        asked = await body_of(request, AccountFault)
        await self._lab.break_account(asked.currency, asked.slug, asked.count)
        return {"done": True}

    async def _scanner(self, request: web.Request) -> Any:
        asked = await body_of(request, Shot)
        if asked.see:
            return {"scanned": await self._lab.scan_here(asked.see)}
        if asked.text:
            self._lab.stand.scan(asked.text)
            return {"scanned": asked.text}
        return {"scanned": await self._lab.scan_phone(asked.behaviour)}

    async def _plug(self, request: web.Request) -> Any:
        asked = await body_of(request, Socket)
        if asked.role not in ROLES:
            raise FaultUnknown(f"a device is one of {', '.join(ROLES)}")
        if asked.plugged:
            await self._lab.heal(f"unplug-{asked.role}")
            await self._lab.stand.plug(asked.role)
        else:
            await self._lab.begin(Wish(f"unplug-{asked.role}"))
        return self._lab.snapshot()["plugged"]

    async def _roll(self, request: web.Request) -> Any:
        await self._lab.roll((await body_of(request, Roll)).act)
        return self._lab.snapshot()["paper"]

    async def _begin(self, request: web.Request) -> Any:
        fault = await self._lab.begin(await body_of(request, Wish))
        return {"slug": fault.slug, "expected": fault.expected(words_of(request).language)}

    async def _heal(self, request: web.Request) -> Any:
        await self._lab.heal(request.query.get("slug", ""))
        return {"active": self._lab.active()}


def _drawn(slip: StubSlip, width: int) -> bytes:
    """Imported here: drawing libraries would delay every start."""
    from terminal.lab.paper_picture import slip_png

    return slip_png(slip, width)
