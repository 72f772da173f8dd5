"""A scanner on a transport: one pump for every protocol, an iterator of scans, one question at a time."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeVar

from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.scanner.languages import speech_of
from drivers.scanner.line import Line, Refusal
from drivers.scanner.profile import ScannerProfile
from drivers.scanner.speech import AskAgain, Identity, Send, undone
from drivers.transport import Transport

T = TypeVar("T")
QUEUE_MAX: Final = 8  # scans nobody took yet; the oldest goes first: a scan is for now or for nothing
SEEN_MAX: Final = 32  # codes remembered against double fire
ANSWERS_MAX: Final = 8  # answers within one question; more are noise
TRIES: Final = 3
PAUSE_S: Final = 0.1  # before a question the device did not understand is asked again
WAKE_S: Final = 0.05
SEND_S: Final = 0.5  # for what the protocol owes; a device that takes no byte for so long is gone
RESEND_S: Final = 30.0  # two repeats after at most 9.9 s each: what says "sent before" within it was
GAP_CHARS: Final = 5  # a line is quiet when so many characters could have come


@dataclass(frozen=True, slots=True)
class Scanned:
    """One code. ``at_s`` is the running loop's time. ``text`` may be a payment code: memory only."""

    text: str = field(repr=False)
    symbology: str
    at_s: float


def _nobody(_refusal: Refusal) -> None:
    """Nobody wants to hear of it."""


