"""An old till on a line, in virtual time and once over TCP and a serial wire: amounts in, words out."""

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from terminal.errors import BadSettings
from terminal.payments.sale import Sale
from terminal.pos.amount_line import REST_S, AmountLine
from terminal.pos.amount_lines import Rules
from terminal.settings import AmountLineTable
from terminal.wiring.door_checks import check_door
from tests.flows.api_rig import WATCHDOG_S, open_shop
from tests.flows.door_http import loaded, open_at
from tests.flows.door_rig import desk_of
from tests.flows.shop import Shop, story


class Line:
    """The till's end of the line."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.heard: list[str] = []
        self.cut = False

    async def read(self) -> bytes:
        return await self._sent.get()

    async def write(self, data: bytes) -> None:
        if self.cut:
            raise ConnectionError("the plug is out")
        assert data.endswith(b"\r\n")
        self.heard.append(data.decode("ascii").rstrip())

    def sound(self) -> None: ...

    def sends(self, data: bytes) -> None:
        self._sent.put_nowait(data)

    async def hears(self, begin: str, limit_s: float = 30) -> str:
        """The next answer, which begins so."""
        await self.shop.until(lambda: bool(self.heard), limit_s)
        assert self.heard[0].startswith(begin), self.heard
        return self.heard.pop(0)


def door_of(shop: Shop, rules: Rules | None = None, unpaid_s: float = 180) -> AmountLine:
    return AmountLine(desk_of(shop), rules or Rules("CNY"), shop.world.ids.ulid, unpaid_s=unpaid_s)


@asynccontextmanager
async def till_at(shop: Shop, door: AmountLine) -> AsyncIterator[Line]:
    line = Line(shop)
    tasks = [asyncio.create_task(door.serve(line)), asyncio.create_task(door.watch())]
    await asyncio.sleep(0.1)
    try:
        yield line
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def pays(shop: Shop) -> None:
    await shop.until(lambda: bool(sale(shop).attempts[-1].payload), 10)
    shop.pay(sale(shop))


def sale(shop: Shop, newest: int = 0) -> Sale:
    return shop.service.book.sale(shop.service.feed.list("sale")[newest].subject)


def sales(shop: Shop) -> int:
    return len(shop.service.feed.list("sale"))


@pytest.mark.row(92)
@story()
async def test_an_amount_goes_in_and_its_result_comes_out(shop: Shop) -> None:
    async with till_at(shop, door_of(shop)) as till:
        till.sends(b"28.")
        till.sends(b"50\r\n")
        assert await till.hears("WAIT") == "WAIT 28.50"
        await pays(shop)
        told = await till.hears("PAID 28.50 ")
        assert len(told.split()[-1]) == 4
        till.sends(b"28.50\r")  # the next customer
        await till.hears("WAIT 28.50")
        assert sales(shop) == 2
        till.sends(b"?\r")
        await till.hears("LAST WAIT 28.50")


@story()
async def test_one_sale_is_live_and_another_amount_meanwhile_is_refused(shop: Shop) -> None:
    async with till_at(shop, door_of(shop)) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        till.sends(b"28.50\r9.00\r")
        await till.hears("WAIT 28.50")
        await till.hears("BUSY WAIT 28.50")
        till.sends(b"\x1b")
        await till.hears("NOT PAID 28.50")
        till.sends(b"C\r")
        await till.hears("READY")
        assert sales(shop) == 1


@pytest.mark.row(94)
@story()
async def test_a1_a_line_that_breaks_ends_nothing_and_a_repeated_amount_is_not_charged_unasked(shop: Shop) -> None:
    door = door_of(shop)
    async with till_at(shop, door) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        till.cut = True
        await pays(shop)
        await shop.until(lambda: sale(shop).ended, 30)
        await shop.wait(90)
        assert [x.kind for x in sale(shop).exceptions] == ["till_not_told"]
    async with till_at(shop, door) as till:
        await till.hears("LAST PAID 28.50")
        await shop.until(lambda: sale(shop).exceptions[0].closed == "told", 5)
        till.sends(b"28.50\r")  # a till that simply sends again
        await till.hears("REPEAT PAID 28.50")
        assert sales(shop) == 1
        till.sends(b"28.50\r")  # meant
        await till.hears("WAIT 28.50")
        assert sales(shop) == 2


@story()
async def test_a1_another_amount_after_one_that_was_not_heard_is_another_sale(shop: Shop) -> None:
    door = door_of(shop)
    async with till_at(shop, door) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        till.cut = True
        await pays(shop)
        await shop.until(lambda: sale(shop).ended, 30)
    async with till_at(shop, door) as till:
        await till.hears("LAST PAID 28.50")
        till.sends(b"9.00\r")
        await till.hears("WAIT 9.00")
        assert sales(shop) == 2


@story()
async def test_a1_a_till_that_asked_and_heard_paid_means_the_same_amount_for_the_next_customer(shop: Shop) -> None:
    door = door_of(shop)
    async with till_at(shop, door) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        till.cut = True
        await pays(shop)
        await shop.until(lambda: sale(shop).ended, 30)
    async with till_at(shop, door) as till:
        await till.hears("LAST PAID 28.50")
        till.sends(b"?\r")
        await till.hears("LAST PAID 28.50")
        till.sends(b"28.50\r")
        await till.hears("WAIT 28.50")
        assert sales(shop) == 2


@pytest.mark.row(94)
@story()
async def test_a1_paid_while_the_service_fell_over_comes_before_a_person_until_a_line_hears_it(shop: Shop) -> None:
    door = door_of(shop)
    async with till_at(shop, door) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        till.cut = True
        await pays(shop)
        await shop.until(lambda: sale(shop).ended, 30)
    await shop.restart()
    door = door_of(shop)
    watch = asyncio.create_task(door.watch())
    await shop.wait(70)
    assert [(x.kind, x.closed) for x in sale(shop).exceptions] == [("till_not_told", "")]
    watch.cancel()
    async with till_at(shop, door) as till:
        await till.hears("LAST PAID 28.50")
        await shop.until(lambda: sale(shop).exceptions[0].closed == "told", 5)
        till.sends(b"28.50\r")
        await till.hears("REPEAT")
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        await pays(shop)
        await till.hears("PAID 28.50")
    await shop.restart()
    watch = asyncio.create_task(door_of(shop).watch())
    await shop.wait(70)
    watch.cancel()
    assert sale(shop).exceptions == (), "what it has heard is on record"


@story()
async def test_a1_after_a_restart_the_line_begins_with_the_sale_that_lives(shop: Shop) -> None:
    async with till_at(shop, door_of(shop)) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
    await shop.restart()
    async with till_at(shop, door_of(shop)) as till:
        await till.hears("LAST WAIT 28.50")
        till.sends(b"28.50\r")
        await till.hears("WAIT 28.50")
        await pays(shop)
        await till.hears("PAID 28.50")
        assert sales(shop) == 1


@story()
async def test_nobody_pays_and_a_doubt_is_neither(shop: Shop) -> None:
    async with till_at(shop, door_of(shop, unpaid_s=20)) as till:
        till.sends(b"28.50\r")
        await till.hears("WAIT")
        await till.hears("NOT PAID 28.50", 60)
        till.sends(b"9.00\r")
        await till.hears("WAIT")
        shop.no_notifications()
        await pays(shop)
        shop.cut_line()
        await till.hears("CHECKING 9.00", 90)
        till.sends(b"\x1b")
        await till.hears("CHECKING 9.00")
        shop.mend_line()
        await till.hears("PAID 9.00", 300)


@story()
async def test_bad_long_and_slow_lines_are_refused_in_words(shop: Shop) -> None:
    async with till_at(shop, door_of(shop)) as till:
        till.sends(b"x" * 9000 + b"\r")
        await till.hears("REFUSED A-99 line_unreadable")
        till.sends(b"12.505\r")
        await till.hears("REFUSED A-04 amount_unreadable")
        till.sends(b"\xff\xfe\r")
        await till.hears("REFUSED A-99 line_unreadable")
        till.sends(b"28.5")
        await asyncio.sleep(REST_S + 1)
        await till.hears("REFUSED A-99 line_unreadable")
        till.sends(b"50.00\r?\r")  # the rest of it, late: no amount of its own
        await till.hears("READY")
        assert sales(shop) == 0


@story()
async def test_a_line_that_goes_one_way_hears_nothing_and_sells(shop: Shop) -> None:
    async with till_at(shop, door_of(shop, Rules("CNY", minor=True, answers=False))) as till:
        for count in (1, 2):
            till.sends(b"2850\r")
            await shop.until(lambda count=count: sales(shop) == count, 5)  # type: ignore[misc]  # a default binds it
            await pays(shop)
            await shop.until(lambda: sale(shop).ended, 30)
        await shop.wait(90)
        assert till.heard == []
        assert sale(shop).exceptions == (), "nobody ever hears anything on such a line"


@story()
async def test_paid_on_a_line_that_goes_one_way_and_was_unplugged_is_before_nobody(shop: Shop) -> None:
    door = door_of(shop, Rules("CNY", minor=True, answers=False))
    async with till_at(shop, door) as till:
        till.sends(b"2850\r")
        await shop.until(lambda: sales(shop) == 1, 5)
    watch = asyncio.create_task(door.watch())
    await pays(shop)
    await shop.until(lambda: sale(shop).ended, 30)
    await shop.wait(90)
    watch.cancel()
    assert sale(shop).exceptions == (), "no till of such a line ever hears anything, and none is missing"


@story()
async def test_a_refund_of_such_a_sale_goes_by_its_number_at_another_door(shop: Shop) -> None:
    async with till_at(shop, door_of(shop)) as till:
        till.sends(b"28.50\r")
        await pays_when_open(shop)
        await shop.until(lambda: sale(shop).ended, 30)
        await desk_of(shop).refund(sale(shop).id, None, "wrong size", "r-1")
        await shop.until(lambda: shop.kept_minor == 0, 60)
        assert till.heard[-1].startswith("PAID")


async def pays_when_open(shop: Shop) -> None:
    await shop.until(lambda: sales(shop) == 1, 5)
    await pays(shop)


@pytest.mark.row(92)
async def test_over_tcp_a_new_connection_takes_the_old_ones_place(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack, asyncio.timeout(WATCHDOG_S):
        table = AmountLineTable(kind="amount_line", counter="1", port=0)
        where = await open_at(stack, shop, loaded(tmp_path, front=table))
        host, port = where["front"].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"28.50\r\n")
        assert await reader.readline() == b"WAIT 28.50\r\n"
        second, other = await asyncio.open_connection(host, int(port))
        assert await second.readline() == b"LAST WAIT 28.50\r\n"
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        [row] = shop.service.feed.list("sale")
        await shop.service.until(row.subject, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
        shop.pay(shop.service.book.sale(row.subject).attempts[0].id)
        assert (await second.readline()).startswith(b"PAID 28.50 ")
        for each in (writer, other):
            each.transport.abort()
        for wrong in (
            AmountLineTable(kind="amount_line", counter="1", line="COM1"),
            AmountLineTable(kind="amount_line", counter="1", peers=("somewhere",)),
            AmountLineTable(kind="amount_line", counter="1", port=int(port)),
        ):
            with pytest.raises(BadSettings):
                await open_at(stack, shop, loaded(tmp_path, other=wrong))
            if not wrong.port or wrong.line or wrong.peers:
                with pytest.raises(BadSettings):
                    check_door(loaded(tmp_path, other=wrong), "other")


@pytest.mark.row(92)
async def test_over_a_serial_port_the_same_words(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    link = tmp_path / "till"
    link.symlink_to(os.ttyname(slave))
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack, asyncio.timeout(WATCHDOG_S):
        table = AmountLineTable(kind="amount_line", counter="1", line=f"link:{link}")
        await open_at(stack, shop, loaded(tmp_path, front=table))
        os.set_blocking(master, False)
        heard = b""
        while b"WAIT 28.50\r\n" not in heard:
            with contextlib.suppress(BlockingIOError):
                if not heard and not shop.service.feed.list("sale"):
                    os.write(master, b"28.50\r")
                heard += os.read(master, 99)
            await asyncio.sleep(0.05)
        assert len(shop.service.feed.list("sale")) == 1
    os.close(master)
    os.close(slave)
