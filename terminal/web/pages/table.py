"""Every page under its address."""

from collections.abc import Iterable
from functools import partial

from aiohttp import web

from terminal.web.edge import EDGE, Edge
from terminal.web.late import Late
from terminal.web.pages.care import care_routes
from terminal.web.pages.frame import FRAME, PARTS, Frame, PageParts
from terminal.web.pages.help import help_routes
from terminal.web.pages.hooks import hooks_routes
from terminal.web.pages.lan import lan_routes
from terminal.web.pages.people import people_routes
from terminal.web.pages.privacy import privacy_routes
from terminal.web.pages.receipt import receipt_routes
from terminal.web.pages.risk import risk_routes
from terminal.web.pages.sales import sales_routes
from terminal.web.pages.setup import setup_routes
from terminal.web.pages.signing_in import signing_in_routes
from terminal.web.pages.till import till_routes


def add_pages(app: web.Application, parts: PageParts) -> None:
    """Put every page under its address. ``app``'s own middlewares (Host, Origin, limits) stand in front."""
    app[PARTS], app[FRAME] = parts, Frame()
    app.add_routes(
        [
            web.get("/static/{version}/{name}", app[FRAME].static),
            *till_routes(),
            *privacy_routes(),
            *receipt_routes(),
            *sales_routes(),
            *care_routes(),
            *help_routes(),
            *signing_in_routes(),
            *people_routes(),
            *hooks_routes(),
            *setup_routes(),
            *lan_routes(),
            *risk_routes(),
        ]
    )
    app.router.register_resource(Late("/", r"/reports(/.*)?", _reports))
    app.router.register_resource(Late("/", r"/train(/.*)?", _training))
    app.router.register_resource(
        Late("/", r"/setup/(sheet|pack|(cards|visit)([./].*)?)", partial(_visit, app[EDGE]))
    )


def _reports() -> Iterable[web.RouteDef]:
    from terminal.web.pages.differences import differences_routes
    from terminal.web.pages.reports import reports_routes

    return [*reports_routes(), *differences_routes()]


def _training() -> Iterable[web.RouteDef]:
    from terminal.web.pages.training import train_routes

    return train_routes()


def _visit(edge: Edge) -> Iterable[web.RouteDef]:
    edge.load_visits()
    from terminal.web.pages.visit import visit_routes

    return visit_routes()
