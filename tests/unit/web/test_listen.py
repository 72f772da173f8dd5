"""A busy port is told with the one who has it."""

import asyncio
import os
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from terminal.errors import BadSettings
from terminal.web.edge import EdgeLimits
from terminal.web.handshakes import Arrival, HastySite
from terminal.web.listen import RUNNER, listen, listener_on


async def test_a_free_port_is_taken_and_given_back() -> None:
    async with AsyncExitStack() as stack:
        url = await listen(stack, web.Application(), "127.0.0.1", 0)
        assert url.startswith("http://127.0.0.1:")
        port = int(url.rpartition(":")[2])
    async with AsyncExitStack() as stack:
        assert await listen(stack, web.Application(), "127.0.0.1", port) == url


async def test_s28_with_tls_so_many_shake_hands_at_once_and_no_more() -> None:
    limits = EdgeLimits(head_s=60.0, handshakes=2, handshakes_per_address=2)
    async with AsyncExitStack() as stack:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        url = await listen(stack, web.Application(), "127.0.0.1", 0, tls, limits)
        port = int(url.rpartition(":")[2])
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        async with asyncio.timeout(30):
            assert await idle[2][0].read() == b"", "a third has no place"
    for _, writer in idle:
        writer.close()


class ForeignTransport(asyncio.BaseTransport):
    """Of a loop with transports of its own: of none of asyncio's classes for streams."""

    aborted = False

    def abort(self) -> None:
        self.aborted = True


async def test_s28_a_connection_of_another_loop_is_counted_as_any() -> None:
    app, transport = web.Application(), ForeignTransport()
    async with AsyncExitStack() as stack:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        await listen(stack, app, "127.0.0.1", 0, tls, EdgeLimits(handshakes=0))
        (site,) = app[RUNNER].sites
        assert isinstance(site, HastySite)
        Arrival(site).connection_made(transport)
        assert transport.aborted, "there is no place"


async def test_a_busy_port_names_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        async with AsyncExitStack() as stack:
            with pytest.raises(BadSettings) as refused:
                await listen(stack, web.Application(), "127.0.0.1", port)
    assert refused.value.slug == "address_in_use"
    address = str(refused.value.facts["address"])
    assert address.startswith(f"127.0.0.1:{port}")
    assert f"process {os.getpid()}" in address


async def test_an_address_that_is_not_ours_is_a_sentence_too() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(BadSettings, match="address_unusable"):
            await listen(stack, web.Application(), "192.0.2.1", 0)


def test_who_listens_is_unknown_where_nothing_tells(tmp_path: Path) -> None:
    assert listener_on(1, tmp_path) == ""
    table = tmp_path / "net"
    table.mkdir()
    row = (
        "   0: 0100007F:1DB0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100\n"
    )
    (table / "tcp").write_text("  sl  local_address\n" + row)
    assert listener_on(0x1DB0, tmp_path) == "", "nobody's descriptors can be read"
    opened = tmp_path / "77" / "fd"
    opened.mkdir(parents=True)
    (opened / "3").symlink_to("socket:[4242]")
    (tmp_path / "77" / "comm").write_text("nginx\n")
    assert listener_on(0x1DB0, tmp_path) == "nginx, process 77"
    assert listener_on(0x1DB1, tmp_path) == ""
