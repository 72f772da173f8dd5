"""What the real machine is asked for."""

import asyncio
import socket
import ssl
from asyncio import selector_events, sslproto
from collections.abc import Iterator

import pytest

from terminal.system import READ, read_in_small_pieces


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The knob is the process's: tests that follow read as before."""
    knobs = (vars(selector_events)["_SelectorTransport"], sslproto.SSLProtocol)
    was = [each.max_size for each in knobs]
    yield
    for each, size in zip(knobs, was, strict=True):
        each.max_size = size


class _Pieces(asyncio.Protocol):
    """Notes how long each piece was that came in one read."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.lengths.append(len(data))

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set_result(None)


async def test_a_long_message_comes_whole_in_reads_of_a_bounded_size() -> None:
    read_in_small_pieces()
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    _, pieces = await loop.create_connection(_Pieces, sock=ours)
    with theirs:
        theirs.setblocking(False)
        await loop.sock_sendall(theirs, bytes(4 * READ))
    async with asyncio.timeout(30):
        await pieces.ended
    assert sum(pieces.lengths) == 4 * READ
    assert max(pieces.lengths) <= READ


async def test_tls_makes_room_for_as_much() -> None:
    read_in_small_pieces()
    loop, tls = asyncio.get_running_loop(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    protocol = sslproto.SSLProtocol(loop, asyncio.Protocol(), tls, loop.create_future(), server_side=True)
    assert len(protocol.get_buffer(-1)) == READ
    protocol.connection_lost(None)
