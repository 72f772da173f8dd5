"""Where a till's own line comes in: a serial port by its binding, or a TCP port that it connects to."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from drivers.binding import opener
from drivers.transport import OpenTransport
from terminal.errors import BadSettings
from terminal.settings import AmountLineTable, ZvtTable

LineTable = AmountLineTable | ZvtTable
Come = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def port_of(name: str, table: LineTable) -> OpenTransport:
    """Raises BadSettings: the line is no binding."""
    try:
        return opener(table.line, baud=table.baud)
    except ValueError as error:
        raise BadSettings("config_value_wrong", key=f"doors.{name}.line", why=str(error)) from None


async def listen_raw(
    stack: AsyncExitStack, table: LineTable, come: Come, end: Callable[[], Awaitable[None]], *, limit: int
) -> str:
    """Answer until the stack closes: no new till then, and ``end`` for the one that is there. Returns host:port.

    Args:
        limit: bytes that are read ahead of a till.

    Raises:
        BadSettings: the address cannot be used.
    """
    try:
        server = await asyncio.start_server(come, table.host, table.port, limit=limit)
    except OSError as error:
        at = f"{table.host}:{table.port}"
        raise BadSettings("address_unusable", address=at, why=error.strerror or type(error).__name__) from error
    stack.push_async_callback(end)
    stack.callback(server.close)
    host, port = server.sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
