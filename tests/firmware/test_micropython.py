"""The firmware under real MicroPython: answers and pictures as under CPython, in little memory, and behind SPI.

Not run on a board: what a board's timing does is not measured here.
"""

import asyncio
import os
import pty
import random
import struct
import subprocess
import sys
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from drivers import qr
from drivers.display.driver import CounterDisplay, Result, Screen, Tile
from drivers.display.profile import DisplayProfile
from drivers.serial_port import open_serial
from firmware_stubs.display import DisplayStub
from tests.firmware.controller import Controller
from tests.qr_seen import texts_in
from tests.unit.drivers.golden import vectors
from tests.unit.firmware_stubs.test_display import answers, frame, matrix, show

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MICROPYTHON = Path(sys.executable).with_name("micropython")
HEAP = "96k"  # with 8-byte words and compiling its sources; a board has 4-byte words and compiled files
WATCHDOG_S = 60
BOARDS = {
    "esp32_st7789_240x320": partial(Controller, command_pin=2, select_pin=5, light_pin=15),
    "esp32_st7789_240x240": partial(Controller, command_pin=2, select_pin=5, light_pin=15, height=240),
    "rp2040_ili9341_240x320": partial(Controller, command_pin=20, select_pin=17, light_pin=22, mirrored=True),
}

if not MICROPYTHON.exists():  # no wheel for this machine (pyproject.toml says for which there is)
    pytest.skip("NOT COVERED: no MicroPython for this machine", allow_module_level=True)


# --- the same answers -----------------------------------------------------------------------------------------


def steps() -> Iterator[tuple[int, bytes]]:
    """A day of a display, badly treated: every type, damaged, split, merged, repeated, in time and too late."""
    chance = random.Random(42)
    version, modules = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")
    big, most = matrix("x" * 300)
    tile = struct.pack("<IHHHHB", 5, 4, 250, 16, 3, 0) + bytes(range(6))
    packed = struct.pack("<IHHHHB", 5, 0, 260, 64, 8, 1) + b"\xc1\xaa"
    acts = [
        *vectors("display").values(),
        frame(0x02, 1),
        frame(0x10, 2, show(5, version, modules)),
        frame(0x16, 3, tile),
        frame(0x16, 4, packed),
        frame(0x10, 5, show(6, big, most, flags=1)),
        frame(0x10, 5, show(6, big, most, flags=1), header=0x15),
        frame(0x11, 6, struct.pack("<IH", 7, 3) + b"\x05Hello\x04Caf\xe9"),
        *(frame(0x13, 7 + result, struct.pack("<IB", 8, result) + "¥28.50".encode()) for result in range(8)),
        frame(0x14, 20, b"\x32"),
        frame(0x15, 21, b"\x01"),
        frame(0x17, 22, b"\x01"),
        frame(0x10, 23, show(9, version, modules)),
        frame(0x18, 24, struct.pack("<I", 9)),
        frame(0x20, 25),
        frame(0x99, 26),
        b"\0" + b"\x01" * 3000 + b"\0",
    ]
    now_ms = 0
    for turn in range(150):
        data = b"".join(chance.choices(acts, k=chance.choice((1, 1, 1, 2))))
        if turn % 5 == 0:
            at = chance.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :]
        cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice((0, 0, 1, 4))))
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            now_ms += chance.choice((0, 1, 40, 900))
            yield now_ms, data[start:end]
        if turn % 7 == 0:
            now_ms += chance.choice((4999, 5001, 20000))
            yield now_ms, b""


def replay(*command: str) -> list[str]:
    story = "".join(f"{at} {data.hex()}\n" for at, data in steps())
    environment = {"MICROPYPATH": str(ROOT), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*command, str(HERE / "board" / "replay.py")],
        input=story,
        capture_output=True,
        text=True,
        env=environment,
        timeout=WATCHDOG_S,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    return done.stdout.splitlines()


def test_micropython_in_little_memory_answers_and_paints_as_cpython(
    record_property: Callable[[str, object], None],
) -> None:
    board, desk = replay(str(MICROPYTHON), "-X", f"heapsize={HEAP}"), replay(sys.executable)
    assert board[:-1] == desk[:-1]
    said = b"".join(bytes.fromhex(line.split(" ")[0]) for line in board[:-1])
    kinds = {body[1] for body in answers(said)}
    assert kinds == {0x02, 0x20, 0x7F}, "hello, state and ack were all said"
    used = int(board[-1].removeprefix("heap "))
    assert used < 64 * 1024
    record_property(
        "summary",
        f"firmware under MicroPython: {len(board) - 2} steps as under CPython, program and data {used} bytes of a "
        f"{HEAP} heap with 8-byte words; times on a board: not measured",
    )


# --- a board on a desk ----------------------------------------------------------------------------------------


@dataclass
class Desk:
    """A board that runs: where its port is, and the panel behind its SPI pins."""

    port: str
    panel: Controller
    log: Path
    read: int = 0

    def look(self) -> Controller:
        """The panel as it is now: what the board acknowledged it has sent."""
        data = self.log.read_bytes()[self.read :]
        self.read += self.panel.feed(data)
        return self.panel

    def code(self) -> list[str]:
        width, height, pixels = self.look().grey()
        return texts_in(Image.frombytes("L", (width, height), pixels))


