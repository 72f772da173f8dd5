"""The HTTP edge as two applications: pages and API for the shop, and the listener for banks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from terminal.care.help_code import terminal_name
from terminal.counter.ports import Clock, Entropy
from terminal.counter.service import Service
from terminal.people.refund_rights import RefundRights
from terminal.people.roles import Role
from terminal.people.service import People
from terminal.risk.desk import RiskDesk
from terminal.web import callers, problems, security, versions
from terminal.web.calls import PREFIX, Answer, Call, Operation, route
from terminal.web.desks.care import CARE, CareDesk, CareParts
from terminal.web.desks.hooks import HOOKS, idle_hooks
from terminal.web.desks.reports import DESK, Desk, ReportParts
from terminal.web.desks.risk import RISK, RiskWords, shop_facts
from terminal.web.desks.settlements import SETTLEMENT, BillDoor, SettlementDesk
from terminal.web.edge import EDGE, NAMES, Edge, EdgeLimits, ReceiptPicture
from terminal.web.live.hub import HUB, Hub
from terminal.web.live.stream import stream
from terminal.web.live.websocket import live
from terminal.web.metrics import Observed, observe
from terminal.web.notices import notices_app
from terminal.web.pages.brand import brand_routes
from terminal.web.pages.frame import PageParts, problem_page
from terminal.web.pages.guest import Guests
from terminal.web.pages.privacy import DESK as PRIVACY
from terminal.web.pages.privacy import PrivacyDesk
from terminal.web.pages.table import add_pages
from terminal.web.ports import Fitter, Trainer
from terminal.web.routes.everyday import EVERYDAY
from terminal.web.routes.later import later_calls
from terminal.web.shapes.form import Nothing

if TYPE_CHECKING:
    from terminal.web.visitor import Visitor


class ShopSettings(Protocol):
    @property
    def zone(self) -> str:
        """IANA name of the shop's time zone."""
        ...


