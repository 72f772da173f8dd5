"""Receipts beside paper, as the settings want them: where phones open them, and what a slip asks of customers."""

from collections.abc import Callable

from aiohttp import web

from terminal.brand.brand import Brand
from terminal.counter.receipt_links import HOUR_MS
from terminal.counter.service import Service
from terminal.payments.sale import Sale
from terminal.settings import Loaded
from terminal.web.edge import EDGE
from terminal.web.lan import LanDoor
from terminal.web.pages.guest import Guests


def open_receipts(loaded: Loaded, service: Service, doors: web.Application) -> None:
    """Before the first sale; the phones' door may open later, and change its address while the service runs."""
    table, care = loaded.settings.receipts, loaded.settings.care
    links, edge = service.receipt_links, doors[EDGE]
    links.on_display, links.on_request = table.display, table.paper == "asked"
    links.life_ms, links.shown_s = table.hours * HOUR_MS, float(table.shown_s)
    if table.display or care.on_receipt == "rating":
        links.base = lambda: table.address or address_of(edge.lan)

    def asks(sale: Sale) -> tuple[str, str]:
        if care.on_receipt == "survey":
            return "receipt.survey", care.survey
        return ("receipt.rate", links.of(sale)) if care.on_receipt == "rating" else ("", "")

    service.parts.slips.asks = asks


def address_of(door: LanDoor | None) -> str:
    """Where phones of the shop's own network come in; empty while they cannot."""
    return door.urls[0].removesuffix("/sign-in") if door is not None and door.urls else ""


def guests_of(loaded: Loaded, service: Service, brand: Callable[[], Brand | None]) -> Guests | None:
    """What the listener of the banks gives to phones too, where a public address leads to it."""
    settings = loaded.settings
    if not settings.receipts.address:
        return None
    return Guests(service, settings.shop.zone, settings.care.on_receipt == "rating", brand)
