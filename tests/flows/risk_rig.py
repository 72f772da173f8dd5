"""A shop with a risk desk, its codes from all regions, its days in UTC."""

from typing import Final

from terminal.counter.service import Service
from terminal.payments.codes.entry import build
from terminal.payments.codes.scheme import CodeOrder
from terminal.payments.event import Actor
from terminal.risk.desk import RiskDesk
from terminal.settlement.business_day import ShopTime
from terminal.web.desks.risk import shop_facts
from terminal.wiring.risk import all_schemes

OWNER: Final = Actor("person", "01OWNER")
MEI: Final = Actor("person", "01MEI")
_PIX: Final = next(each for each in all_schemes() if each.name == "pix_static")


def open_desk(service: Service, kept: dict[str, str] | None = None) -> RiskDesk:
    """``kept``: where letters for the bank go."""

    async def keep(name: str, text: str) -> str:
        (kept if kept is not None else {})[name] = text
        return f"letters/{name}"

    facts = shop_facts(ShopTime.of("UTC"), alone_minor=1000, cap_minor=0, currency="CNY")
    return RiskDesk(service, facts, all_schemes, keep=keep)


def pix(key: str, name: str = "CASA DE CHA", reference: str = "") -> str:
    """A static Pix code, as a sticker carries it."""
    details = {"name": name, "city": "SAO PAULO"}
    return build(_PIX, CodeOrder("BRL", None, {"key": key}, reference, details)).text
