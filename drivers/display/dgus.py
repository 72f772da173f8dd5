"""DWIN DGUS II panels (T5L) and relatives: ``5A A5 length command address data [CRC]``.

Source: DWIN, "T5L DGUSII Application Development Guide" (serial communication); the QR control's limits from the
maker's page on TGUS panels, which share the frame. The panel's own project: docs/devices/panels/dgus.md.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, NoReturn

from drivers.display.panel import PanelScreen, checked_code, cut, said
from drivers.display.panel_link import PanelLink
from drivers.errors import DeviceError, DeviceRefused, ShowsOther
from drivers.transport import Transport

HEAD: Final = b"\x5a\xa5"
WRITE: Final = 0x82
READ: Final = 0x83
OK: Final = b"OK"
PAGE_TO: Final = 0x0084  # writing 5A 01 and a number here turns the page
PAGE_NOW: Final = 0x0014
WRITES: Final = 3  # of an amount or a code, until what is read back is the same
CHUNK: Final = 240  # data bytes of one frame; whole words, below the 246 a frame holds
TEXT_END: Final = b"\xff\xff"
_PAGES: Final = {"code": "code", "idle": "idle"}


@dataclass(frozen=True, slots=True)
class DgusProfile:
    """See profiles/panels/dgus.toml. Addresses are those of the panel's project."""

    name: str = "dgus"
    title: str = "DWIN DGUS II panel"
    baud: int = 115200
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    answer_ms: int = 300
    draw_ms: int = 200
    crc: bool = False
    acks: bool = True
    code_max: int = 458
    text_max: int = 60
    encoding: str = "gbk"
    page_idle: int = 0
    page_code: int = 1
    page_result: int = 2
    code_vp: int = 0x2000
    amount_vp: int = 0x1000
    title_vp: int = 0x1040
    words_vp: int = 0x1080
    test_vp: int = 0x10C0
    serial_vp: int = 0


class Frame(NamedTuple):
    """One frame, either way: ``data`` follows the command byte."""

    command: int
    data: bytes = b""

    def to_bytes(self, *, crc: bool = False) -> bytes:
        body = bytes((self.command,)) + self.data
        assert len(body) + 2 <= 0xFF, "the driver splits what is longer"
        check = crc16(body).to_bytes(2, "little") if crc else b""
        return HEAD + bytes((len(body) + len(check),)) + body + check


def write(vp: int, data: bytes) -> Frame:
    return Frame(WRITE, vp.to_bytes(2, "big") + data)


def read(vp: int, words: int) -> Frame:
    return Frame(READ, vp.to_bytes(2, "big") + bytes((words,)))


def turn_page(page: int) -> Frame:
    return write(PAGE_TO, b"\x5a\x01" + page.to_bytes(2, "big"))


def ended(text: bytes) -> bytes:
    """A text as it lies in the panel's words: closed by FF FF and filled up to an even number of bytes."""
    closed = text + TEXT_END
    return closed + b"\xff" * (len(closed) % 2)


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS, where the panel's configuration asks for it; low byte first on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


class DgusDecoder:
    """Bytes in any split -> frames. Noise and frames with a wrong CRC are skipped byte by byte."""

    def __init__(self, *, crc: bool = False) -> None:
        self._crc = crc
        self._buffer = bytearray()  # never longer than one frame between calls

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (start := self._buffer.find(HEAD)) >= 0:
            del self._buffer[:start]
            if len(self._buffer) < 3 or len(self._buffer) < 3 + self._buffer[2]:
                return frames
            frame = self._sound(bytes(self._buffer[3 : 3 + self._buffer[2]]))
            if frame is None:
                del self._buffer[0]
            else:
                frames.append(frame)
                del self._buffer[: 3 + self._buffer[2]]
        keep = 1 if self._buffer.endswith(HEAD[:1]) else 0
        del self._buffer[: len(self._buffer) - keep]
        return frames

    def _sound(self, body: bytes) -> Frame | None:
        if self._crc:
            if len(body) < 3 or crc16(body[:-2]) != int.from_bytes(body[-2:], "little"):
                return None
            body = body[:-2]
        return Frame(body[0], body[1:]) if body and body[0] in (WRITE, READ) else None


