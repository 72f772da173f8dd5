"""The risk desk's part of the wiring: what rules must know of the shop, the codes of all regions, the folder."""

import asyncio
from functools import cache
from pathlib import Path

from terminal.counter.service import Service
from terminal.payments.codes.scheme import Scheme
from terminal.regions import load_region, region_names
from terminal.risk.desk import RiskDesk
from terminal.settings import Loaded
from terminal.settlement.business_day import ShopTime
from terminal.web.desks.risk import shop_facts
from terminal.whole_file import write_new

LETTERS = "letters"


@cache
def all_schemes() -> tuple[Scheme, ...]:
    """Every shipped region's: a strange sticker may be of any. Read when the first sticker is looked at."""
    return tuple(scheme for name in region_names() for scheme in load_region(name).schemes)


def open_risk(loaded: Loaded, service: Service) -> RiskDesk:
    shop = loaded.settings.shop
    facts = shop_facts(
        ShopTime.of(shop.zone, shop.cut_off),
        alone_minor=shop.cashier_refund_minor,
        cap_minor=shop.offline_day_minor if shop.offline == "list" else 0,
        currency=shop.currency,
    )
    folder = loaded.state / LETTERS

    async def keep(name: str, text: str) -> str:
        return await asyncio.to_thread(_keep, folder, name, text)

    return RiskDesk(service, facts, all_schemes, keep=keep)


def _keep(folder: Path, name: str, text: str) -> str:
    """Raises OSError. Only this user reads it: it may name people."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    write_new(path, text.encode(), 0o600)
    return str(path)
