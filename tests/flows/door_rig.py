"""A till behind a door of its own, at the shop on virtual time: its desk, and rules for it."""

import asyncio
from collections.abc import Callable

from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.people.pins import PinCost
from terminal.people.roles import RefundPolicy
from terminal.people.service import People, PeopleSettings
from terminal.pos.desk import Desk, Request, till
from tests.flows.shop import Shop

CHEAP = PinCost(passes=1, memory_kib=8)
REFUNDS = RefundPolicy(pos_alone_minor=5000, pos_day_minor=6000)
DAY_MS = 86_400_000
FREE = PeopleSettings(pin_cost=CHEAP, refunds=REFUNDS)


class SlowDesk(Desk):
    """The disk has the sale, and says so a second later."""

    async def open_sale(self, request: Request) -> Sale:
        sale = await super().open_sale(request)
        await asyncio.sleep(1)
        return sale


def desk_of(
    shop: Shop,
    settings: PeopleSettings = FREE,
    *,
    door: str = "front",
    counter: str = "1",
    kind: type[Desk] = Desk,
) -> Desk:
    """Of the life that runs now: a restart needs a new one."""
    world = shop.world
    people = People(
        "s1",
        journal=shop.service.feed,
        clock=world.clock,
        entropy=world.entropy,
        ids=world.ids,
        pepper=bytes(32),
        settings=settings,
    )
    return kind(shop.service, people, till(door, counter), counter)


def days_of(shop: Shop) -> Callable[[], tuple[int, int, int]]:
    """When the day began at Greenwich, and the two before it."""

    def days() -> tuple[int, int, int]:
        today = shop.world.clock.wall_ms() // DAY_MS * DAY_MS
        return today, today - DAY_MS, today - 2 * DAY_MS

    return days


def wants(shop: Shop, minor: int = 2850, key: str = "till-1", order_no: str = "") -> Request:
    return Request(Money(minor, shop.currency), key, order_no)