class CounterSettings(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def kiosk(self) -> bool:
        """Whether its till, while nobody is signed in, is locked to its own page."""
        ...


class EdgeSettings(Protocol):
    @property
    def shop(self) -> ShopSettings: ...

    @property
    def counters(self) -> Sequence[CounterSettings]: ...


class Configured(Protocol):
    """What the edge reads of the loaded settings."""

    @property
    def settings(self) -> EdgeSettings: ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What the pages know beside the service and its people; each may be missing.

    Args:
        picture: draws a receipt as PNG; without it that format is refused.
        dead: says that the journal takes nothing any more.
        fitter: holds the counters' devices; without it they are neither listed nor tested nor chosen.
        trainer: lets a counter practise; without it none does.
        visitor: tells who keeps the visits that set the shop up, the same each time; without it there are none.
        refunds: of practice alone; without it the shop's own.
        bills: fetches them and takes them over; without it only what the journal holds of them is told.
        risk: its watching is started by whoever built it; without it one that knows no region's codes.
        privacy: what its pages tell; without it one to which nothing ever left.
        observed: what is counted and remembered of this run; without it there are no metrics.
        care: whom to call and what the settings say of it; without it nobody is asked for a rating.
    """

    picture: ReceiptPicture | None = None
    dead: Callable[[], bool] = lambda: False
    fitter: Fitter | None = None
    trainer: Trainer | None = None
    visitor: "Callable[[], Visitor] | None" = None
    refunds: RefundRights | None = None
    reports: ReportParts | None = None
    bills: BillDoor | None = None
    risk: RiskDesk | None = None
    privacy: PrivacyDesk | None = None
    observed: Observed | None = None
    care: CareParts | None = None


def make_app(
    service: Service,
    people: People,
    loaded: Configured,
    *,
    clock: Clock,
    entropy: Entropy,
    limits: EdgeLimits | None = None,
    beside: Beside = Beside(),
) -> web.Application:
    """Everything behind the shop's address. ``listen`` opens it and tells it its own names."""
    zone = loaded.settings.shop.zone
    app = make_api(
        service,
        people,
        clock=clock,
        entropy=entropy,
        zone=zone,
        limits=limits,
        page=problem_page,
        reports=beside.reports,
        bills=beside.bills,
        risk=beside.risk,
    )
    app[PRIVACY] = beside.privacy or PrivacyDesk()
    observe(app, beside.observed)
    care = beside.care or CareParts()
    app[CARE] = _care(service, care)
    edge = app[EDGE]
    edge.picture, edge.dead, edge.fitter, edge.trainer = beside.picture, beside.dead, beside.fitter, beside.trainer
    edge.open_visits = beside.visitor
    edge.own_refunds = beside.refunds

    def greet(response: web.StreamResponse, session_token: str, device_token: str) -> None:
        device = people.who(device_token) if device_token else None
        display = device is not None and device.role is Role.DISPLAY
        callers.greet(response, session_token, device_token, display=display)

    kiosks = frozenset(each.id for each in loaded.settings.counters if each.kiosk)
    app.add_routes(Guests(service, zone, care.on_receipt, care.brand).routes())
    app.add_routes(brand_routes(care.brand))
    add_pages(app, PageParts(service, people, entropy, ZoneInfo(zone), callers.who, greet, kiosks, care.brand))
    return app


def make_api(
    service: Service,
    people: People,
    *,
    clock: Clock,
    entropy: Entropy,
    zone: str = "UTC",
    limits: EdgeLimits | None = None,
    names: tuple[str, ...] = NAMES,
    page: problems.ErrorPage | None = None,
    reports: ReportParts | None = None,
    bills: BillDoor | None = None,
    risk: RiskDesk | None = None,
) -> web.Application:
    """The API alone, behind the same guards."""
    limits = limits or EdgeLimits()
    edge = Edge(service, people, clock, entropy, service.parts.ids, zone, limits, names)
    app = web.Application(
        client_max_size=limits.body_bytes,
        middlewares=[problems.middleware(edge.ids, limits.body_bytes, page), security.guard],
    )
    app[EDGE], app[HUB], app[HOOKS] = edge, Hub(edge), idle_hooks(service, entropy)
    app[DESK] = Desk(service, people, zone, reports or ReportParts())
    app[CARE] = _care(service, CareParts())
    app[SETTLEMENT] = SettlementDesk(service, zone, bills)
    app[RISK] = RiskWords.of(risk or RiskDesk(service, shop_facts(app[DESK].shop), tuple), people, zone)
    edge.risk_changes = lambda: app[RISK].desk.changes + app[HOOKS].register.changes
    app.on_response_prepare.append(security.protect)
    app.on_response_prepare.append(versions.put_marks)
    app.cleanup_ctx.append(_jobs)
    app.on_shutdown.append(_goodbye)
    app.add_routes([route(operation) for operation in EVERYDAY])
    for family in later_calls(edge):
        app.router.register_resource(family)
    read = Operation("GET", "/openapi.json", "openapi", _document, "", None, Nothing, open_to="anyone")
    app.add_routes(
        [
            route(read),
            web.get(f"{PREFIX}/live", live),
            web.get(f"{PREFIX}/events/stream", stream),
            web.get("/api", _document_page),
        ]
    )
    return app


async def _document(call: Call[Nothing]) -> Answer:
    from terminal.web.openapi import read_document  # its words and examples: for who reads them

    return await read_document(call)


async def _document_page(request: web.Request) -> web.Response:
    from terminal.web.openapi import page

    return await page(request)


def _care(service: Service, parts: CareParts) -> CareDesk:
    return CareDesk(service, parts, terminal_name(service.parts.code_key))


async def _jobs(app: web.Application) -> AsyncIterator[None]:
    """What the live sockets live on. Two tasks, ended with the application."""
    hub = app[HUB]
    jobs = [
        asyncio.create_task(hub.follow(), name="live follow"),
        asyncio.create_task(hub.tick(), name="live tick"),
    ]
    yield
    for job in jobs:
        job.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await job


async def _goodbye(app: web.Application) -> None:
    app[HUB].end_all()


def make_notices_app(
    service: Service, limits: EdgeLimits | None = None, guests: Guests | None = None
) -> web.Application:
    return notices_app(service, limits or EdgeLimits(), guests)