class DgusPanel:
    """One panel with the project of docs/devices/panels/dgus.md: see ``drivers.display.panel.Panel``.

    Args:
        serial: refuse a panel with another text at ``serial_vp`` (L2); empty takes whoever is there.
    """

    shows_codes = True
    answers = True
    reads_back = True

    def __init__(self, transport: Transport, profile: DgusProfile, *, serial: str = "") -> None:
        self._transport, self._profile, self._serial = transport, profile, serial
        self._page = profile.page_idle
        self._link = PanelLink(
            transport,
            lambda: DgusDecoder(crc=profile.crc),
            is_echo=lambda frame, sent: frame.to_bytes(crc=profile.crc) == sent,
        )

    async def greet(self) -> dict[str, str]:
        await self._link.restart()
        self._page = await self._shown_page()
        told = {"model": self._profile.title}
        if self._profile.serial_vp:
            told["serial"] = await self._its_serial()
        if self._serial and told.get("serial", "") != self._serial:
            with suppress(DeviceError):  # out of its own counter's reach: what it shows is nobody's any more
                await self._turn_to(self._profile.page_idle)
            raise DeviceRefused(
                f"{self._transport.name}: this is panel {told.get('serial') or 'without number'}, "
                f"not {self._serial}; are two cables swapped?"
            )
        return told

    async def show(self, screen: PanelScreen) -> None:
        """The old screen down; texts on a page nobody sees; amount and code read back; then the page."""
        clean, page = said(screen, self._profile.encoding), _PAGES.get(screen.kind, "result")
        shape = self._profile
        code = self._code(screen) if screen.kind == "code" else b""
        if page == "code" or self._page != shape.page_idle:
            await self._turn_to(shape.page_idle)
        words = " ".join(each for each in (clean.words, clean.reference) if each)
        for vp, text in ((shape.title_vp, clean.title), (shape.words_vp, words), (shape.test_vp, clean.test)):
            await self._write(vp, ended(cut(text, shape.text_max, shape.encoding)))
        await self._keep(shape.amount_vp, ended(cut(clean.amount, shape.text_max, shape.encoding)), "amount")
        if page == "code":
            await self._keep(shape.code_vp, ended(code), "code")
        await self._turn_to({"code": shape.page_code, "idle": shape.page_idle}.get(page, shape.page_result))

    async def alive(self) -> bool:
        return await self._shown_page() == self._page

    async def watch(self) -> NoReturn:
        await self._link.watch()

    # --- one step -----------------------------------------------------------------------------------------

    def _code(self, screen: PanelScreen) -> bytes:
        limit = "code_max of its profile; the QR control of the panel holds no more"
        return checked_code(self._transport.name, screen.payload, self._profile.code_max, limit)

    async def _write(self, vp: int, data: bytes) -> None:
        """In as many frames as it takes; the address counts words, not bytes."""
        for at in range(0, len(data), CHUNK):
            frame = write(vp + at // 2, data[at : at + CHUNK]).to_bytes(crc=self._profile.crc)
            if self._profile.acks:
                await self._link.ask(frame, _acked, limit_ms=self._profile.answer_ms, what="write")
            else:
                await self._link.tell(frame)

    async def _read(self, vp: int, words: int) -> bytes:
        key = vp.to_bytes(2, "big") + bytes((words,))

        def held(frame: Frame) -> bytes | None:
            mine = frame.command == READ and frame.data[:3] == key and len(frame.data) == 3 + words * 2
            return frame.data[3:] if mine else None

        question = read(vp, words).to_bytes(crc=self._profile.crc)
        limit_ms = self._profile.answer_ms + words * 20_000 // self._transport.baud
        return await self._link.ask(question, held, limit_ms=limit_ms, what="read")

    async def _keep(self, vp: int, text: bytes, what: str) -> None:
        """Written until the panel's memory holds what it was given (L3, L11); its frames may carry no check."""
        for _ in range(WRITES):
            await self._write(vp, text)
            held = b""
            for at in range(0, len(text), CHUNK):
                held += await self._read(vp + at // 2, len(text[at : at + CHUNK]) // 2)
            if held == text:
                return
        raise ShowsOther(
            f"display at {self._transport.name}: the panel holds another {what} than it was given; "
            "compare its project with docs/devices/panels/dgus.md"
        )

    async def _turn_to(self, page: int) -> None:
        """Raises DeviceRefused when it stays where it was: its project has no such page."""
        frame = turn_page(page).to_bytes(crc=self._profile.crc)
        for _ in range(3):
            if self._profile.acks:
                await self._link.ask(frame, _acked, limit_ms=self._profile.answer_ms, what="page")
            else:
                await self._link.tell(frame)
            await asyncio.sleep(self._profile.draw_ms / 1000)
            shown = await self._shown_page()
            if shown == page:
                self._page = page
                return
        raise ShowsOther(
            f"display at {self._transport.name}: it stays on page {shown}, not {page}; "
            "compare its project with docs/devices/panels/dgus.md"
        )

    async def _shown_page(self) -> int:
        return int.from_bytes(await self._read(PAGE_NOW, 1), "big")

    async def _its_serial(self) -> str:
        data = await self._read(self._profile.serial_vp, 8)
        text = data.partition(b"\xff")[0].partition(b"\0")[0].decode("ascii", "replace")
        return text if text.isprintable() else ""


def _acked(frame: Frame) -> bool | None:
    return True if frame == Frame(WRITE, OK) else None
