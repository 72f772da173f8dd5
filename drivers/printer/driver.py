"""An ESC/POS printer on a byte pipe: one slip at a time, its state asked between pieces, its proof awaited.

The question of every failure is: may paper carry something, and did the printer itself say what is wrong?
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.printer.bitmap import Paint
from drivers.printer.document import Document, Row
from drivers.printer.escpos import ASB_ON, ASK_PAPER, EscPos, ask_printed, ask_status
from drivers.printer.link import Link, Sorter
from drivers.printer.profile import PrinterProfile
from drivers.printer.scripts import joined
from drivers.printer.status import CANNOT_TELL, Demux, PrinterStatus, from_automatic, from_real_time
from drivers.printer.writer import Dialect, Slip, Writer
from drivers.transport import SendRest, Transport

REPLY_S: Final = 1.5  # a state query unanswered for so long counts as unanswered
PROOF_S: Final = 3.0  # beyond the time the paper needs
LOOK_S: Final = 0.5  # between looks at the state while the proof is awaited
FENCE_S: Final = 8.0  # an old slip left in a 4 KB buffer comes out within this time
NOISE_MAX: Final = 4  # strange bytes beside an answer; with more of them it is no printer that answers
YOUNG_S: Final = 1.0  # an answer to what was foreseen longer ago than this may be old: it is asked again
POLL_S: Final = (0.5, 1.0, 2.0, 5.0)


class Outcome(StrEnum):
    CONFIRMED = "confirmed"  # the printer says that everything is on paper
    PROCESSED = "processed"  # the printer worked through all bytes
    SENT = "sent"  # the printer took the bytes; it cannot say more


class PrintFault(DeviceError):
    """The slip did not come out whole, or nobody knows.

    Attributes:
        reason: paper_out, cover_open, cutter_jam, offline, no_answer or gone.
        touched: at least a byte may be on paper.
        definite: the printer reported the fault or lost what it was given; otherwise a person must look.
    """

    def __init__(self, reason: str, *, touched: bool, definite: bool) -> None:
        super().__init__(reason)
        self.reason, self.touched, self.definite = reason, touched, definite


class _Ahead(NamedTuple):
    """A question for the state that waits to be sent, or was: ``ask`` tells."""

    ask: SendRest
    strange: int  # bytes heard before
    at_s: float

    def age_s(self) -> float:
        return asyncio.get_running_loop().time() - self.at_s


class EscPosPrinter:
    """A printer behind one open transport; when that is gone, open another and make another printer.

    Args:
        paint: draws text the printer has no letters for; without it such text becomes question marks.

    Another family answers the same questions in other bytes: see the class attributes.
    """

    dialect: ClassVar[Dialect] = EscPos()
    question: ClassVar[bytes] = ASK_PAPER  # answered in turn, when what came before is done
    status_on: ClassVar[bytes] = ASB_ON  # makes it tell its state now and whenever it changes
    sorter: ClassVar[Callable[[], Sorter]] = Demux

    def __init__(self, transport: Transport, profile: PrinterProfile, *, paint: Paint | None = None) -> None:
        self.profile = profile
        self._link, self._paint = Link(transport, type(self).sorter()), paint
        self._turn = asyncio.Lock()  # a slip is one piece: never two jobs at once (P5)
        self._last = CANNOT_TELL
        self._answers = profile.sure  # it has told its state before: from now on silence means something
        self._mute = False
        self._proves: bool | None = True if profile.sure else None
        self._marks: bool | None = None  # whether it tells what is printed by its mark; None: it was never asked
        self._touched = False
        self._half = 0  # bytes of a piece whose end the printer may not have
        self._uncut = False  # a slip was begun and its cut not sent
        self._jobs = 0
        self._before = 0  # strange bytes heard before this slip
        self._ahead: _Ahead | None = None

    # --- what the service calls -----------------------------------------------------------------------------

    async def status(self) -> PrinterStatus:
        """Ask; while a slip is printing, what was last heard. Raises DeviceGone only."""
        if self._turn.locked():
            return self._last
        async with self._turn:
            return await self._ask()

    async def ready(self) -> None:
        """Return when the printer says it can print; one that never says anything counts as ready.

        Polls after 0.5, 1, 2 and then every 5 s, without an end of its own. Raises DeviceGone.
        """
        for attempt in range(1 << 30):
            status = await self.status()
            if status.known and not status.fault:
                return
            if not status.known and not self._answers:
                return
            await asyncio.sleep(POLL_S[min(attempt, len(POLL_S) - 1)])

    def foresee(self) -> SendRest | None:
        """A slip follows if its beginning becomes durable. Nothing is sent, and nothing is raised.

        Returns:
            What asks for the state, from any thread; nothing of that reaches the paper. ``print`` waits for the
            answer, or asks itself where nobody did. None: not now, or this printer is not asked that way.
        """
        if self._turn.locked() or self._ahead is not None or self.profile.status != "dle":
            return None
        if not self._last.known or self._last.fault:
            return None  # of what was asked last an answer may still come
        ask = self._link.transport.put_ahead(b"", b"".join(map(ask_status, self._queries(1, 4))))
        if ask is not None:
            self._link.real_time = []
            self._ahead = _Ahead(ask, self._link.strange, asyncio.get_running_loop().time())
        return ask

    async def print(self, document: Document, job: str) -> Outcome:
        """Print one slip, whole; ``job`` names it across retries. Raises PrintFault."""
        slip = await self._rendered(document)
        async with self._turn:
            self._touched = False
            try:
                return await self._print(slip, job)
            except (DeviceGone, DeviceRefused):
                raise PrintFault("gone", touched=self._touched, definite=False) from None
            except DeviceTimeout:
                raise await self._stalled() from None

    async def _rendered(self, document: Document) -> Slip:
        """On another thread where letters are drawn: that takes milliseconds, and a sale may be running."""
        writer = Writer(self.profile, self._paint, self.dialect)
        if self._paint is None or not any(isinstance(line, Row) and _drawn(line) for line in document):
            return writer.slip(document)
        return await asyncio.get_running_loop().run_in_executor(None, writer.slip, document)

    async def open_drawer(self) -> None:
        """Pulse the cash drawer. Nothing printed can do this. Raises DeviceError."""
        await self._act(self.profile.drawer)

    async def beep(self) -> None:
        """Sound the buzzer, where the model has one. Raises DeviceError."""
        await self._act(self.profile.buzzer)

    async def _act(self, command: bytes) -> None:
        async with self._turn:
            await self._fill()
            await self._link.send(command)

    # --- a slip -------------------------------------------------------------------------------------------

    async def _print(self, slip: Slip, job: str) -> Outcome:
        await self._check()
        await self._end_old_slip()
        proof = await self._proof()
        self._link.restarted, self._before = False, self._link.strange
        self._jobs += 1
        mark = b"%04d" % ((zlib.crc32(job.encode()) + self._jobs) % 10000)
        *firsts, last = slip.chunks
        for chunk in firsts:
            await self._send(chunk, self.question if proof else b"")
            await self._check()
        final = {"process-id": ask_printed(mark), "gs-r": self.question, "etb": self.question}.get(proof, b"")
        await self._send(last, final)
        self._uncut = False
        if proof:
            block = b"\x37\x22" + mark if proof == "process-id" else b""
            return await self._proven(slip, block, Outcome.PROCESSED if proof == "gs-r" else Outcome.CONFIRMED)
        await asyncio.sleep(self._link.backlog_s())  # what is still here when the service stops goes with the port
        if self._answers:  # no proof to be had: give the paper its time, then see whether it ran out
            await asyncio.sleep(self._print_s(slip))
            await self._check()
        return Outcome.SENT

    async def _send(self, data: bytes, question: bytes) -> None:
        """One piece with its question: a piece lost in a restart is never answered for.

        A restart shorter than a piece takes on the line is seen only where the printer tells of it (its memory
        switch 1-1, "power-on notice").
        """
        self._touched = self._uncut = True
        self._half = len(data) + len(question)
        self._link.owed += question == self.question
        await self._link.send(data + question)
        self._half = 0

    async def _proven(self, slip: Slip, block: bytes, outcome: Outcome) -> Outcome:
        """Wait until every piece was answered for, looking at the printer's state meanwhile."""

        def done() -> bool:
            return self._link.owed == 0 and (not block or block in self._link.blocks)

        loop = asyncio.get_running_loop()
        end_s = loop.time() + self._link.backlog_s() + self._print_s(slip) + PROOF_S
        while loop.time() < end_s:
            if await self._link.collect(done, LOOK_S):
                return self._trusted(outcome)
            status = await self._ask()
            if status.fault and not done():
                raise PrintFault(status.fault, touched=True, definite=True)
        await self._check()
        unanswered = self._link.owed
        if await self._catch_up(done):
            return self._trusted(outcome)
        lost = self._link.owed == 0 and not self._chatter
        if lost and block and not unanswered and not self._marks:
            self._marks = False  # perhaps it knows no marks: a copy for every slip would be the answer to that
            raise PrintFault("no_answer", touched=True, definite=False)
        self._uncut = self._uncut or lost
        raise PrintFault("offline" if lost else "no_answer", touched=True, definite=lost)

    @property
    def _chatter(self) -> bool:
        return self._link.strange > self._before + NOISE_MAX

    def _trusted(self, outcome: Outcome) -> Outcome:
        """Answers of one byte stand somewhere in any chatter: then nobody knows what was printed (P4)."""
        self._whole()
        if outcome is Outcome.PROCESSED and self._chatter:
            raise PrintFault("no_answer", touched=True, definite=False)
        self._marks = outcome is Outcome.CONFIRMED or self._marks
        return outcome

    async def _catch_up(self, done: Callable[[], bool]) -> bool:
        """Ask once more. Answered while earlier questions are not: the printer restarted and lost those."""
        before = self._link.owed = self._link.owed + 1
        await self._link.send(self.question)
        if await self._link.collect(done, PROOF_S):
            return True
        if self._link.owed < before:
            self._link.owed = 0
        return False

    def _print_s(self, slip: Slip) -> float:
        return slip.feed_mm / self.profile.speed_mm_s + 0.5

    # --- before a slip ------------------------------------------------------------------------------------

    async def _end_old_slip(self) -> None:
        """Cut off what an interrupted slip left, and let its late answers come, before anything new."""
        await self._fill()
        if self._uncut:
            self._uncut = False
            feed = self.dialect.feed(self.profile.feed_lines) if self.profile.feed_lines else b""
            await self._link.send(self.dialect.init + feed + self.profile.cut)
        if self._link.owed:
            self._link.owed += 1
            await self._link.send(self.question)
            await self._link.collect(lambda: self._link.owed == 0, FENCE_S)
            self._link.owed = 0  # older answers can no longer come: what they asked about was lost
            await self._check()

    async def _fill(self) -> None:
        """Finish a command that was cut off in the middle: zeros print nothing anywhere else."""
        if self._half:
            await self._link.send(bytes(self._half))
            self._half = 0

    async def _proof(self) -> str:
        """How this unit proves printing, empty when it does not; a clone is tried once, on an empty line."""
        if self.profile.confirm == "none" or not self._answers:
            return ""
        if self._proves is None:
            self._link.owed = 1
            await self._link.send(self.dialect.init + self.question)
            self._proves = await self._link.collect(lambda: self._link.owed == 0, REPLY_S)
            self._link.owed = 0
        if not self._proves:
            return ""
        return "gs-r" if self.profile.confirm == "process-id" and self._marks is False else self.profile.confirm

    # --- state --------------------------------------------------------------------------------------------

    async def _check(self) -> None:
        """Raise PrintFault when the printer reports a fault, or is silent though it used to answer."""
        self._whole()
        if self._dumb:
            return
        status = await self._ask()
        if status.fault:
            raise PrintFault(status.fault, touched=self._touched, definite=True)
        self._whole()
        if not status.known and self._answers:
            raise PrintFault("no_answer", touched=self._touched, definite=False)

    @property
    def _dumb(self) -> bool:
        """It never said anything: nobody waits for it again until the next health check."""
        return self._mute and not self._answers

    def _whole(self) -> None:
        """Raise PrintFault when the printer restarted inside this slip: its own word that bytes were lost (P3)."""
        if self._link.restarted and self._touched:
            self._uncut = True  # the cut may have been among them
            raise PrintFault("offline", touched=True, definite=True)

    async def _stalled(self) -> PrintFault:
        """It takes no bytes. Perhaps it can still say why."""
        try:
            status = await self._ask()
        except (DeviceGone, DeviceRefused):
            return PrintFault("gone", touched=self._touched, definite=False)
        return PrintFault(status.fault or "no_answer", touched=self._touched, definite=bool(status.fault))

    async def _ask(self) -> PrinterStatus:
        """The printer's state now. Silence and a line that takes no bytes are "cannot tell"."""
        try:
            match self.profile.status:
                case "dle":
                    self._last = await self._ask_real_time()
                case "asb":
                    self._last = await self._ask_automatic()
        except DeviceTimeout:
            self._last = CANNOT_TELL
        self._answers = self._answers or self._last.known
        self._mute = not self._last.known
        return self._last

    async def _ask_real_time(self) -> PrinterStatus:
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.age_s() > YOUNG_S + REPLY_S or not ahead.ask():
            values = await self._values(1, 4)
        else:  # it is on the line, now at the latest: its answers come first, whatever they are worth
            values = await self._heard(self._queries(1, 4), ahead.strange)
            if values and ahead.age_s() > YOUNG_S:
                values = await self._values(1, 4)
        if values.get(1, 0) & 0x08:
            values |= await self._values(2, 3)
        return from_real_time(values)

    async def _values(self, *wanted: int) -> dict[int, int]:
        """Ask ``10 04 n`` for each."""
        queries = self._queries(*wanted)
        await self._link.hear()  # a stale reply left from an earlier request must not be taken for this one
        self._link.real_time, before = [], self._link.strange
        await self._link.send(b"".join(map(ask_status, queries)), urgent=True)
        return await self._heard(queries, before)

    async def _heard(self, queries: Sequence[int], before: int) -> dict[int, int]:
        """Their answers, all or none: they come in order and do not say which is which.

        ``before``: strange bytes that were heard before these were asked.
        """
        enough = await self._link.collect(lambda: len(self._link.real_time) >= len(queries), REPLY_S)
        if not enough or self._link.strange > before + NOISE_MAX:
            return {}
        return dict(zip(queries, self._link.real_time, strict=False))

    def _queries(self, *wanted: int) -> list[int]:
        return [query for query in wanted if query in self.profile.queries]

    def read_state(self, data: Sequence[int]) -> PrinterStatus:
        """What the printer sends of itself."""
        return from_automatic(data)

    async def _ask_automatic(self) -> PrinterStatus:
        """An offline printer does not answer the request, but has sent its state when it went offline."""
        before = self._link.automatic_count
        await self._link.send(self.status_on)
        if await self._link.collect(lambda: self._link.automatic_count > before, REPLY_S):
            return self.read_state(self._link.automatic)
        stale = self.read_state(self._link.automatic) if self._link.automatic else CANNOT_TELL
        return stale if stale.fault else CANNOT_TELL


def _drawn(row: Row) -> bool:
    return joined(row.left) or joined(row.right)
