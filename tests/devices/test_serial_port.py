"""Serial ports, TCP ports and their cables: real descriptors, pulled, stalled, flooded and numbered high."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
import termios
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from drivers.binding import opener
from drivers.descriptor_pipe import DescriptorPipe
from drivers.display.driver import CounterDisplay
from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout, PortBusy, PortForbidden
from drivers.serial_port import open_serial, refusal
from drivers.tcp_port import open_tcp
from drivers.transport import Transport
from firmware_stubs.cables import PtyCable, TcpCable
from firmware_stubs.display import DisplayStub
from firmware_stubs.wire import Stub
from tests.unit.firmware_stubs.test_display import matrix
from tests.watchdog import watched

WATCHDOG_S = 30.0
VERSION, MODULES = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")


class Negative(Stub):
    """Answers each byte with its complement: the same answer in however many pieces the kernel hands it over."""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return negative(data)

    def tick(self, now_ms: int) -> bytes:
        return b""


def negative(data: bytes) -> bytes:
    return bytes(255 - byte for byte in data)


async def echoed(port: Transport, data: bytes) -> bool:
    """Whether what is sent comes back, behind whatever was still on its way before."""
    await port.write(data, deadline_s=WATCHDOG_S)
    heard = b""
    while not heard.endswith(negative(data)):
        heard += await port.read()
    return True


@pytest.fixture(autouse=True)
async def watchdog() -> AsyncIterator[None]:
    """Ten times what any of these may take; no test waits for it."""
    with watched(WATCHDOG_S):
        yield


@pytest.fixture
async def cable(tmp_path: Path) -> AsyncIterator[PtyCable]:
    cable = PtyCable(Negative(), tmp_path / "port")
    await cable.plug()
    yield cable
    await cable.unplug()


@pytest.mark.row(41)
async def test_bytes_go_there_and_back(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link), baud=9600)
    assert (port.name, port.baud) == (str(cable.link), 9600)
    assert await echoed(port, b"abc")
    sent, data = bytes(range(256)), b""
    await port.write(sent)
    while len(data) < 256:
        data += await port.read()
    assert data == negative(sent)
    cable.send(b"old")
    old = b""
    while len(old) < 3:  # a terminal hands bytes over when the kernel gets round to it
        await asyncio.sleep(0.001)
        old += await port.discard_input()
    assert old == b"old"
    assert await echoed(port, b"new")
    await port.close()
    await port.close()
    with pytest.raises(DeviceGone, match="closed"):
        await port.write(b"x")


async def test_l1_unplugging_is_seen_at_once_and_by_every_call(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(gone(port.read()))
        await asyncio.sleep(0)
        await cable.unplug()
    assert reading.result()
    assert await gone(port.read())
    assert await gone(port.write(b"x"))
    assert await gone(open_serial(str(cable.link)))
    await port.close()


async def test_l1_who_listens_hears_bytes_and_the_end(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    heard, closed = bytearray(), asyncio.Event()

    def hear(data: bytes) -> None:
        heard.extend(data)
        if not data:
            closed.set()

    port.listen(hear)
    assert port.put(b"abc")
    while heard != negative(b"abc"):  # noqa: ASYNC110  # the far end answers when it is scheduled
        await asyncio.sleep(0.001)
    await cable.unplug()
    await closed.wait()
    with pytest.raises(DeviceGone):
        port.put(b"x")
    with pytest.raises(DeviceGone):
        await port.read()
    await port.close()


async def gone(call: object) -> bool:
    with pytest.raises(DeviceGone):
        await call  # type: ignore[misc]  # any of the port's coroutines
    return True


async def test_l1_a_hung_up_port_leaves_no_busy_loop(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    await cable.unplug()
    assert await gone(port.read())
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]  # what it still watches
    assert not [key for key in watched.values() if "DescriptorPipe" in repr(key.data)]
    await port.close()


def occupied(name: str) -> list[int]:
    """Descriptors that hold this pseudo-terminal; other tests of this machine take and free numbers too."""
    held: list[int] = []
    for _ in range(64):
        held += os.openpty()
        if os.ttyname(held[-1]) == name:
            break
    return held


async def test_l1_a_display_is_found_again_under_its_link_and_shown_the_code(tmp_path: Path) -> None:
    stub = DisplayStub()
    cable = PtyCable(stub, tmp_path / "display")
    await cable.plug()
    before = cable.link.readlink()
    find = opener(f"link:{cable.link}")
    port = await find()
    display = CounterDisplay(port)
    await display.hello()
    await display.show_qr(1, 60, VERSION, MODULES)
    async with asyncio.TaskGroup() as group:
        group.create_task(gone(display.watch()))
        await asyncio.sleep(0)
        await cable.unplug()
    await port.close()
    stub.restart()
    kept = occupied(str(before))  # so that the device comes back under another
    await cable.plug()
    assert cable.link.readlink() != before
    port = await find()
    display = CounterDisplay(port)
    assert (await display.hello()).boot_id == 2
    await display.show_qr(1, 60, VERSION, MODULES)
    assert stub.id == 1
    await port.close()
    await cable.unplug()
    for descriptor in kept:
        os.close(descriptor)


async def test_l2_swapped_cables_are_refused_on_both_sides(tmp_path: Path) -> None:
    cables = [PtyCable(DisplayStub(serial=name), tmp_path / name) for name in ("LEFT", "RIGHT")]
    for cable in cables:
        await cable.plug()
    await cables[0].swap(cables[1])
    for cable in cables:
        port = await open_serial(str(cable.link))
        with pytest.raises(DeviceRefused, match="swapped"):
            await CounterDisplay(port, serial=cable.link.name).hello()
        await port.close()
        await cable.unplug()


async def test_l6_a_flood_is_dropped_then_quarantined(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    assert isinstance(port, DescriptorPipe)
    while not port.quarantined:
        cable.send(b"\xaa" * 2048)
        await asyncio.sleep(0)
    assert port.dropped > 50_000
    with pytest.raises(DeviceRefused, match="none of it made sense"):
        await port.read()
    await port.close()
    again = await open_serial(str(cable.link))
    assert await echoed(again, b"ab")
    await again.close()


async def test_l6_a_flood_without_end_is_quarantined_at_each_opening_and_its_neighbour_answers(
    cable: PtyCable, tmp_path: Path
) -> None:
    beside = PtyCable(Negative(), tmp_path / "beside")
    await beside.plug()
    neighbour = await open_serial(str(beside.link))
    with cable.flooding(b"\xaa" * 4096):
        for _ in range(3):
            port = await open_serial(str(cable.link))
            assert isinstance(port, DescriptorPipe)
            while not port.quarantined:
                with contextlib.suppress(DeviceRefused):  # told here, should nothing have been left to read
                    assert await port.read()
                assert await echoed(neighbour, b"ab")
            with pytest.raises(DeviceRefused, match="none of it made sense"):
                await port.read()
            await port.close()
    await neighbour.close()
    await beside.unplug()


async def test_l8_after_xoff_a_write_ends_at_its_deadline_and_the_line_runs_again(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link), flow="xonxoff")
    cable.send(b"\x13!")
    assert await port.read() == b"!", "what came behind the XOFF is here, so the line has seen the XOFF"
    with pytest.raises(DeviceTimeout, match="took only 0 of 5 bytes"):
        await port.write(b"stall", deadline_s=0.05)
    assert await echoed(port, b"ab")
    await port.close()


async def test_l8_a_device_that_takes_no_bytes_is_given_up_and_its_rest_dropped(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    cable.stall()
    with pytest.raises(DeviceTimeout, match="of 90000 bytes"):
        await port.write(bytes(90000), deadline_s=0.05)
    await port.close()
    cable.stall(False)


async def test_l1_unplugged_while_a_write_waits(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    cable.stall()
    async with asyncio.TaskGroup() as group:
        group.create_task(gone(port.write(bytes(90000), deadline_s=WATCHDOG_S)))
        await asyncio.sleep(0.01)
        await cable.unplug()
    await port.close()


async def test_l1_an_unplugged_port_tells_of_itself_while_nobody_reads(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    told: asyncio.Future[DeviceError] = asyncio.get_running_loop().create_future()
    port.on_end(told.set_result)
    await cable.unplug()
    assert isinstance(await told, DeviceGone)
    again: asyncio.Future[DeviceError] = asyncio.get_running_loop().create_future()
    port.on_end(again.set_result)
    assert again.result() is told.result(), "whoever asks later is told at once"
    await port.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.EPROTO, "Protocol error"), DeviceTimeout),  # DTR could not be set: the adapter is dying
        (termios.error(errno.EIO, "Input/output error"), DeviceGone),  # pulled while it was set up
        (OSError(errno.EMFILE, "Too many open files"), DeviceRefused),
    ],
)
def test_l1_whatever_the_system_says_while_a_port_is_opened_is_a_devices_error(
    error: OSError | termios.error, kind: type[DeviceError]
) -> None:
    assert isinstance(refusal("/dev/ttyUSB0", error), kind)


async def test_l12_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    with pytest.raises(DeviceRefused, match="not a serial port"):
        await open_serial(str(tmp_path / "notes"))


async def test_a_host_whose_name_can_be_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(DeviceRefused, match="no host of that name"):
        await open_tcp("printer..shop", 9100)


async def test_l12_a_busy_port_names_the_fix(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    with pytest.raises(PortBusy, match=r"another program.*fuser.*ModemManager"):
        await open_serial(str(cable.link))
    await port.close()
    await (await open_serial(str(cable.link))).close()


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """The rights of an ordinary user; root may open everything."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


