"""Care wired: whom to call and what protects, from the settings; the bundle for support with its code."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from terminal.brand.brand import Brand
from terminal.brand.shelf import no_brand
from terminal.care.help_code import help_code
from terminal.care.shop import Link, Protection, ShopCare
from terminal.connectors import profile_of
from terminal.errors import JournalError, Unavailable
from terminal.help.languages import FALLBACK
from terminal.payments.money import Money
from terminal.privacy.bundle import zipped
from terminal.settings import Loaded
from terminal.web.desks.care import CareParts, EndingCertificate, Kept
from terminal.wiring.own_certificates import endings
from terminal.wiring.support_bundle import FOLDER, gathered, kept

KEPT_MAX: Final = 20  # bundles of calls for help; the oldest goes first


def care_parts(
    loaded: Loaded, devices: Callable[[], Any] = lambda: None, brand: Callable[[], Brand | None] = no_brand
) -> CareParts:
    """What pages, cards and slips say, and how a bundle is made here.

    Args:
        devices: what the service knows of its devices now, for the bundle.
        brand: the bank whose name the shop works under.
    """
    table = loaded.settings.care

    async def call() -> Kept:
        return await asyncio.to_thread(call_for_help, loaded, devices())

    async def certificates(now_ms: int) -> tuple[EndingCertificate, ...]:
        return await asyncio.to_thread(endings, loaded, now_ms)

    return CareParts(
        shop_care(loaded),
        partial(protection_of, loaded),
        table.rating,
        table.on_receipt == "rating",
        table.answer_h,
        call,
        brand,
        certificates,
    )


def shop_care(loaded: Loaded) -> ShopCare:
    table, shop = loaded.settings.care, loaded.settings.shop
    links = tuple(Link(each.title, each.url) for each in table.links)
    return ShopCare(
        shop.title, shop.merchant, shop.store, table.hotline, table.hours, table.bank, links, table.survey
    )


def protection_of(loaded: Loaded, language: str = FALLBACK) -> Protection:
    """What the settings say that protects money, for the safety page and card."""
    settings, shop = loaded.settings, loaded.settings.shop

    def money(minor: int) -> Money:
        return Money(minor, shop.currency)

    return Protection(
        limit=money(shop.limit_minor),
        cashier_limit=money(shop.cashier_limit_minor),
        cashier_refund=money(shop.cashier_refund_minor),
        refund_day=money(shop.refund_day_minor),
        second_step=shop.second_step,
        offline=shop.offline,
        offline_sale=money(shop.offline_sale_minor) if shop.offline_sale_minor else None,
        excess=shop.excess,
        channels=tuple(_title(loaded, name, language) for name in settings.channels),
        traces=settings.traces.endpoint,
        test=settings.mode == "test",
        kiosk=any(each.kiosk for each in settings.counters),
    )


def _title(loaded: Loaded, name: str, language: str) -> str:
    titles = profile_of(loaded.settings.channels[name].connector).titles
    return titles.get(language) or titles.get(FALLBACK) or name


def call_for_help(loaded: Loaded, health: Any = None) -> Kept:
    """Make the redacted bundle and keep it in the state folder; nothing is sent anywhere.

    Raises:
        Unavailable("help_not_kept"): the disk, or the journal cannot be read.
    """
    try:
        files = gathered(loaded, health=health)
        code = help_code(zipped(files))
        name = f"help-{code.replace('-', '')}.zip"
        folder = loaded.state / FOLDER
        if not (folder / name).is_file():  # else the same bytes are there already
            kept(loaded, files, name)
        _make_room(folder, name)
    except OSError as error:
        raise Unavailable("help_not_kept", why=error.strerror or type(error).__name__) from None
    except JournalError as error:
        raise Unavailable("help_not_kept", why=error.slug) from None
    return Kept(code, str(folder / name), tuple(sorted(files)))


def _make_room(folder: Path, newest: str) -> None:
    """Bundles that somebody asked for by name stay as long as the data map says."""
    calls = sorted(folder.glob("help-*.zip"), key=lambda path: (path.name != newest, -path.stat().st_mtime_ns))
    for path in calls[KEPT_MAX:]:
        path.unlink(missing_ok=True)
