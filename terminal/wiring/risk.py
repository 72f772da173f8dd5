"""The risk desk's part of the wiring: what rules must know of the shop, the codes of all regions, the folder."""

import asyncio
import os
from functools import cache
from pathlib import Path

from terminal.counter.service import Service
from terminal.payments.codes.scheme import Scheme
from terminal.regions import load_region, region_names
from terminal.risk.desk import RiskDesk
from terminal.settings import Loaded
from terminal.settlement.business_day import ShopTime
from terminal.web.risk_desk import shop_facts

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
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return str(path)
