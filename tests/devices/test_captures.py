"""What passes over a line is recorded while the service goes on, and plays again the same each time."""

import asyncio
import io
import re
from pathlib import Path

import msgspec
import pytest

from drivers.errors import DeviceGone
from drivers.scanner.driver import Scanner
from drivers.scanner.profile import load_profile
from drivers.serial_port import open_serial
from firmware_stubs.cables import PtyCable
from firmware_stubs.scanner import Gm65
from terminal.cli.devices.capture import Chunk, Head, Recorder, load, masked, masks
from terminal.cli.devices.record import relay
from terminal.cli.devices.tape import Entry, timeline
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.conformance.checks import acts
from tests.devices.wires import wire

WATCHDOG_S = 30.0
CODE = "https://example.test/Pay?n=134567890123456789"


def recorded(case: DeviceCase) -> tuple[Head, list[Chunk]]:
    """One whole act of a driver with its simulated device, as it passed over the wire."""
    chunks: list[Chunk] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        cable = wire(case.stub(), baud=case.baud)
        start_s = loop.time()

        def tap(source: str, data: bytes) -> None:
            ms = round((loop.time() - start_s) * 1000)
            chunks.append(Chunk(ms, "out" if source == "host" else "in", data.hex()))

        cable.tap = tap
        await acts(case, cable, cable)

    run(story(), seed=1)
    key, _, profile = case.key.partition(" ")
    return Head(protocol=key, profile=profile, baud=case.baud, masked=False), chunks


@pytest.mark.row(148)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_recorded_session_plays_the_same_twice_and_says_what_was_said(case: DeviceCase) -> None:
    head, chunks = recorded(case)
    first, second = timeline(head, chunks), timeline(head, chunks)
    assert first == second
    if case.key.startswith("scanner/"):
        assert f"scanned {CODE!r}" in [entry.text.rsplit(" ]", 1)[0] for entry in first if not entry.way]
        return
    played = b"".join(bytes.fromhex(chunk.hex) for chunk in chunks if chunk.way == "in")
    assert bool(played) == any(entry.way == "in" for entry in first)
    assert [entry for entry in first if entry.way == "out"]
    understood = bool(played) and case.key != "speaker/audio"  # its byte is the end of a program
    assert understood == any(entry.text.startswith("understood") for entry in first)


@pytest.mark.parametrize("case", [case for case in CASES if case.press], ids=lambda case: case.key)
def test_a_masked_capture_of_a_scanner_gives_nobody_the_code(case: DeviceCase) -> None:
    """Neither its bytes nor what a driver makes of them: of each scanner here, also one added later."""
    head, chunks = recorded(case)
    assert masks(head.protocol, with_codes=False)
    kept = [masked(chunk.data, head.protocol) if chunk.way == "in" else chunk.data for chunk in chunks]
    assert not [part for part in re.findall(r"\w{4,}", CODE) if part.encode() in b"".join(kept)]
    hidden = [Chunk(chunk.ms, chunk.way, data.hex()) for chunk, data in zip(chunks, kept, strict=True)]
    scanned = [entry.text for entry in timeline(head, hidden) if entry.text.startswith("scanned '")]
    assert not [text for text in scanned if re.search(r"[^\W0xX_]", text.split("'")[1])]


def test_a_driver_that_asks_otherwise_than_then_still_hears_the_scan() -> None:
    """The capture of one profile, played to another."""
    head, chunks = recorded(next(case for case in CASES if case.key == "scanner/gm65"))
    entries = timeline(head, chunks, "line")
    assert any(CODE in entry.text for entry in entries if not entry.way)


def test_recording_passes_everything_on_and_the_scan_s_code_is_in_no_file(tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    asyncio.run(_shop(tmp_path, file))
    head, chunks = load(file)
    assert head.masked
    assert {chunk.way for chunk in chunks} == {"in", "out"}
    assert b"134567890123456789" not in b"".join(chunk.data for chunk in chunks)
    replayed = [entry.text for entry in timeline(head, chunks) if not entry.way]
    assert f"scanned {masked(CODE.encode()).decode()!r}" in replayed


async def _shop(tmp_path: Path, file: Path) -> None:
    device = PtyCable(Gm65(), tmp_path / "device")
    await device.plug()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    async with asyncio.timeout(WATCHDOG_S):
        with file.open("x", encoding="utf-8") as out:
            recorder = Recorder(
                out, Head(protocol="scanner/gm65"), lambda: round((loop.time() - start_s) * 1000), size_max=100_000
            )
            link = tmp_path / "capture.port"
            recording = asyncio.create_task(relay(lambda: open_serial(str(device.link)), link, recorder, stop))
            while not link.exists():  # noqa: ASYNC110  # a link tells nobody
                await asyncio.sleep(0.005)
            scanner = Scanner(await open_serial(str(link)), load_profile("gm65"))
            pump = asyncio.create_task(scanner.run())
            await scanner.hello()
            stub = device.stub
            assert isinstance(stub, Gm65)
            stub.scan(CODE)
            device.poke()
            scans = scanner.scans()
            assert (await anext(scans)).text == CODE
            stop.set()
            assert await recording == "stopped"
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
    assert not link.is_symlink()
    await device.unplug()


async def test_l1_a_device_that_is_pulled_out_ends_the_recording_and_says_so(tmp_path: Path) -> None:
    device = PtyCable(Gm65(), tmp_path / "device")
    await device.plug()
    out = io.StringIO()
    recorder = Recorder(out, Head(), lambda: 0)
    async with asyncio.timeout(WATCHDOG_S):
        recording = asyncio.create_task(
            relay(lambda: open_serial(str(device.link)), tmp_path / "port", recorder, asyncio.Event())
        )
        while not (tmp_path / "port").exists():  # noqa: ASYNC110  # a link tells nobody
            await asyncio.sleep(0.005)
        await device.unplug()
        assert await recording != "stopped"
    assert '"end"' in out.getvalue().splitlines()[-1]
    with pytest.raises(DeviceGone):
        await relay(lambda: open_serial(str(device.link)), tmp_path / "again", recorder, asyncio.Event())


def test_entries_are_plain_data() -> None:
    assert msgspec.json.encode(Entry(1, "in", "x")) == b'[1,"in","x"]'
