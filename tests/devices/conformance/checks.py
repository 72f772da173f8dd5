"""What every protocol must do, each check a coroutine over one case. Raises AssertionError when it does not.

``ON_WIRES`` run on virtual time over a cable in memory, ``ON_LINKS`` over real pseudo-terminals and sockets.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from drivers.errors import DeviceError, DeviceGone, DeviceTimeout
from drivers.serial_port import open_serial
from drivers.tcp_port import open_tcp
from drivers.transport import Transport
from firmware_stubs.cables import PtyCable, TcpCable
from firmware_stubs.wire import Cable, Wire
from tests.devices.conformance.case import DeviceCase
from tests.devices.wires import wire

GREET_S: Final = 15.0  # virtual: three tries of a second and a board that boots; then it must have an opinion
ACT_S: Final = 120.0  # virtual: the longest phrase of the slowest voice
WATCHDOG_S: Final = 60.0  # real: never waited for, only against hanging
GARBAGE: Final = random.Random(20).randbytes(2048)  # the same in every run
PRESS_S: Final = 0.5  # virtual: between two tries of the person at the device


async def acts(case: DeviceCase, transport: Transport, cable: Cable, press_s: float = PRESS_S) -> None:
    """The case's act; a device that acts of itself is pressed again and again until it is done."""
    act = asyncio.ensure_future(_awaited(case.act(transport)))
    try:
        while case.press and not act.done():
            case.press(cable.stub)
            cable.poke()
            await asyncio.wait([act], timeout=press_s)
        await act
    finally:
        act.cancel()
        await asyncio.gather(act, return_exceptions=True)


async def _awaited(job: Awaitable[object]) -> object:
    return await job


# --- over a cable in memory, on virtual time ------------------------------------------------------------------


async def whole_job(case: DeviceCase) -> None:
    """Greet and do one job; the device shows that it was done."""
    cable = wire(case.stub(), baud=case.baud)
    async with asyncio.timeout(ACT_S):
        await acts(case, cable, cable)
    assert case.did(cable.stub), "the driver is content and the device shows nothing of it"


async def paced_line(case: DeviceCase) -> None:
    """The same with bytes that take their time on the line."""
    cable = wire(case.stub(), baud=case.baud, paced=True)
    async with asyncio.timeout(ACT_S):
        await acts(case, cable, cable)
    assert case.did(cable.stub)


async def one_byte_at_a_time(case: DeviceCase) -> None:
    """L4: answers come in pieces of one byte."""
    cable = wire(case.stub(), baud=case.baud, chunk=1)
    async with asyncio.timeout(ACT_S):
        await acts(case, cable, cable)
    assert case.did(cable.stub)


async def odd_pieces(case: DeviceCase) -> None:
    """L4: answers come in pieces that fit no frame."""
    cable = wire(case.stub(), baud=case.baud, chunk=(3, 1, 2, 7, 5))
    async with asyncio.timeout(ACT_S):
        await acts(case, cable, cable)
    assert case.did(cable.stub)


async def garbage_at_open(case: DeviceCase) -> None:
    """L6, L9: what stood in the line before us is no answer; the job is done, or an error says it was not."""
    cable = wire(case.stub(), baud=case.baud, flood=GARBAGE)
    await _done_or_told(case, cable)


async def noise_before_answers(case: DeviceCase) -> None:
    """L3: a few wrong bytes before each answer never make a false success."""
    cable = wire(case.stub(), baud=case.baud, noise=b"\xa5\x5a\x0d")
    await _done_or_told(case, cable)


async def lost_answer(case: DeviceCase) -> None:
    """L7: one lost answer is asked for again, or the job fails with an error; never twice done."""
    cable = wire(case.stub(), baud=case.baud, drop_answers=1)
    await _done_or_told(case, cable)


async def mute(case: DeviceCase) -> None:
    """L7: a device that never answers is given up in time; one that never could is taken as it is."""
    cable = wire(case.stub(), baud=case.baud, drop_answers=10**9)
    async with asyncio.timeout(GREET_S):
        if not case.answers:
            await case.greet(cable)
            return
        with pytest.raises(DeviceTimeout):
            await case.greet(cable)


async def takes_no_bytes(case: DeviceCase) -> None:
    """L8: XOFF for ever, no reader: every write ends at its deadline."""
    if case.press and not case.answers:
        return  # nothing is ever written to it
    cable = wire(case.stub(), baud=case.baud, stall_after=0)
    async with asyncio.timeout(ACT_S):
        failed = await _failure(case, cable)
    assert failed or not case.did(cable.stub)


