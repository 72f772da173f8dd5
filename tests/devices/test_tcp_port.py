"""A printer behind a network box, on real sockets: what it has not taken when it fails never comes out (P3)."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest

from drivers.errors import DeviceTimeout
from drivers.tcp_port import open_tcp
from drivers.transport import Transport
from tests.watchdog import watched

WATCHDOG_S = 30.0
SMALL = 4096  # bytes a box holds
SLIP = b"half a slip\n" * 1_400_000  # more than any system holds for a socket
SOON_S = 0.01  # a limit that is meant to pass

pytestmark = pytest.mark.row(41, 63)


@pytest.fixture(autouse=True)
async def watchdog() -> AsyncIterator[None]:
    with watched(WATCHDOG_S):
        yield


@pytest.fixture
def box() -> Iterator[socket.socket]:
    """Where a printer's box listens: it takes as much as a small one does."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        listening.setblocking(False)
        yield listening


async def connected(box: socket.socket) -> tuple[Transport, socket.socket]:
    port = await open_tcp("127.0.0.1", box.getsockname()[1])
    far, _ = await asyncio.get_running_loop().sock_accept(box)
    return port, far


def held(far: socket.socket) -> int:
    """Bytes the box's own system has, unread."""
    told: tuple[int] = struct.unpack("i", fcntl.ioctl(far, termios.FIONREAD, bytes(4)))
    return told[0]


async def to_the_end(far: socket.socket) -> tuple[bytes, bool]:
    """Everything that still arrives, and whether the connection was broken off rather than closed."""
    loop, read = asyncio.get_running_loop(), b""
    try:
        while data := await loop.sock_recv(far, 1 << 16):
            read += data
    except ConnectionResetError:
        return read, True
    return read, False


async def test_p3_after_a_fault_nothing_more_of_the_slip_leaves(box: socket.socket) -> None:
    port, far = await connected(box)
    with closing(far):
        with pytest.raises(DeviceTimeout):
            await port.write(SLIP, deadline_s=SOON_S)
        there = held(far)
        await port.close()
        read, broken_off = await to_the_end(far)
        assert (len(read), broken_off) == (there, True)


async def test_p3_what_the_system_still_holds_for_a_box_goes_with_the_connection(box: socket.socket) -> None:
    """No write of ours failed: all bytes were handed over, and lie on this side when the printer is given up."""
    port, far = await connected(box)
    with closing(far):
        await port.write(SLIP[: 100 * SMALL])
        there = held(far)
        assert there < 100 * SMALL
        await port.close()
        read, broken_off = await to_the_end(far)
        assert (len(read), broken_off) == (there, True)


async def test_what_the_box_has_taken_is_followed_by_an_ordinary_end(box: socket.socket) -> None:
    """Also after a stall that it recovered from: a reset would make some boxes forget what they hold."""
    port, far = await connected(box)
    with closing(far):
        with pytest.raises(DeviceTimeout, match=r"took only (\d+) of"):
            await port.write(SLIP, deadline_s=SOON_S)
        loop, taken, answer = asyncio.get_running_loop(), 0, b"!"
        await loop.sock_sendall(far, answer)
        assert await port.read() == answer
        while outstanding(port) or held(far):
            taken += len(await loop.sock_recv(far, 1 << 16))
        assert taken > SMALL
        await port.close()
        assert await to_the_end(far) == (b"", False)


def outstanding(port: Transport) -> int:
    """Bytes the far end's system has not acknowledged."""
    told: tuple[int] = struct.unpack("i", fcntl.ioctl(port._descriptor, termios.TIOCOUTQ, bytes(4)))  # type: ignore[attr-defined]  # no driver asks for it
    return told[0]
