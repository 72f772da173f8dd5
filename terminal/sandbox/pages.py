"""The sandbox's other doors over HTTP: the customer's wallet page, and the laboratory's JSON.

The wallet page's calls carry a token that only the page holds; the laboratory's carry the token of the state
folder. Both refuse a foreign Host before routing.
"""

import hmac
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import jinja2
import msgspec
from aiohttp import web

from terminal.sandbox.desk import BadAsk, Desk, Plain
from terminal.sandbox.engine import CustomerCannot
from terminal.sandbox.faults import UnknownFault, Value
from terminal.sandbox.letters import chinese

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
_HERE: Final = Path(__file__).parent
_PLAIN_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Scan(msgspec.Struct, forbid_unknown_fields=True):
    code_url: str


class Act(msgspec.Struct, forbid_unknown_fields=True):
    order_no: str
    act: str = ""
    mchid: str = ""
    delay_ms: int = 0


class NewCode(msgspec.Struct, forbid_unknown_fields=True):
    behaviour: str = "pays"
    confirm_after_ms: int = 0
    wallet: str = "wechatpay"


class OfAccount(msgspec.Struct, forbid_unknown_fields=True):
    """``slug`` empty, at the faults: all of them end."""

    currency: str = ""
    slug: str = ""
    count: int = 1


class SetFault(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    count: int | None = None
    duration_ms: int | None = None
    params: dict[str, Value] = {}


class Pages:
    """Routes under /wallet and /admin.

    Args:
        embed_origins: pages that may show the wallet in a frame, such as "http://127.0.0.1:7620".
    """

    def __init__(self, desk: Desk, *, admin_token: str, page_token: str, embed_origins: tuple[str, ...]) -> None:
        self._desk, self._admin_token, self._page_token = desk, admin_token, page_token
        ancestors = " ".join(embed_origins) or "'none'"
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
        )
        loader = jinja2.FileSystemLoader(_HERE / "templates")
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def routes(self) -> list[web.RouteDef]:
        wallet, admin = self._guarded("X-Wallet-Token", self._page_token), self._guarded("", self._admin_token)
        desk = self._desk
        told: dict[str, Callable[[], Plain]] = {
            "orders": desk.orders,
            "captures": desk.captures,
            "ledger": desk.ledger,
            "calls": desk.calls,
            "notifications": desk.notifications,
            "faults": desk.list_faults,
            "phone": desk.phone,
            "account": desk.account,
        }
        return [
            web.get("/wallet", self._page),
            web.get("/wallet/code/{code}.svg", self._code_picture),
            web.get("/wallet/static/chinese.otf", chinese),
            web.get("/wallet/static/{name}", self._static),
            web.get("/wallet/state", wallet(self._told(desk.phone))),
            web.post("/wallet/scan", wallet(self._scan)),
            web.post("/wallet/act", wallet(self._act)),
            web.post("/wallet/code", wallet(self._new_code)),
            *(web.get(f"/admin/{name}", admin(self._told(tell))) for name, tell in told.items()),
            web.post("/admin/scan", admin(self._scan)),
            web.post("/admin/act", admin(self._act)),
            *(web.post(f"/admin/{act}", admin(self._act)) for act in ("pay", "refuse", "confirm", "late")),
            web.post("/admin/code", admin(self._new_code)),
            web.post("/admin/faults", admin(self._set_fault)),
            web.delete("/admin/faults", admin(self._clear_faults)),
            web.post("/admin/account/statement", admin(self._deliver)),
            web.post("/admin/account/faults", admin(self._set_account_fault)),
            web.post("/admin/rotate-certificate", admin(self._told(desk.rotate_certificate))),
        ]

    # --- guards -----------------------------------------------------------------------------------------

    def _guarded(self, header: str, token: str) -> Callable[[Handler], Handler]:
        """Ask for a token in a header no foreign page can set; errors become JSON."""

        def guard(handler: Handler) -> Handler:
            async def guarded(request: web.Request) -> web.StreamResponse:
                given = request.headers.get(header or "Authorization", "").removeprefix("Bearer ")
                if not hmac.compare_digest(given.encode(), token.encode()):
                    return _json({"error": "token"}, 401)
                try:
                    return await handler(request)
                except CustomerCannot as refusal:
                    return _json({"error": refusal.reason}, 409)
                except (BadAsk, UnknownFault, msgspec.ValidationError, msgspec.DecodeError) as error:
                    return _json({"error": str(error)}, 400)

            return guarded

        return guard

    # --- JSON -------------------------------------------------------------------------------------------

    def _told(self, tell: Callable[[], Plain]) -> Handler:
        async def handler(_: web.Request) -> web.Response:
            return _json(tell())

        return handler

    async def _scan(self, request: web.Request) -> web.Response:
        return _json(self._desk.scan((await _read(request, Scan)).code_url))

    async def _act(self, request: web.Request) -> web.Response:
        asked = await _read(request, Act)
        act = asked.act or request.path.rpartition("/")[2]
        return _json(self._desk.act(act, asked.order_no, asked.mchid, max(0, asked.delay_ms)))

    async def _new_code(self, request: web.Request) -> web.Response:
        asked = await _read(request, NewCode)
        return _json(self._desk.code(asked.behaviour, max(0, asked.confirm_after_ms), asked.wallet))

    async def _set_fault(self, request: web.Request) -> web.Response:
        asked = await _read(request, SetFault)
        return _json(self._desk.set_fault(asked.slug, asked.count, asked.duration_ms, asked.params))

    async def _clear_faults(self, request: web.Request) -> web.Response:
        return _json(self._desk.clear_faults(request.query.get("slug", "")))

    async def _deliver(self, request: web.Request) -> web.Response:
        return _json(self._desk.deliver_statement((await _read(request, OfAccount)).currency))

    async def _set_account_fault(self, request: web.Request) -> web.Response:
        asked = await _read(request, OfAccount)
        return _json(self._desk.set_account_fault(asked.currency, asked.slug, asked.count))

    # --- the page ---------------------------------------------------------------------------------------

    async def _page(self, _: web.Request) -> web.Response:
        template = self._templates.get_template("wallet.html")
        text = template.render(phone=self._desk.phone(), token=self._page_token)
        headers = {**_PLAIN_HEADERS, "Content-Security-Policy": self._policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _static(self, request: web.Request) -> web.Response:
        kinds = {"wallet.js": "text/javascript", "wallet.css": "text/css"}
        name = request.match_info["name"]
        if name not in kinds:
            raise web.HTTPNotFound
        text = (_HERE / "static" / name).read_text()
        return web.Response(text=text, content_type=kinds[name], headers=_PLAIN_HEADERS)

    async def _code_picture(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        if self._desk.bank.ledger.codes.get(code) is None:
            raise web.HTTPNotFound
        return web.Response(body=qr_svg(code), content_type="image/svg+xml", headers=_PLAIN_HEADERS)


def qr_svg(text: str) -> bytes:
    """A payment code as a scanner wants it: level M, quiet zone of four modules, black on white."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    picture = qrcode.make(
        text, image_factory=SvgPathFillImage, error_correction=qrcode.constants.ERROR_CORRECT_M, border=4
    )
    out = io.BytesIO()
    picture.save(out)
    return out.getvalue()


async def _read(request: web.Request, kind: type[T]) -> T:
    if request.content_type != "application/json":
        raise BadAsk("the body must be application/json")
    return msgspec.json.decode(await request.read(), type=kind)


def _json(told: Plain, status: int = 200) -> web.Response:
    body = msgspec.json.encode(told)
    return web.Response(body=body, status=status, content_type="application/json", headers=_PLAIN_HEADERS)
