"""What a shop's settings mean to the core: its house, its people, its words."""

from terminal.connectors import profile_of
from terminal.counter.feed import Feed
from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.settings import Favourite, House, Offline
from terminal.errors import BadSettings
from terminal.help.wording import CatalogueWording
from terminal.payments.event import Ledger
from terminal.payments.typed import is_one_line
from terminal.people.pins import PEPPER_BYTES
from terminal.people.roles import RefundPolicy, SalePolicy
from terminal.people.service import People, PeopleSettings
from terminal.regions import known_codes
from terminal.settings import Loaded


def house_of(loaded: Loaded) -> House:
    shop = loaded.settings.shop
    return House(
        shop.merchant,
        shop.store,
        shop.title,
        shop.lines,
        shop.currency,
        Ledger.TEST if loaded.settings.mode == "test" else Ledger.LIVE,
        shop.limit_minor,
        shop.excess,
        known_codes(),
        Offline(
            shop.offline,
            shop.offline_sale_minor,
            shop.offline_day_minor,
            {name: table.poster for name, table in loaded.settings.channels.items() if table.poster},
        ),
        favourites=_favourites(loaded),
    )


def _favourites(loaded: Loaded) -> tuple[Favourite, ...]:
    """Raises BadSettings: a name no paper can hold, or a price that no sale of this shop can be."""
    shop = loaded.settings.shop
    for at, each in enumerate(shop.favourites):
        if not each.name.strip() or not is_one_line(each.name):
            raise BadSettings(
                "config_value_wrong", key=f"shop.favourites[{at}].name", why="one line of plain text"
            )
        if each.price_minor > shop.limit_minor:
            why = f"above limit_minor, {shop.limit_minor}"
            raise BadSettings("config_value_wrong", key=f"shop.favourites[{at}].price_minor", why=why)
    return tuple(Favourite(each.name.strip(), each.price_minor) for each in shop.favourites)


def pepper_of(loaded: Loaded) -> bytes:
    """Raises BadSettings: missing, not hexadecimal, or too short to protect a PIN."""
    key = "people.pepper"
    try:
        pepper = bytes.fromhex(loaded.secrets.get("people", "pepper"))
    except ValueError:
        raise BadSettings("config_value_wrong", key=key, why="only hexadecimal digits") from None
    if len(pepper) < PEPPER_BYTES:
        raise BadSettings("config_value_wrong", key=key, why=f"at least {2 * PEPPER_BYTES} hexadecimal digits")
    return pepper


def wording_of(loaded: Loaded) -> CatalogueWording:
    zone = loaded.settings.shop.zone
    try:
        return CatalogueWording(zone)
    except (ValueError, LookupError, OSError):
        raise BadSettings("config_value_wrong", key="shop.zone", why=f"no time zone {zone!r}") from None


def check_currency(loaded: Loaded) -> None:
    """Raises BadSettings: a shop whose every sale would be refused. A new one without any channel may start."""
    if not loaded.settings.channels:
        return
    currency, channels = loaded.settings.shop.currency, loaded.settings.channels.values()
    taken = sorted({each for table in channels for each in profile_of(table.connector).currencies})
    if currency not in taken:
        raise BadSettings("config_currency_not_taken", currency=currency, taken=", ".join(taken))


def people_of(loaded: Loaded, feed: Feed, machine: tuple[Clock, Entropy, Ids], pepper: bytes) -> People:
    clock, entropy, ids = machine
    store, settings = loaded.settings.shop.store, _people_settings(loaded)
    return People(
        store, journal=feed, clock=clock, entropy=entropy, ids=ids, pepper=pepper, settings=settings,
        simulated=loaded.settings.mode == "test",
    )  # fmt: skip


def _people_settings(loaded: Loaded) -> PeopleSettings:
    shop = loaded.settings.shop
    return PeopleSettings(
        refunds=RefundPolicy(
            cashier_alone_minor=shop.cashier_refund_minor,
            cashier_day_minor=shop.cashier_refund_day_minor,
            pos_alone_minor=shop.pos_refund_minor,
            pos_day_minor=shop.pos_refund_day_minor,
            day_minor=shop.refund_day_minor,
        ),
        sales=SalePolicy(cashier_minor=shop.cashier_limit_minor, pos_minor=shop.pos_limit_minor),
        second_step=shop.second_step,
        zone=shop.zone,
    )
