"""A device behind a TCP socket (serial-to-network box, network printer) as a Transport."""

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import struct
import termios
from functools import partial
from typing import Final

from drivers.descriptor_pipe import DescriptorPipe
from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.own_thread import in_own_thread
from drivers.transport import Transport

_CONNECT_S: Final = 3.0
_COUNT: Final = struct.Struct("i")
_LINGER: Final = struct.Struct("ii")  # on, seconds


async def open_tcp(host: str, port: int, *, baud: int = 115200, connect_s: float = _CONNECT_S) -> Transport:
    """Connect to a device. ``baud`` is that of the line behind the box, for time-outs that follow length.

    Raises:
        DeviceGone: nobody answers there.
        DeviceRefused: the name means nothing, or the system forbids it.
    """
    name = f"{host}:{port}"
    loop = asyncio.get_running_loop()
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        async with asyncio.timeout(connect_s):
            found = await in_own_thread(name, look_up, within_s=connect_s)
            family, kind, protocol, _, address = found[0]
            with socket.socket(family, kind, protocol) as link:
                link.setblocking(False)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a dead box is found some day
                await loop.sock_connect(link, address)
                descriptor = os.dup(link.fileno())
    except (TimeoutError, DeviceTimeout):
        raise DeviceGone(f"{name}: no answer in {connect_s} s; is the device switched on?") from None
    except (socket.gaierror, UnicodeError) as error:
        raise DeviceRefused(f"{name}: there is no host of that name; check the binding") from error
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise DeviceRefused(f"{name}: the system forbids this connection (firewall?)") from error
        raise DeviceGone(f"{name}: cannot connect ({os.strerror(error.errno or 0)})") from error
    return DescriptorPipe(descriptor, name=name, baud=baud, reset=_drop_unsent)


def _drop_unsent(descriptor: int) -> None:
    """What the box has not acknowledged goes with the connection (P3): the system would send it for minutes yet,
    and half a slip would come out behind its whole copy. Where it has taken all, the end is an ordinary one:
    some boxes forget what they hold when a connection breaks.

    Source: Linux, tcp(7) SIOCOUTQ, socket(7) SO_LINGER.
    """
    with contextlib.suppress(OSError):  # it is broken off already
        (waiting,) = _COUNT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(_COUNT.size)))
        with socket.socket(fileno=os.dup(descriptor)) as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(waiting > 0, 0))
