"""Which of several equal devices is it? The one a person acts on: a trigger pressed, a cover opened.

All are opened; the first that speaks, or that answers a harmless question otherwise than before, is the one.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.transport import OpenTransport, Transport

LIMIT_S: Final = 30.0
SETTLE_S: Final = 0.5  # what an adapter says at opening is no act
EVERY_S: Final = 0.5  # between two questions
CANDIDATES_MAX: Final = 16
HEARD_MAX: Final = 64
PRINTER_STATE: Final = b"\x10\x04\x02\x10\x04\x04"  # DLE EOT 2 and 4: cover and paper
_FLOW: Final = b"\x11\x13"


async def which(
    candidates: Mapping[str, OpenTransport], *, question: bytes = b"", limit_s: float = LIMIT_S
) -> str:
    """Wait for the one that a person acts on.

    Args:
        candidates: by any name, at most 16.
        question: asked of each again and again (``PRINTER_STATE``); empty: they speak unasked, as scanners do.
        limit_s: seconds the person has.

    Returns:
        The name of the one.

    Raises:
        DeviceTimeout: nobody acted, or the act cannot be seen.
        DeviceGone, DeviceRefused: one of them could not be opened; all are closed again.
    """
    assert 1 <= len(candidates) <= CANDIDATES_MAX, len(candidates)
    async with contextlib.AsyncExitStack() as stack:
        opened: dict[str, Transport] = {}
        for name, open_ in candidates.items():
            opened[name] = transport = await open_()
            stack.push_async_callback(transport.close)
        await asyncio.sleep(SETTLE_S)
        acting = [asyncio.create_task(_acts(transport, question), name=name) for name, transport in opened.items()]
        try:
            return await _first(acting, limit_s)
        finally:
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)


async def _first(acting: list[asyncio.Task[None]], limit_s: float) -> str:
    """One that is pulled out is not the one."""
    waiting = set(acting)
    try:
        async with asyncio.timeout(limit_s):
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=acting.index):
                    if task.exception() is None:
                        return task.get_name()
    except TimeoutError:
        raise DeviceTimeout(f"nothing was heard of any of them within {limit_s:.0f} s") from None
    raise DeviceGone("all of them are gone")


async def _acts(transport: Transport, question: bytes) -> None:
    """Ends when the device acts. Raises DeviceError."""
    await transport.discard_input()
    if not question:
        while not (await transport.read()).translate(None, _FLOW):
            pass
        return
    before = b""
    while True:
        answer = await _ask(transport, question)
        if before and answer and answer != before:
            return
        before = before or answer


async def _ask(transport: Transport, question: bytes) -> bytes:
    """All it says within one turn; silence is no answer."""
    heard = b""
    with contextlib.suppress(DeviceTimeout):
        await transport.write(question, deadline_s=EVERY_S)
    try:
        async with asyncio.timeout(EVERY_S):
            while len(heard) < HEARD_MAX:
                heard += (await transport.read()).translate(None, _FLOW)
    except TimeoutError:
        return heard
    raise DeviceRefused(f"{transport.name}: it talks without end")
