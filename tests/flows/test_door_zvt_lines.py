"""The ZVT door as the settings open it: a socket on loopback, a serial port, and who may not come."""

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from terminal.errors import BadSettings
from terminal.pos.zvt_server import SESSIONS_MAX
from terminal.settings import ZvtTable
from terminal.wiring.door_checks import check_door
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop
from tests.flows.door_http import loaded, open_at
from tests.strangers.zvt_till import Heard, SerialWire, TcpWire, Till

pytestmark = pytest.mark.row(92)
AGAIN = 0x9C


class Socket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def read(self) -> bytes:
        with contextlib.suppress(ConnectionError):
            return await self._reader.read(100)
        return b""

    async def write(self, data: bytes) -> None:
        self.writer.write(data)


class Port:
    """The far side of a pseudo-terminal."""

    def __init__(self) -> None:
        self._far, near = os.openpty()
        tty.setraw(near)
        self.name = os.ttyname(near)
        self._near = near
        self._set_vmin(0)
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(self._far, lambda: self._came.put_nowait(os.read(self._far, 100)))

    def _set_vmin(self, count: int) -> None:
        told = termios.tcgetattr(self._near)
        told[6][termios.VMIN] = count
        termios.tcsetattr(self._near, termios.TCSANOW, told)

    async def until_open(self) -> None:
        """What is written before would be flushed; the last thing an opener does is to wait for one byte."""
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                told = termios.tcgetattr(self._near)
                if told[5] == termios.B9600 and told[6][termios.VMIN] in (1, b"\x01"):
                    return
                await asyncio.sleep(0.005)

    async def read(self) -> bytes:
        return await self._came.get()

    async def write(self, data: bytes) -> None:
        os.write(self._far, data)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._far)
        os.close(self._far)
        os.close(self._near)


async def connected(where: str) -> Socket:
    host, _, port = where.rpartition(":")
    return Socket(*await asyncio.open_connection(host, int(port)))


@asynccontextmanager
async def opened(folder: Path, **more: Any) -> AsyncIterator[tuple[Shop, str]]:
    table = ZvtTable(kind="zvt", counter="1", port=0, **more)
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        where = await open_at(stack, shop, loaded(folder, front=table))
        yield shop, where["front"]


async def paid(shop: Shop, till: Till) -> Heard:
    async def pays() -> None:
        service = shop.service
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                if (live := service.lane("1").current) and service.book.sale(live).attempts[-1].state == "shown":
                    break
                await asyncio.sleep(0.005)
        shop.pay(service.book.sale(live).attempts[-1].id)

    async with asyncio.timeout(WATCHDOG_S):
        return await till.pay(2850, meanwhile=pays)


async def test_a_till_pays_over_tcp_and_a_fifth_line_ends_the_oldest(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shop, where), AsyncExitStack() as stack:
        lines = [await connected(where) for _ in range(SESSIONS_MAX)]
        for line in lines:
            stack.callback(line.writer.transport.abort)
            told = await Till(TcpWire(line)).status()
            assert told.end == b"\x06\x0f\x01\x00"
        newest = await connected(where)
        stack.callback(newest.writer.transport.abort)
        assert (await paid(shop, Till(TcpWire(newest)))).paid
        assert await lines[0].read() == b""
        assert (await Till(TcpWire(lines[1])).repeat()).paid


async def test_a_full_disk_is_ask_again_and_never_declined(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shop, where):
        line = await connected(where)
        shop.disk.full = True
        assert (await Till(TcpWire(line)).pay(2850)).code == AGAIN
        line.writer.transport.abort()


async def test_a3_what_is_no_zvt_is_hung_up_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, where):
        line = await connected(where)
        await line.write(b"\x06\x01\xff\xff\xff" + b"x" * 10_000)
        assert await line.read() == b""
        line.writer.transport.abort()


async def test_a_till_pays_over_a_serial_port_through_the_drivers(tmp_path: Path) -> None:
    port = Port()
    try:
        async with opened(tmp_path, line=f"link:{port.name}") as (shop, where):
            assert where == f"link:{port.name}"
            till = Till(SerialWire(port, spoil=1))
            await port.until_open()
            async with asyncio.timeout(WATCHDOG_S):
                assert (await till.register(0xBA)).end[:2] == b"\x06\x0f"
            assert (await paid(shop, till)).paid
    finally:
        port.close()


@pytest.mark.parametrize(
    ("more", "why"),
    [({"line": "ttyUSB0"}, "line"), ({"peers": ("till",)}, "peers"), ({"host": "192.0.2.1"}, "192")],
)
async def test_settings_that_cannot_be_used_say_why(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    with pytest.raises(BadSettings, match=why):
        async with opened(tmp_path, **more):
            pass
    checked = contextlib.nullcontext() if "host" in more else pytest.raises(BadSettings, match=why)
    with checked:
        check_door(loaded(tmp_path, front=ZvtTable(kind="zvt", counter="1", **more)), "front")
