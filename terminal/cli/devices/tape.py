"""A capture plays to our driver on a wire in memory and on virtual time; what passes and what it makes of it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from drivers.display.bonrix import LineDecoder
from drivers.display.cobs import Decoder as FrameDecoder
from drivers.display.dgus import DgusDecoder
from drivers.display.nextion import NextionDecoder
from drivers.errors import DeviceError, DeviceGone, DeviceTimeout
from drivers.printer.star import StateDemux
from drivers.printer.status import Demux
from drivers.scanner.driver import Scanner
from drivers.scanner.profile import load_profile
from drivers.speaker import chip_codec, dfplayer, jq8900
from firmware_stubs.wire import Stub, Wire
from terminal.cli.devices.capture import Chunk, Head
from terminal.cli.words import wrong_option
from terminal.lab.readable import describe
from terminal.virtual_time import run

AFTER_S: Final = 3.0  # a code without suffix ends by silence
PATIENCE_MS: Final = 2000  # a driver that asks otherwise than the recorded one is not waited for longer
_DECODERS: Final[dict[str, Callable[[], Any]]] = {
    "display/countertop": FrameDecoder,
    "display/bonrix": LineDecoder,
    "display/nextion": NextionDecoder,
    "display/dgus": DgusDecoder,
    "printer/escpos": Demux,
    "printer/star": StateDemux,
    "speaker/dfplayer": dfplayer.Decoder,
    "speaker/jq8900": jq8900.Decoder,
}


class Entry(NamedTuple):
    """``way``: out, in, or empty for what our driver made of it."""

    ms: int
    way: str
    text: str


def timeline(head: Head, chunks: Sequence[Chunk], profile: str = "") -> list[Entry]:
    """What passes, in words, and what our driver makes of it. Raises BadSettings: no such profile."""
    if head.protocol.startswith("scanner/"):
        return run(_scanner(head, chunks, profile), seed=1)
    return run(_others(head, chunks), seed=1)


class Tape(Stub):
    """The device's part of a capture: it answers once the host has said as much as it had then."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = list(chunks)
        self._at = 0
        self._heard = 0  # bytes of the host, less those that chunks already played have used
        self._last_ms: int | None = None  # when the last chunk was played
        self._start_ms: int | None = None
        self.over = asyncio.Event()

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self._heard += len(data)
        return self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        said = b""
        while (due_ms := self.due(now_ms)) is not None and due_ms <= now_ms:
            chunk = self._chunks[self._at]
            self._at += 1
            self._last_ms = now_ms
            if chunk.way == "in":
                said += chunk.data
            else:
                self._heard = max(0, self._heard - len(chunk.data))
        if self._at == len(self._chunks):
            self.over.set()
        return said

    def due(self, now_ms: int) -> int | None:
        """When the next chunk is to be played."""
        if self._at == len(self._chunks):
            return None
        if self._start_ms is None:
            self._start_ms = now_ms
        chunk = self._chunks[self._at]
        before_ms = self._chunks[self._at - 1].ms if self._at else 0
        since_ms = self._start_ms if self._last_ms is None else self._last_ms
        due_ms = since_ms + chunk.ms - before_ms
        if chunk.way == "in":
            return due_ms
        return now_ms if self._heard >= len(chunk.data) else due_ms + PATIENCE_MS


class _Stage:
    """The wire, and everything that passes over it written down."""

    def __init__(self, head: Head, chunks: Sequence[Chunk]) -> None:
        self.entries: list[Entry] = []
        self.tape = Tape(chunks)
        self._protocol = head.protocol
        self._start_s = asyncio.get_running_loop().time()
        self.wire = Wire(self.tape, gone=DeviceGone, late=DeviceTimeout, baud=head.baud)
        self.wire.tap = self._tap
        self.wire.poke()

    def tell(self, way: str, text: str) -> None:
        ms = round((asyncio.get_running_loop().time() - self._start_s) * 1000)
        self.entries.append(Entry(ms, way, text))

    def _tap(self, source: str, data: bytes) -> None:
        for word in describe(self._protocol, "out" if source == "host" else "in", data):
            self.tell("out" if source == "host" else "in", word)

    async def until_over(self) -> None:
        await self.tape.over.wait()
        await asyncio.sleep(AFTER_S)


async def _scanner(head: Head, chunks: Sequence[Chunk], profile: str) -> list[Entry]:
    name = profile or head.profile or head.protocol.partition("/")[2]
    try:
        scanner_profile = load_profile(name)
    except (KeyError, FileNotFoundError, ValueError):
        raise wrong_option("--profile", f"there is no scanner profile {name!r}") from None
    stage = _Stage(head, chunks)
    scanner = Scanner(stage.wire, scanner_profile)

    async def greet() -> None:
        try:
            await scanner.hello()
        except DeviceError as error:
            stage.tell("", f"not greeted: {error}")

    async def take() -> None:
        async for scanned in scanner.scans():
            stage.tell("", f"scanned {scanned.text!r} {scanned.symbology}".rstrip())

    await _beside(stage.until_over(), scanner.run(), greet(), take())
    for reason, count in sorted(scanner.refused.items()):
        stage.tell("", f"refused {count} ×: {reason}")
    return stage.entries


async def _others(head: Head, chunks: Sequence[Chunk]) -> list[Entry]:
    """The recorded host speaks again; what comes back is read by our decoder."""
    stage = _Stage(head, chunks)

    async def host() -> None:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        for chunk in chunks:
            if chunk.way == "out":
                await asyncio.sleep(start_s + chunk.ms / 1000 - loop.time())
                await stage.wire.write(chunk.data)

    async def hear() -> None:
        decoder = _DECODERS[head.protocol]() if head.protocol in _DECODERS else None
        while True:
            data = await stage.wire.read()
            found = decoder.feed(data) if decoder else chip_codec.answers(data)
            for item in found:
                stage.tell("", f"understood {item!r}")

    await _beside(stage.until_over(), host(), hear())
    return stage.entries


async def _beside(main: Any, *others: Any) -> None:
    """Run ``main`` to its end; whatever runs beside it ends with it."""
    tasks = [asyncio.ensure_future(other) for other in others]
    try:
        await main
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