async def cut_anywhere(case: DeviceCase) -> None:
    """L1: the cable is pulled after n bytes, for n over the whole job; then it works again on the same device."""
    whole = wire(case.stub(), baud=case.baud)
    async with asyncio.timeout(ACT_S):
        await acts(case, whole, whole)
    counts = {1, 2, whole.written // 3, whole.written // 2, whole.written - 1}
    for count in sorted(counts & {*range(1, whole.written)}):
        cable = wire(case.stub(), baud=case.baud, cut_after=count)
        async with asyncio.timeout(ACT_S):
            assert await _failure(case, cable), f"cut after {count} bytes and content"
        again = wire(case.stub(), baud=case.baud)
        async with asyncio.timeout(ACT_S):
            await acts(case, again, again)


async def strangers(case: DeviceCase, others: tuple[DeviceCase, ...]) -> None:
    """L10: a device of another protocol is not greeted as ours, where ours would answer."""
    if not case.answers:
        return
    for other in others:
        if other.key.split(" ")[0] == case.key.split(" ")[0]:
            continue
        cable = wire(other.stub(), baud=case.baud)
        async with asyncio.timeout(GREET_S):
            try:
                await case.greet(cable)
            except DeviceError:
                continue
        raise AssertionError(f"{other.key} was greeted as {case.key}")


async def _done_or_told(case: DeviceCase, cable: Wire) -> None:
    """``press``: a person tries again and again; what never comes through is not done, and nothing is false."""
    try:
        async with asyncio.timeout(ACT_S):
            failed = await _failure(case, cable)
    except TimeoutError:
        assert case.press, "neither done nor told in time"
        assert not case.did(cable.stub)
    else:
        assert failed or case.did(cable.stub), "neither done nor told"


async def _failure(case: DeviceCase, cable: Wire) -> Exception | None:
    """What ``act`` says went wrong; None: it is content."""
    told: tuple[type[Exception], ...] = (DeviceError, *case.failures)
    try:
        await acts(case, cable, cable)
    except told as error:
        return error
    return None


# --- over what a computer really has --------------------------------------------------------------------------


Open = Callable[[], Awaitable[Transport]]


@asynccontextmanager
async def on_pty(case: DeviceCase, folder: Path) -> AsyncIterator[tuple[PtyCable, Open]]:
    cable = PtyCable(case.stub(), folder / "port")
    await cable.plug()
    try:
        yield cable, lambda: open_serial(str(cable.link), baud=case.baud)
    finally:
        await cable.unplug()


@asynccontextmanager
async def on_tcp(case: DeviceCase) -> AsyncIterator[tuple[TcpCable, Open]]:
    cable = TcpCable(case.stub())
    await cable.plug()
    try:
        yield cable, lambda: open_tcp("127.0.0.1", cable.port, baud=case.baud)
    finally:
        await cable.unplug()


async def works_and_survives_unplugging(case: DeviceCase, cable: PtyCable | TcpCable, open_: Open) -> None:
    """One job; the plug is pulled and the port tells of itself; plugged in again, it works again."""
    async with asyncio.timeout(WATCHDOG_S):
        transport = await works(case, cable, open_)
        ended: asyncio.Future[DeviceError] = asyncio.get_running_loop().create_future()
        transport.on_end(ended.set_result)
        await cable.unplug()
        assert isinstance(await ended, DeviceGone)
        await transport.close()
        with contextlib.suppress(DeviceError):
            await (await open_()).close()
            raise AssertionError("a port that is unplugged was opened")
        await cable.plug()
        transport = await works(case, cable, open_)
        await transport.close()


async def works(case: DeviceCase, cable: PtyCable | TcpCable, open_: Open) -> Transport:
    """One job on a fresh device; returns the open transport.

    A driver's limits are real seconds here: a machine that was away for one is no fault of either, so the job may
    begin anew, with everything plugged afresh. What limits do is tested in virtual time.
    """
    late: tuple[type[Exception], ...] = (DeviceTimeout, *case.failures)
    for last in (False, False, True):
        cable.stub = case.stub()
        transport = await open_()
        try:
            await acts(case, transport, cable, press_s=0.1)
        except late:
            if last:
                raise
        else:
            await shown(case, cable)
            return transport
        await transport.close()
        await cable.unplug()
        await cable.plug()
    raise AssertionError("the last try returns or raises")


async def shown(case: DeviceCase, cable: Cable) -> None:
    """Wait until the device has done it: a kernel hands bytes over when it gets round to it."""
    while not case.did(cable.stub):  # noqa: ASYNC110  # stubs tell nobody
        await asyncio.sleep(0.005)


WireCheck = Callable[[DeviceCase], Awaitable[None]]
ON_WIRES: Final[dict[str, WireCheck]] = {
    check.__name__: check
    for check in (
        whole_job,
        paced_line,
        one_byte_at_a_time,
        odd_pieces,
        garbage_at_open,
        noise_before_answers,
        lost_answer,
        mute,
        takes_no_bytes,
        cut_anywhere,
    )
}