async def test_l12_a_forbidden_port_names_the_group(tmp_path: Path, cable: PtyCable) -> None:
    await (await open_serial(str(cable.link))).close()  # the worker thread starts with all rights
    port = tmp_path / "ttyUSB0"
    port.touch(mode=0o000)
    with nobody(), pytest.raises(PortForbidden, match=r"may not open the port.*dialout"):
        await open_serial(str(port))


async def test_l12_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceRefused, match="not a serial port"):
        await open_serial(str(tmp_path / "file"))


def descriptors() -> set[tuple[int, str]]:
    """Open ones with what they are; others of this process may go meanwhile, whenever garbage is collected."""
    held = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that read the folder
            held.add((int(entry.name), str(entry.readlink())))
    return held


@pytest.fixture
def crowded() -> Iterator[None]:
    """A process with more than a thousand descriptors open, as a chain's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.fail(f"this machine allows {hard} descriptors only; raise the hard limit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    with contextlib.ExitStack() as stack:
        for _ in range(1100):
            stack.callback(os.close, os.open("/dev/null", os.O_RDONLY))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("crowded")
async def test_i21_descriptors_above_1023_work(cable: PtyCable) -> None:
    port = await open_serial(str(cable.link))
    assert max(descriptors())[0] > 1023
    assert await echoed(port, b"abc")
    cable.stall()
    with pytest.raises(DeviceTimeout):
        await port.write(bytes(90000), deadline_s=0.05)
    await port.close()


async def test_i21_a_port_costs_one_descriptor_and_closing_gives_it_back(cable: PtyCable) -> None:
    before = descriptors()
    port = await open_serial(str(cable.link))
    assert [name for _, name in descriptors() - before] == [str(cable.link.readlink())]
    await port.close()
    assert descriptors() <= before


async def test_an_opening_that_is_cancelled_leaves_the_port_free(cable: PtyCable) -> None:
    opening = asyncio.create_task(open_serial(str(cable.link)))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    while True:  # the thread that opens it still has its end before it
        try:
            port = await open_serial(str(cable.link))
        except DeviceRefused:
            await asyncio.sleep(0.01)
        else:
            break
    await port.close()


async def test_a_device_behind_tcp_is_the_same_display() -> None:
    stub = DisplayStub()
    cable = TcpCable(stub)
    await cable.plug()
    port = await opener(f"tcp:127.0.0.1:{cable.port}")()
    display = CounterDisplay(port)
    await display.hello()
    await display.show_qr(1, 60, VERSION, MODULES)
    assert stub.id == 1
    async with asyncio.TaskGroup() as group:
        group.create_task(gone(display.watch()))
        await asyncio.sleep(0)
        await cable.unplug()
    await port.close()
    with pytest.raises(DeviceGone, match="refused"):
        await open_tcp("127.0.0.1", cable.port)


async def test_a_name_that_means_no_host_is_told() -> None:
    with pytest.raises(DeviceRefused, match="check the binding"):
        await open_tcp("no-such-host.invalid", 9100)


async def test_l8_a_write_whose_time_ends_as_its_port_is_closed_touches_no_other_ports_line() -> None:
    ours, others = socket.socketpair()
    ours.setblocking(False)
    touched: list[bool] = []
    pipe = DescriptorPipe(ours.detach(), name="full", baud=9600, reset=lambda _: touched.append(closed))
    closed = False
    writing = asyncio.create_task(pipe.write(bytes(1 << 24), deadline_s=0))
    await asyncio.sleep(0)
    await pipe.close()
    closed = True
    with pytest.raises(DeviceGone):
        await writing
    others.close()
    assert touched == [False]


async def test_l8_what_is_put_waits_for_nobody_and_never_stands_between_the_halves_of_a_write() -> None:
    ours, others = socket.socketpair()
    ours.setblocking(False)
    pipe = DescriptorPipe(ours.detach(), name="full", baud=9600)
    assert pipe.put(b"whole")
    assert not pipe.put(bytes(1 << 24)), "the line took the first of it"
    writing = asyncio.create_task(pipe.write(b"waits its turn", deadline_s=WATCHDOG_S))
    await asyncio.sleep(0)
    others.recv(1 << 24)
    assert not pipe.put(b"between")
    await pipe.close()
    with pytest.raises(DeviceGone):
        await writing
    others.close()
