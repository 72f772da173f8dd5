"""A printer on USB: found by what it calls itself, opened for us alone, quiet without being gone.

A pseudo-terminal stands in for /dev/usb/lp0; the kernel's own usblp needs a printer, see the matrix.
"""

import asyncio
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.binding import opener
from drivers.errors import DeviceGone, DeviceRefused, PortBusy
from drivers.usb_printer import find, open_usb_printer, printers

WATCHDOG_S = 30.0
EPSON = "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20;CLS:PRINTER;DES:EPSON TM-T20;SN:X1234;"


@pytest.fixture
def system(tmp_path: Path) -> Path:
    for name, told in {
        "lp0": EPSON,
        "lp1": "MFG:STAR;MDL:TSP650;SN:77;",
        "lp2": "MFG:STAR;MDL:TSP650;SN:78;",
    }.items():
        (tmp_path / "sys" / name / "device").mkdir(parents=True)
        (tmp_path / "sys" / name / "device" / "ieee1284_id").write_text(told + "\n")
    (tmp_path / "sys" / "lp3").mkdir()
    (tmp_path / "sys" / "hiddev0").mkdir()
    return tmp_path / "sys"


@pytest.fixture
def terminal() -> Iterator[tuple[list[int], Path]]:
    """(the printer's end, taken out of the list by who closes it; the path we open)."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    ends = [master]
    yield ends, Path(os.ttyname(slave))
    for descriptor in (*ends, slave):
        os.close(descriptor)


@pytest.mark.row(41)
def test_a_printer_is_found_by_what_it_calls_itself(system: Path) -> None:
    assert printers(system) == {
        "lp0": EPSON, "lp1": "MFG:STAR;MDL:TSP650;SN:77;", "lp2": "MFG:STAR;MDL:TSP650;SN:78;", "lp3": "",
    }  # fmt: skip
    assert find("TM-T20", system) == "lp0"
    assert find("SN:78;", system) == "lp2"
    with pytest.raises(DeviceRefused, match="means lp1, lp2"):
        find("TSP650", system)
    with pytest.raises(DeviceGone, match="nothing like it"):
        find("Bixolon", system)
    assert printers(system / "none") == {}


async def read_back(master: int, count: int) -> bytes:
    data = b""
    async with asyncio.timeout(WATCHDOG_S):
        while len(data) < count:
            try:
                data += os.read(master, 4096)
            except BlockingIOError:
                await asyncio.sleep(0.005)
    return data


@pytest.mark.row(41)
async def test_bytes_go_both_ways_and_only_one_program_has_it(
    system: Path, terminal: tuple[list[int], Path], tmp_path: Path
) -> None:
    (master,), path = terminal
    (tmp_path / "lp0").symlink_to(path)
    transport = await open_usb_printer("TM-T20", system=system, devices=tmp_path)
    try:
        await transport.write(b"\x10\x04\x01")
        assert await read_back(master, 3) == b"\x10\x04\x01"
        os.write(master, b"\x12")
        async with asyncio.timeout(WATCHDOG_S):
            assert await transport.read() == b"\x12"
        with pytest.raises(PortBusy, match="another program"):
            await open_usb_printer(str(path))
    finally:
        await transport.close()
    await (await opener(f"usb-printer:{path}")()).close()


async def test_l1_an_empty_read_is_silence_and_a_failing_one_the_end(tmp_path: Path) -> None:
    """A named pipe without a writer reads empty for ever, as a quiet printer does."""
    path = tmp_path / "lp0"
    os.mkfifo(path)
    transport = await open_usb_printer(str(path))
    told: list[Exception] = []
    transport.on_end(told.append)
    await transport.write(b"abc")
    async with asyncio.timeout(WATCHDOG_S):
        assert await transport.read() == b"abc"
    assert told == []
    await transport.close()
    assert [type(error) for error in told] == [DeviceGone]


async def test_l1_a_pulled_printer_is_gone(terminal: tuple[list[int], Path]) -> None:
    ends, path = terminal
    transport = await open_usb_printer(str(path))
    ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    transport.on_end(ended.set_result)
    os.close(ends.pop())
    async with asyncio.timeout(WATCHDOG_S):
        assert isinstance(await ended, DeviceGone)
    await transport.close()


async def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone, match="No such file"):
        await open_usb_printer(str(tmp_path / "lp9"))
    with pytest.raises(DeviceGone, match="nothing like it"):
        await opener("usb-printer:there is no such printer")()
