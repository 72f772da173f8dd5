"""``countertop devices record PORT FILE``: what passes between device and service, written down."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.errors import DeviceError
from drivers.transport import OpenTransport, Transport
from firmware_stubs.cables import PtyCable
from firmware_stubs.wire import Stub
from terminal.cli.devices.capture import KEYS, SIZE_MAX, Head, Recorder, known, masks
from terminal.cli.devices.find import opened_at
from terminal.cli.words import REFUSED, console, give_up, sentences

WAITING_MAX: Final = 65536  # bytes the service may be ahead of the device


def record(
    port: Annotated[str, typer.Argument(help="The device's port: a path, or a binding of the settings.")],
    file: Annotated[Path, typer.Argument(help="The capture; it must not exist yet.")],
    protocol: Annotated[str, typer.Option(help="What is spoken there, such as scanner/gm65.")] = "",
    baud: Annotated[int, typer.Option(min=300, max=4_000_000, help="Line speed.")] = 9600,
    with_codes: Annotated[bool, typer.Option("--with-codes", help="Keep what is scanned: payment codes!")] = False,
    size_max: Annotated[int, typer.Option(min=1000, max=SIZE_MAX, help="Bytes of the file at most.")] = SIZE_MAX,
) -> None:
    """Record a device's line until Ctrl-C, while the service goes on over a link beside the file."""
    with sentences():
        head = head_of(port, protocol, baud=baud, with_codes=with_codes)
        link = file.with_name(f"{file.name}.port").absolute()
        if link.exists() and not link.is_symlink():
            give_up(f"{link} stands where the service's link would be; name another file.")
        try:
            open_ = opened_at(port, baud)
            file.touch(mode=0o600, exist_ok=False)  # receipts and codes are nobody else's business
            why = asyncio.run(_record(open_, link, file, head, size_max))
        except DeviceError as error:
            file.unlink()  # nothing was recorded: the same command again is not refused for it
            give_up(str(error), REFUSED)
        except ValueError as error:
            give_up(str(error), REFUSED)
        except FileExistsError:
            give_up(f"{file} exists already; name another file.")
        except OSError as error:
            give_up(f"{error.filename or file}: {error.strerror}", REFUSED)
    console.print(f"Recorded to {file}: {why}.", markup=False, highlight=False, soft_wrap=True)


def head_of(port: str, protocol: str, *, baud: int, with_codes: bool) -> Head:
    """Raises BadSettings: ``option_wrong``: nobody speaks ``protocol``."""
    key = known(protocol) if protocol else ""
    if port.startswith("evdev:"):
        key = KEYS  # whatever was said: by another name they would not be hidden
    return Head(protocol=key, baud=baud, masked=masks(key, with_codes=with_codes))


async def _record(open_: OpenTransport, link: Path, file: Path, head: Head, size_max: int) -> str:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    start_s = loop.time()

    async def opened() -> Transport:
        transport = await open_()
        console.print(
            f"Write port = \"link:{link}\" in the settings while this runs. Ctrl-C ends it.",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        return transport

    with file.open("w", encoding="utf-8") as out:
        recorder = Recorder(out, head, lambda: round((loop.time() - start_s) * 1000), size_max=size_max)
        return await relay(opened, link, recorder, stop)


async def relay(open_: OpenTransport, link: Path, recorder: Recorder, stop: asyncio.Event) -> str:
    """Pass bytes between the port and a pseudo-terminal at ``link`` until ``stop``, or until the device is gone.

    Returns:
        Why it ended. Raises DeviceError: the port could not be opened.
    """
    transport = await open_()
    near = _Near()
    cable = PtyCable(near, link)
    await cable.plug()
    jobs = [
        asyncio.create_task(each)
        for each in (_out(near, cable, transport, recorder), _in(transport, cable, recorder))
    ]
    jobs.append(asyncio.create_task(_stopped(stop)))
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        why = next((str(job.exception()) for job in done if job.exception()), "stopped")
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await cable.unplug()
        await transport.close()
    why = f"{why}; the file was full before that" if recorder.full else why
    recorder.end(why)
    return why


async def _stopped(stop: asyncio.Event) -> None:
    await stop.wait()


class _Near(Stub):
    """The service's end of the line: what it writes waits here for the device."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.waiting = bytearray()

    def receive(self, data: bytes, now_ms: int) -> bytes:  # noqa: ARG002  # a line has no plans
        self.waiting += data
        self.came.set()
        return b""

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002
        return b""


async def _out(near: _Near, cable: PtyCable, transport: Transport, recorder: Recorder) -> None:
    """A service that is too far ahead is held back by its own terminal."""
    while True:
        await near.came.wait()
        near.came.clear()
        data = bytes(near.waiting)
        near.waiting.clear()
        cable.stall(len(data) > WAITING_MAX)
        recorder.add("out", data)
        await transport.write(data, deadline_s=2.0 + len(data) * 20 / transport.baud)
        with contextlib.suppress(OSError):
            cable.stall(False)


async def _in(transport: Transport, cable: PtyCable, recorder: Recorder) -> None:
    while True:
        data = await transport.read()
        transport.frame_seen()  # whether it makes sense is for the service to say
        recorder.add("in", data)
        cable.send(data)
