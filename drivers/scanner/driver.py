"""A scanner on a transport: one pump that reads, an iterator of scans, commands where there are any."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.scanner import gm65
from drivers.scanner.line import Line, LineDecoder, Refusal
from drivers.scanner.profile import ScannerProfile
from drivers.transport import Transport

QUEUE_MAX: Final = 8  # scans nobody took yet; the oldest goes first: a scan is for now or for nothing
SEEN_MAX: Final = 32  # codes remembered against double fire
TRIES: Final = 3
FLASH_S: Final = 0.3  # how long the light stays on to say no


@dataclass(frozen=True, slots=True)
class Scanned:
    """One code. ``at_s`` is the running loop's time. ``text`` may be a payment code: memory only."""

    text: str = field(repr=False)
    symbology: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Identity:
    """``known`` is False where the protocol cannot ask."""

    title: str
    known: bool
    hardware: str = ""
    software: str = ""


class Scanner:
    """Run ``run()`` in a task, then use the rest.

    ``refused`` counts what arrived and was no code, by reason; ``repeats`` double fires; ``overflowed`` scans
    nobody took. Nothing of a code is kept but its hash.
    """

    def __init__(
        self,
        transport: Transport,
        profile: ScannerProfile,
        *,
        double_fire_s: float | None = None,
        reply_timeout_s: float = 0.5,
    ) -> None:
        self.profile = profile
        self.refused: Counter[Refusal] = Counter()
        self.repeats = self.overflowed = 0
        self._transport, self._reply_timeout_s = transport, reply_timeout_s
        self._double_fire_s = profile.double_fire_s if double_fire_s is None else double_fire_s
        options = {"aim_ids": profile.aim_ids, "suffix": profile.suffix}
        self._commands = profile.protocol == "gm65"
        self._decoder: gm65.Decoder | LineDecoder = (
            gm65.Decoder(**options) if self._commands else LineDecoder(**options)
        )
        self._seen: OrderedDict[bytes, float] = OrderedDict()  # hash -> last sight
        self._scans: asyncio.Queue[Scanned | None] = asyncio.Queue()  # bounded in _offer; None: the pump ended
        self._ended: DeviceError | None = None
        self._turn = asyncio.Lock()  # answers carry no request number: one question at a time
        self._answer: asyncio.Future[gm65.Reply | gm65.Alive] | None = None
        self._say_no = asyncio.Event()

    # --- reading ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read until the pipe fails.

        Raises:
            DeviceGone, DeviceRefused, DeviceTimeout: as the transport does; ``scans()`` raises the same.
        """
        signals = asyncio.create_task(self._signal())
        try:
            await self._read()
        except DeviceError as error:
            self._ended = error
            raise
        finally:
            self._ended = self._ended or DeviceGone("scanner: the reader was stopped")
            self._scans.put_nowait(None)
            if self._answer and not self._answer.done():
                self._answer.set_exception(self._ended)
            signals.cancel()
            await asyncio.gather(signals, return_exceptions=True)

    async def scans(self) -> AsyncIterator[Scanned]:
        """Codes, each once per double-fire window. Ends only by the error that ended ``run``."""
        while True:
            scanned = await self._scans.get()
            if scanned is None:
                self._scans.put_nowait(None)  # for the next reader
                raise self._ended or DeviceGone("scanner: the port closed")
            yield scanned

    def discard(self) -> None:
        """Forget what was scanned and not taken: no scan is kept for the next sale.

        The line itself is left alone: cutting it could leave the tail of a code looking like a code.
        """
        while not self._scans.empty():
            if self._scans.get_nowait() is None:
                self._scans.put_nowait(None)
                return

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self.profile.idle_s if self._decoder.pending else None):
                    data = await self._transport.read()
            except TimeoutError:
                found = self._decoder.idle()
            else:
                found = self._decoder.feed(data)
            for item in found:
                self._take(item)

    def _take(self, item: gm65.Found) -> None:
        match item:
            case Line(text=text, symbology=symbology):
                self._transport.frame_seen()
                self._offer(Scanned(text, symbology, asyncio.get_running_loop().time()))
            case Refusal():
                self.refused[item] += 1
                self._say_no.set()
            case _:  # an answer; late ones match no question and are dropped
                self._transport.frame_seen()
                if self._answer and not self._answer.done():
                    self._answer.set_result(item)

    def _offer(self, scanned: Scanned) -> None:
        if self._is_repeat(scanned):
            self.repeats += 1
            self._say_no.set()
            return
        if self._scans.qsize() >= QUEUE_MAX:
            self._scans.get_nowait()
            self.overflowed += 1
        self._scans.put_nowait(scanned)

    def _is_repeat(self, scanned: Scanned) -> bool:
        """Every sight prolongs the window: a code left under a continuous scanner stays one scan."""
        key = sha256(scanned.text.encode()).digest()
        last_s = self._seen.pop(key, None)
        self._seen[key] = scanned.at_s
        if len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return last_s is not None and scanned.at_s - last_s <= self._double_fire_s

    # --- commands -----------------------------------------------------------------------------------------

    async def hello(self) -> Identity:
        """Ask who is there, and set the module up as the profile says.

        Raises:
            DeviceTimeout: no answer; DeviceRefused: something answers that is no such scanner.
        """
        if not self._commands:
            return Identity(self.profile.title, known=False)
        hardware, software, year = await self._read_zone(gm65.VERSIONS, 3)
        for address, value in self.profile.setup.items():
            if await self._read_zone(address) != bytes((value,)):
                await self._write_zone(address, bytes((value,)))
                if await self._read_zone(address) != bytes((value,)):
                    raise DeviceRefused(f"scanner: setting {address:04X} does not keep its value")
        return Identity(self.profile.title, True, f"{hardware:02X}", f"{software:02X}/20{year:02d}")

    async def alive(self) -> bool | None:
        """True: it answered. None: this scanner cannot be asked. Raises DeviceTimeout."""
        if not self._commands:
            return None
        if self.profile.heartbeat:
            await self._ask(gm65.heartbeat(), 0)
        else:
            await self._read_zone(gm65.VERSIONS)
        return True

    async def feedback(self, good: bool) -> bool:
        """Tell the person. The module beeps by itself at each read: yes needs nothing, no flashes its light.

        Returns:
            Whether this scanner can say it. Raises DeviceTimeout, DeviceGone.
        """
        if not self._commands:
            return False
        if not good:
            normal = self.profile.setup.get(gm65.MODE, 0xD6)
            lit = (normal & ~gm65.LIGHT) | gm65.LIGHT_ALWAYS
            await self._write_zone(gm65.MODE, bytes((lit,)))
            try:
                await asyncio.sleep(FLASH_S)
            finally:
                await self._write_zone(gm65.MODE, bytes((normal,)))
        return True

    @asynccontextmanager
    async def armed(self) -> AsyncIterator[None]:
        """Scans from before are forgotten; a triggered module reads inside, and is stopped behind it."""
        self.discard()
        triggered = self._commands and self.profile.setup.get(gm65.MODE, 0) & 3 == 1
        if triggered:
            await self._command(gm65.trigger())
        try:
            yield
        finally:
            if triggered:
                await self._command(gm65.trigger(on=False))

    async def _signal(self) -> None:
        """Say no to a repeat or rubbish. The pump may not wait for it, and one flash is enough for many."""
        while True:
            await self._say_no.wait()
            try:
                await self.feedback(False)
            except DeviceError:
                await asyncio.sleep(1.0)  # it cannot be told; the pump notices a dead port by itself
            self._say_no.clear()

    async def _read_zone(self, address: int, count: int = 1) -> bytes:
        return (await self._ask(gm65.read(address, count), count)).data

    async def _write_zone(self, address: int, data: bytes) -> None:
        await self._command(gm65.write(address, data))

    async def _command(self, frame: bytes) -> None:
        await self._ask(frame, 1)

    async def _ask(self, frame: bytes, length: int) -> gm65.Reply:
        """Up to three tries; ``length`` is what a fitting answer holds (0: the answer to a heartbeat)."""
        async with self._turn:
            for _ in range(TRIES):
                answer = await self._try(frame)
                if isinstance(answer, gm65.Alive) and not length:
                    return gm65.Reply(gm65.Status.OK, b"")
                if isinstance(answer, gm65.Reply) and answer.status == gm65.Status.UNKNOWN_COMMAND:
                    raise DeviceRefused("scanner: it does not know this command; choose another profile")
                if isinstance(answer, gm65.Reply) and answer.status == 0 and len(answer.data) == length:
                    return answer
        raise DeviceTimeout(f"scanner: no fitting answer after {TRIES} tries of {self._reply_timeout_s} s")

    async def _try(self, frame: bytes) -> gm65.Reply | gm65.Alive | None:
        if self._ended:
            raise self._ended
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._reply_timeout_s):
                await self._transport.write(frame, deadline_s=self._reply_timeout_s)
                return await self._answer
        except TimeoutError:
            return None
        finally:
            self._answer = None
