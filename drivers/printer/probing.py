"""Is there a receipt printer at the far end? Two questions, neither of which prints anywhere.

Source: Epson ESC/POS command reference (DLE EOT n); Star, "STAR Line Mode Command Specifications" (ESC ACK SOH);
NielsLeenheer/ReceiptPrinterStatus asks both of an unknown printer, since each family passes over the other's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from drivers.device_protocol import Found
from drivers.errors import DeviceTimeout
from drivers.printer.escpos import INIT, ask_status
from drivers.printer.star import ASK_STATE, StateDemux, from_state, state_size
from drivers.printer.status import Automatic, from_real_time
from drivers.transport import Transport

WRITE_S: Final = 0.2
ANSWER_S: Final = 0.6  # two rounds of both stay below the 1.5 s of a probe
HEARD_MAX: Final = 64  # who says more answers something else
_FLOW: Final = b"\x11\x13"


async def probe_escpos(transport: Transport) -> Found | None:
    """Asks for its state (n=1) and its paper (n=4); small printers answer the second alone.

    ``1B 40`` goes first: a printer whose answers never come keeps scanners' questions as text, and those of a
    second probing would fill the line.

    Asked once more for its paper it says one byte, the same: a scanner that reads "22" just then does not.
    The answers look alike in all models: which of them it is, the label says.
    """
    heard = await _answer(transport, INIT + ask_status(1) + ask_status(4), lambda heard: len(heard) >= 2)
    if not 1 <= len(heard) <= 2 or any(value & 0x93 != 0x12 for value in heard):
        return None
    if await _answer(transport, ask_status(4), lambda _: False) != heard[-1:]:
        return None
    status = from_real_time({4: heard[-1]})
    small = len(heard) == 1
    title = "ESC/POS receipt printer" + (" that tells its paper only" if small else "")
    profile = "generic-58" if small else "generic-80"
    return Found("printer", "escpos", profile, title, detail={"paper": status.paper.value})


async def probe_star(transport: Transport) -> Found | None:
    heard = await _answer(transport, ASK_STATE, lambda heard: len(heard) >= state_size(heard[0]))
    match StateDemux().feed(heard):
        case [Automatic(data), *_] if data == heard:
            detail = {"paper": from_state(data).paper.value}
            return Found("printer", "star", "star-line", "Star receipt printer in line mode", detail=detail)
    return None


async def _answer(transport: Transport, question: bytes, whole: Callable[[bytes], bool]) -> bytes:
    """What comes back within the time, flow control left out; it ends early when ``whole`` says so.

    Raises DeviceGone and DeviceRefused; one that takes no bytes has said nothing.
    """
    await transport.discard_input()
    heard = b""
    try:
        await transport.write(question, deadline_s=WRITE_S)
        async with asyncio.timeout(ANSWER_S):
            while len(heard) <= HEARD_MAX and not (heard and whole(heard)):
                heard += (await transport.read()).translate(None, _FLOW)
    except (DeviceTimeout, TimeoutError):
        pass
    return heard
