"""What help pages and cards say of this very shop: whom to call, and what protects it, from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from terminal.payments.money import Money


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the bank's own. Shown, and opened by people; this program asks nothing of it."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ShopCare:
    """Whom to call. Every text may be empty: then its line is not shown."""

    title: str = ""
    merchant: str = ""
    store: str = ""
    hotline: str = ""
    hours: str = ""
    bank: str = ""
    links: tuple[Link, ...] = ()
    survey: str = ""


def under(shop: ShopCare, bank: str, hotline: str, hours: str, links: tuple[Link, ...]) -> ShopCare:
    """The same under a bank's name; what the shop's own settings say goes first."""
    return replace(
        shop,
        bank=shop.bank or bank,
        hotline=shop.hotline or hotline,
        hours=shop.hours if shop.hotline else hours,
        links=(*shop.links, *links),
    )


@dataclass(frozen=True, slots=True)
class Protection:
    """What the settings say that protects money. Amounts of 0: no such limit, or no such right."""

    limit: Money
    cashier_limit: Money
    cashier_refund: Money
    refund_day: Money
    second_step: Literal["off", "office", "always"] = "office"
    offline: Literal["refuse", "list"] = "refuse"
    offline_sale: Money | None = None
    excess: Literal["list", "refund"] = "list"
    channels: tuple[str, ...] = ()
    traces: str = ""
    test: bool = False
    kiosk: bool = False


Saying = tuple[str, Mapping[str, str | Money]]
"""A word of the catalogue's section ``care``, and its facts."""


def sayings(shop: Protection) -> list[Saying]:
    """How this terminal protects its people, sentence by sentence; only what is so in these settings."""
    told: list[Saying] = [("safe_green", {}), ("safe_checking", {}), ("safe_screenshot", {})]
    if shop.cashier_refund.minor:
        told.append(("safe_refund_alone", {"amount": shop.cashier_refund}))
    else:
        told.append(("safe_refund_owner", {}))
    if shop.refund_day.minor:
        told.append(("safe_refund_day", {"amount": shop.refund_day}))
    most = shop.cashier_limit if shop.cashier_limit.minor else shop.limit
    told.append(("safe_limit", {"amount": most}))
    if shop.second_step != "off":
        told.append(("safe_second_step", {}))
    if shop.offline == "refuse" or shop.offline_sale is None:
        told.append(("safe_offline_refuse", {}))
    else:
        told.append(("safe_offline_list", {"amount": shop.offline_sale}))
    told.append(("safe_excess_refund" if shop.excess == "refund" else "safe_excess_list", {}))
    told += [("safe_account", {}), ("safe_sticker", {})]
    if shop.kiosk:
        told.append(("safe_kiosk", {}))
    told += [("safe_journal", {}), ("safe_no_names", {}), ("safe_leaves", {"channels": ", ".join(shop.channels)})]
    if shop.traces:
        told.append(("safe_traces", {"host": shop.traces}))
    if shop.test:
        told.append(("safe_test", {}))
    return told
