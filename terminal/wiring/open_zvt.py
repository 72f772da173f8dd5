"""Opens the ZVT door of the settings: a TCP listener, or a serial line."""

from contextlib import AsyncExitStack
from typing import Final

from drivers.errors import DeviceError
from drivers.transport import OpenTransport, Transport
from terminal.pos.zvt_links import Line, LinkLost
from terminal.pos.zvt_server import READ_MAX, ZvtListener, keep_line
from terminal.pos.zvt_till import Waits, ZvtTill
from terminal.settings import ZvtTable
from terminal.wiring.door_lines import listen_raw, port_of
from terminal.wiring.door_parts import DoorParts, day_begins_ms, keep_with
from terminal.wiring.open_hw_proxy import peers_of

WRITE_S: Final = 5.0  # of one command at 1200 bit/s and above


class PortLine:
    """A serial port as the door's line."""

    def __init__(self, port: Transport) -> None:
        self._port = port

    async def read(self) -> bytes:
        try:
            return await self._port.read()
        except DeviceError as error:
            raise LinkLost(str(error)) from None

    async def write(self, data: bytes) -> None:
        try:
            await self._port.write(data, deadline_s=WRITE_S)
        except DeviceError as error:
            raise LinkLost(str(error)) from None

    def frame_seen(self) -> None:
        self._port.frame_seen()

    async def close(self) -> None:
        await self._port.close()


async def open_zvt(stack: AsyncExitStack, parts: DoorParts) -> str:
    """Returns the binding of the line, or host:port. Raises BadSettings."""
    table = parts.loaded.settings.doors[parts.name]
    assert isinstance(table, ZvtTable), parts.name
    till = zvt_till(parts, table)
    await keep_with(stack, parts, "watch", till.followed.watch)
    if not table.line:
        listener = ZvtListener(till, peers_of(parts.name, table.peers))
        return await listen_raw(stack, table, listener.come, listener.end, limit=READ_MAX)
    open_port = port_of(parts.name, table)
    await keep_with(stack, parts, "line", lambda: keep_line(lambda: _line(open_port), till))
    return table.line


def zvt_till(parts: DoorParts, table: ZvtTable) -> ZvtTill:
    begins = day_begins_ms(parts)
    return ZvtTill(
        parts.desk,
        parts.clock,
        lambda: parts.entropy.bytes(16).hex(),
        begins.shop.local,
        begins,
        table.terminal_id,
        Waits(sale_s=table.wait_s, again_s=table.again_s),
    )


async def _line(open_port: OpenTransport) -> Line:
    try:
        return PortLine(await open_port())
    except DeviceError as error:
        raise LinkLost(str(error)) from None
