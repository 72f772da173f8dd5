"""Opening the listeners: limits on connections and headers, and who already sits on a busy port."""

import errno
import logging
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp import web

from terminal.errors import BadSettings
from terminal.web.connection import Doorkeeper
from terminal.web.edge import EDGE, EdgeLimits
from terminal.web.handshakes import HastySite

log = logging.getLogger(__name__)
STOP_S: Final = 2.0
RUNNER: Final = web.AppKey("runner", Doorkeeper)
_LISTENING: Final = "0A"  # linux/net/tcp_states.h


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    host: str,
    port: int,
    tls: ssl.SSLContext | None = None,
    limits: EdgeLimits | None = None,
    *,
    first: bool = False,
) -> str:
    """Answer on an address until ``stack`` closes; port 0 takes a free one. Returns ``http://host:port``.

    ``limits``: of an application without an edge of its own. ``first``: with TLS, before all else that is ready.

    Raises:
        BadSettings: ``address_in_use``, naming the other program where that can be known; ``address_unusable``.
    """
    edge = app.get(EDGE)
    limits = edge.limits if edge is not None else limits or EdgeLimits()
    runner = app[RUNNER] = Doorkeeper(app, limits, STOP_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = (
        web.TCPSite(runner, host, port) if tls is None else HastySite(runner, host, port, tls, limits, first=first)
    )
    try:
        await site.start()
    except OSError as error:
        raise _refused(host, port, error) from error
    bound: int = runner.addresses[0][1]
    if edge is not None:
        edge.allow(host, bound, tls)
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{bound}"


async def listen_too(app: web.Application, host: str, port: int, tls: ssl.SSLContext) -> int:
    """Answer with TLS on a second address, as long as the first is answered; the port, of a free one too.

    Raises:
        BadSettings: as ``listen``.
    """
    runner = app[RUNNER]
    site = HastySite(runner, host, port, tls, app[EDGE].limits)
    try:
        await site.start()
    except OSError as error:
        raise _refused(host, port, error) from error
    bound: int = runner.addresses[-1][1]
    return bound


def _refused(host: str, port: int, error: OSError) -> BadSettings:
    address = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        who = listener_on(port)
        return BadSettings("address_in_use", address=f"{address} ({who})" if who else address)
    return BadSettings("address_unusable", address=address, why=error.strerror or type(error).__name__)


def listener_on(port: int, proc: Path = Path("/proc")) -> str:
    """``python3, process 1234``: who listens on a TCP port of this machine, empty where it cannot be known."""
    inodes = {inode for name in ("tcp", "tcp6") for inode in _listening(proc / "net" / name, port)}
    if not inodes:
        return ""
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            for opened in (process / "fd").iterdir():
                if str(opened.readlink()) in inodes:
                    return f"{(process / 'comm').read_text().strip()}, process {process.name}"
        except OSError:
            continue  # another user's, or gone meanwhile
    return ""


def _listening(table: Path, port: int) -> list[str]:
    """Sockets listening on a port, as links in /proc/<pid>/fd name them (proc(5), /proc/net/tcp)."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [
        f"socket:[{row[9]}]" for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port
    ]
