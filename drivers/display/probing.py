"""Is our own counter display at the far end? One HELLO that no other device makes anything of."""

import asyncio
from typing import Final

from drivers.device_protocol import Found
from drivers.display.cobs import ACK_WANTED, Decoder, Frame
from drivers.display.messages import DisplayHello, NotThatMessage, Type
from drivers.errors import DeviceTimeout
from drivers.transport import Transport

TRIES: Final = 2  # opening the port may have reset the board, which then hears nothing for a moment
WRITE_S: Final = 0.2
ANSWER_S: Final = 0.5

# HELLO asks for nothing, and the display reads no payload of it. These twelve bytes and this number are chosen so
# that check and stuffing are control bytes too which printers, pole displays and chips pass over: no letter, no
# ESC, FS, GS, DLE, CAN, no feed, tab, shift, bell or drawer pulse. Tests look at every byte.
HARMLESS: Final = frozenset(b"\x00\x01\x02\x04\x06\x11")
QUESTION: Final = Frame(Type.HELLO, 1, bytes.fromhex("010106060401010601010101"), ACK_WANTED).to_bytes()


async def probe(transport: Transport) -> Found | None:
    """See ``drivers.device_protocol.Probe``. A printer passes the question over, and so does all else here."""
    decoder = Decoder()
    await transport.discard_input()
    for _ in range(TRIES):
        try:
            await transport.write(QUESTION, deadline_s=WRITE_S)
            async with asyncio.timeout(ANSWER_S):
                while True:
                    for frame in decoder.feed(await transport.read()):
                        if found := _found(frame):
                            return found
        except (DeviceTimeout, TimeoutError):
            continue
    return None


def _found(frame: Frame) -> Found | None:
    """Also of the HELLO that a starting display says of itself; never of our own question coming back."""
    if frame.type != Type.HELLO or frame.flags & ACK_WANTED:
        return None
    try:
        hello = DisplayHello.read(frame.payload)
    except NotThatMessage:
        return None
    detail = {"firmware": hello.firmware, "size": f"{hello.width}x{hello.height}"}
    return Found("display", "countertop", "countertop", "Countertop's counter display", hello.serial, detail)
