"""What the customer's display needs for a receipt: the picture of its address, while it stands there."""

from aiohttp import web

from terminal.counter.ports import ResultScreen
from terminal.errors import NotFound
from terminal.people.roles import Action
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.frame import PARTS, PLAIN_HEADERS, allowed


def receipt_routes() -> list[web.RouteDef]:
    return [web.get("/c/{counter}/receipt.svg", receipt_code)]


async def receipt_code(request: web.Request) -> web.Response:
    """The code that stands beside "paid" now; asked for with its text, as a payment's code is."""
    counter = request.match_info["counter"]
    allowed(request, Action.SEE_DISPLAY, counter)
    screen = request.app[PARTS].service.lane(counter).glass.screen
    shown = screen.receipt if isinstance(screen, ResultScreen) else ""
    if not shown or shown != request.query.get("for"):
        raise NotFound("not_found")
    return web.Response(text=code_svg(shown), content_type="image/svg+xml", headers=PLAIN_HEADERS)
