"""How a phone or a second screen comes in: its address, the warning it shows, what to compare, what to install."""

from datetime import UTC, datetime

from aiohttp import web

from terminal.errors import NotFound
from terminal.web.edge import EDGE
from terminal.web.lan import CODE, FILE, HELP, LanDoor
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.frame import PARTS, PLAIN_HEADERS, page, render, words_for


def lan_routes() -> list[web.RouteDef]:
    return [
        web.get(HELP, page(explain)),
        web.get(CODE, page(address)),
        web.get(FILE, page(authority)),
    ]


def _door(request: web.Request) -> LanDoor:
    """Raises NotFound("lan_off")."""
    door = request.app[EDGE].lan
    if door is None:
        raise NotFound("lan_off")
    return door


async def explain(request: web.Request) -> web.Response:
    """For everybody: a stranger's phone must read it before it is paired. Nothing here is secret."""
    door, zone = _door(request), request.app[PARTS].zone
    ends = datetime.fromtimestamp(door.ends_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d")
    here = not request.secure  # on the machine itself what is compared can be believed
    return render(request, "lan.html", words_for(request), door=door, ends=ends, here=here, file=FILE)


async def address(request: web.Request) -> web.Response:
    """The address to sign in at as a code for the phone's camera."""
    picture = code_svg(_door(request).urls[0])
    return web.Response(text=picture, content_type="image/svg+xml", headers=PLAIN_HEADERS)


async def authority(request: web.Request) -> web.Response:
    """The certificate to install, public; phones know what to do with this type."""
    headers = {**PLAIN_HEADERS, "Content-Disposition": 'attachment; filename="countertop.crt"'}
    return web.Response(body=_door(request).authority, content_type="application/x-x509-ca-cert", headers=headers)