@pytest.fixture(params=BOARDS)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """MicroPython runs the board's own program; its USB is a pseudo-terminal, its pins write a log."""
    device, host = pty.openpty()
    tty.setraw(host)
    log = tmp_path / "spi"
    environment = {
        "MICROPYPATH": f"{HERE / 'board'}:{ROOT}:.frozen",
        "BOARD_LOG": str(log),
        "PATH": os.environ["PATH"],
    }
    command = [MICROPYTHON, "-X", f"heapsize={HEAP}", HERE / "board" / "run_board.py", request.param]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=device, stdout=device, stderr=asyncio.subprocess.PIPE, env=environment
    )
    os.close(device)
    try:
        async with asyncio.timeout(WATCHDOG_S):
            yield Desk(os.ttyname(host), BOARDS[request.param](), log)
    finally:
        os.close(host)
        if process.returncode is None:
            process.kill()
        said = (await process.communicate())[1]
        assert b"Traceback" not in said.replace(b"KeyboardInterrupt", b""), said.decode()


async def greeted(desk: Desk) -> tuple[CounterDisplay, Callable[[], object]]:
    port = await open_serial(desk.port)
    unhurried = DisplayProfile(
        answer_ms=20_000, draw_ms=20_000, boot_ms=30_000
    )  # how fast it is, is not tested here
    display = CounterDisplay(port, profile=unhurried, serial="0C0FFEE0")
    await display.hello()
    return display, port.close


async def foreseen(display: CounterDisplay, *, ended: bool) -> int:
    """A result that is begun and perhaps ended, from another thread. Returns what the board says it shows then."""
    watching = asyncio.ensure_future(display.watch())
    await asyncio.sleep(0)
    release = display.foresee_result(12, Result.PAID, "28.50")
    assert release is not None
    if ended:
        assert await asyncio.to_thread(release)
    state = await display.state()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return state.screen


@pytest.mark.row(49)
async def test_a_board_s_panel_shows_what_a_phone_reads(
    desk: Desk, record_property: Callable[[str, object], None]
) -> None:
    display, close = await greeted(desk)
    text = "weixin://wxpay/bizpayurl?pr=abcdefg00"
    code = qr.encode(text)
    before = desk.look().writes
    await display.show_qr(11, 60, code.version, code.packed)
    assert desk.code() == [text]
    panel = desk.panel
    assert (panel.awake, panel.on, panel.stray) == (True, True, 0)
    size = f"{panel.width}x{panel.height}"
    record_property("summary", f"one code on a {size} panel: {panel.writes - before} bytes over SPI")

    if panel.height > panel.width:
        await display.add_tiles(11, [Tile(x=8, y=300, width=16, height=2, rows=b"\xff\x00\x00\xff")])
        dark = [desk.look().seen()[row][column] for row in (300, 301) for column in range(8, 24)]
        assert dark == [0] * 8 + [0xFFFF] * 16 + [0] * 8

    assert await foreseen(display, ended=False) == Screen.CODE, "of what was begun nothing is seen"
    assert desk.code() == [text]
    assert await foreseen(display, ended=True) == Screen.RESULT
    await display.show_result(12, Result.PAID, "28.50")
    corner = desk.look().seen()[0][0]
    assert corner >> 11 < 4 < corner >> 5 & 63, "green"

    for quarters in range(4):
        hello = await display.rotate(quarters)
        sides = (panel.width, panel.height)
        assert (hello.width, hello.height) == (sides if quarters % 2 == 0 else sides[::-1])
        await display.show_qr(13 + quarters, 60, code.version, code.packed)
        assert desk.code() == [text]
    assert zxingcpp.read_barcodes(Image.frombytes("L", (panel.width, panel.height), desk.look().grey()[2]))[
        0
    ].orientation in (90, -90, 270)

    await display.brightness(20)
    assert desk.look().light == 20 * 65535 // 100
    await display.clear()
    assert {word for row in desk.look().memory for word in row} == {0}
    state = await display.state()
    assert state.screen == Screen.BLANK
    await close()  # type: ignore[misc]


async def test_a_byte_03_is_data_to_a_board_not_a_key(desk: Desk) -> None:
    """On USB the interpreter's prompt owns the port: 03 would stop the program (MicroPython, kbd_intr)."""
    display, close = await greeted(desk)
    await display.show_text(3, 60, ("\x03\x03", "3"))
    state = await display.state()
    assert (state.screen, state.id) == (Screen.TEXT, 3)
    await close()  # type: ignore[misc]


def test_the_board_s_glass_equals_the_simulated_one() -> None:
    """Colours the host can only choose by name are the same on both."""
    from firmware_stubs.board.panel import RGB565
    from firmware_stubs.display import COLOURS

    for colour, (red, green, blue) in COLOURS.items():
        assert int.from_bytes(RGB565[colour], "big") == (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3, colour
    assert set(RGB565) == set(COLOURS)
    assert DisplayStub().glass()[:2] == (240, 320)
