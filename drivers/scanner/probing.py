"""One harmless question to an unknown device on an open pipe: see ``drivers.device_protocol.Probe``."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.errors import DeviceTimeout
from drivers.scanner.speech import Session
from drivers.transport import Transport

T = TypeVar("T")
PROBE_S: Final = 1.0
WAKE_S: Final = 0.05
PROBE_BYTES_MAX: Final = 8192  # a device that talks without end is not answering


async def first_answer(
    transport: Transport,
    question: bytes,
    session: Session,
    fits: Callable[[object], T | None],
    *,
    wake: bytes = b"",
) -> T | None:
    """What fits within a second; None: silence, or another language. Raises DeviceGone, DeviceRefused.

    ``wake`` is sent a moment before, for devices that sleep.
    """
    await transport.discard_input()
    heard = 0
    try:
        async with asyncio.timeout(PROBE_S):
            if wake:
                await transport.write(wake, deadline_s=PROBE_S / 2)
                await asyncio.sleep(WAKE_S)
            await transport.write(question, deadline_s=PROBE_S / 2)
            while heard < PROBE_BYTES_MAX:
                data = await transport.read()
                heard += len(data)
                for item in session.feed(data):
                    if (found := fits(item)) is not None:
                        transport.frame_seen()
                        return found
    except (TimeoutError, DeviceTimeout):
        return None
    return None