class Scanner:
    """Run ``run()`` in a task, then use the rest.

    ``refused`` counts what arrived and was no code, by reason; ``on_refused`` hears of each; ``repeats`` double
    fires; ``overflowed`` scans nobody took. Nothing of a code is kept but its hash.

    Args:
        double_fire_s, reply_timeout_s: instead of the profile's.
    """

    def __init__(
        self,
        transport: Transport,
        profile: ScannerProfile,
        *,
        double_fire_s: float | None = None,
        reply_timeout_s: float | None = None,
    ) -> None:
        self.profile = profile
        self.refused: Counter[Refusal] = Counter()
        self.on_refused: Callable[[Refusal], None] = _nobody
        self.repeats = self.overflowed = 0
        self._transport = transport
        self._reply_timeout_s = profile.reply_s if reply_timeout_s is None else reply_timeout_s
        self._double_fire_s = profile.double_fire_s if double_fire_s is None else double_fire_s
        self._quiet_s = max(profile.idle_s, GAP_CHARS * 10 / transport.baud)
        self._speech = speech_of(profile)
        self._session = self._speech.session()
        self._seen: OrderedDict[bytes, float] = OrderedDict()  # hash -> last sight
        self._scans: asyncio.Queue[Scanned | None] = asyncio.Queue()  # bounded in _offer; None: the pump ended
        self._ended: DeviceError | None = None
        self._turn = asyncio.Lock()  # answers carry no request number: one question at a time
        self._answers: asyncio.Queue[object] | None = None
        self._own = self._back = b""  # the question in the air, and what came since it left
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
            self._answered(self._ended)
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

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._quiet_s if self._session.pending else None):
                    data = await self._transport.read()
            except TimeoutError:
                found = self._session.idle()
            else:
                self._listen_for_echo(data)
                found = self._session.feed(data)
            for item in found:
                await self._take(item)

    async def _take(self, item: object) -> None:
        match item:
            case Line():
                if len(item.text) >= self._speech.sound_min:
                    self._transport.frame_seen()
                self._offer(item)
            case Refusal():
                self.refused[item] += 1
                self.on_refused(item)
                self._say_no.set()
            case Send():
                if item.sound:
                    self._transport.frame_seen()
                await self._transport.write(item.data, deadline_s=SEND_S)
            case _:
                self._transport.frame_seen()
                self._answered(item)

    def _offer(self, line: Line) -> None:
        scanned = Scanned(line.text, line.symbology, asyncio.get_running_loop().time())
        window_s = max(self._double_fire_s, RESEND_S) if line.resent else self._double_fire_s
        if self._is_repeat(scanned, window_s):
            self.repeats += 1
            if not line.resent:
                self._say_no.set()
            return
        if self._scans.qsize() >= QUEUE_MAX:
            self._scans.get_nowait()
            self.overflowed += 1
        self._scans.put_nowait(scanned)

    def _is_repeat(self, scanned: Scanned, window_s: float) -> bool:
        """Every sight prolongs the window: a code left under a continuous scanner stays one scan."""
        key = sha256(scanned.text.encode()).digest()
        last_s = self._seen.pop(key, None)
        self._seen[key] = scanned.at_s
        if len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return last_s is not None and scanned.at_s - last_s <= window_s

    # --- what the protocol has ----------------------------------------------------------------------------

    @property
    def asks(self) -> bool:
        """Whether this scanner can be asked if it is there."""
        return self._speech.asks

    @property
    def triggered(self) -> bool:
        """It reads inside ``armed`` only."""
        return self._speech.triggered

    async def hello(self) -> Identity:
        """Ask who is there, and set the scanner up as the profile says, in its volatile memory.

        Raises:
            DeviceTimeout: no answer; DeviceRefused: something answers that is no such scanner.
        """
        return await self._speech.hello(self)

    async def alive(self) -> bool | None:
        """True: it answered. None: this scanner cannot be asked. Raises DeviceTimeout."""
        return await self._speech.alive(self)

    async def feedback(self, good: bool) -> bool:
        """Tell the person. Scanners beep by themselves at each read: yes needs nothing, no needs a sign.

        Returns:
            Whether this scanner can say it. Raises DeviceTimeout, DeviceGone.
        """
        return await self._speech.feedback(self, good=good)

    @asynccontextmanager
    async def armed(self) -> AsyncIterator[None]:
        """A triggered scanner reads inside, and is stopped behind it; what it says just then counts, too."""
        if not self._speech.triggered:
            yield
            return
        async with undone(lambda: self._speech.trigger(self, on=False)):
            await self._speech.trigger(self, on=True)  # inside: it may have begun when its answer is lost
            yield

    async def _signal(self) -> None:
        """Say no to a repeat or rubbish. The pump may not wait for it, and one sign is enough for many."""
        while True:
            await self._say_no.wait()
            try:
                await self.feedback(False)
            except DeviceError:
                if self._ended:
                    return  # nobody is there to be told
                await asyncio.sleep(1.0)  # it cannot be told; the pump notices a dead port by itself
            self._say_no.clear()

    # --- questions, for the protocol ----------------------------------------------------------------------

    async def ask(
        self, frame: bytes, fits: Callable[[object], T | None], *, again: bytes = b"", wake: bytes = b""
    ) -> T:
        """See ``drivers.scanner.speech.Asker``."""
        async with self._turn:
            for number in range(TRIES):
                found = await self._try(again if again and number else frame, fits, wake)
                if found is not None:
                    return found
        raise DeviceTimeout(f"scanner: no fitting answer after {TRIES} tries of {self._reply_timeout_s} s")

    async def tell(self, frame: bytes) -> None:
        """See ``drivers.scanner.speech.Asker``."""
        async with self._turn:
            if self._ended:
                raise self._ended
            await self._transport.write(frame, deadline_s=self._reply_timeout_s)

    async def _try(self, frame: bytes, fits: Callable[[object], T | None], wake: bytes) -> T | None:
        if self._ended:
            raise self._ended
        if wake:
            await self._transport.write(wake, deadline_s=self._reply_timeout_s)
            await asyncio.sleep(WAKE_S)
        answers = self._answers = asyncio.Queue(ANSWERS_MAX)
        self._own, self._back = frame, b""
        try:
            async with asyncio.timeout(self._reply_timeout_s):
                await self._transport.write(frame, deadline_s=self._reply_timeout_s)
                while True:
                    answer = await answers.get()
                    if isinstance(answer, DeviceError):
                        raise answer
                    if (found := fits(answer)) is not None:
                        return found
        except TimeoutError:
            return None
        except AskAgain:
            await asyncio.sleep(PAUSE_S)
            return None
        finally:
            self._answers, self._own = None, b""

    def _answered(self, answer: object) -> None:
        """Late answers match no question and are dropped."""
        if self._answers and not self._answers.full():
            self._answers.put_nowait(answer)

    def _listen_for_echo(self, data: bytes) -> None:
        """A two-wire adapter that returns what we send would make each question look like a scan (L5)."""
        if not self._own or len(self._back) >= len(self._own):
            return
        self._back += data[: len(self._own) - len(self._back)]
        if self._back == self._own:
            self._answered(
                DeviceRefused(
                    "scanner: what we send comes back; the adapter is half-duplex (RS-485) and must not echo"
                )
            )
