"""What a counter's speaker owes: taken from the journal's list *before* it is spoken, so at most once (I11)."""

import asyncio
import logging

from terminal.counter.book import Book
from terminal.counter.outbox import OUTBOX, note, settle, settled
from terminal.counter.ports import Played, Speaker, Utterance
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.log_context import about
from terminal.on_demand import OnDemand
from terminal.payments.event import Owed
from terminal.payments.fact import Facts
from terminal.payments.sale import Sale

log = logging.getLogger(__name__)


class Voice:
    """Says results in order, each once, only while they are news."""

    __slots__ = ("_book", "_counter", "_house", "_limits", "_queue", "_speaker", "work")

    def __init__(
        self, book: Book, speaker: Speaker | None, counter: CounterSettings, house: House, limits: Limits
    ) -> None:
        self._book, self._speaker = book, speaker
        self._counter, self._house, self._limits = counter, house, limits
        self._queue: list[tuple[int, Owed, bool]] = []  # (when heard of, monotonic ns; what; whether it was taken)
        self.work = OnDemand(self._say_all)

    def begin(self, _sale: Sale, owed: Owed) -> Facts:
        """Nobody speaks, so it would be taken as soon as it is durable that it is owed: it is taken with that."""
        if not self._speaker or not self._counter.voice:
            return (settled(self._book, owed, "no_speaker", OUTBOX),)
        return () if self._queue or not self.work.idle else (settled(self._book, owed, "taken", OUTBOX),)

    def owe(self, owed: Owed, *, begun: bool = False) -> None:
        if begun and (not self._speaker or not self._counter.voice):
            return
        self._queue.append((self._book.clock.mono_ns(), owed, begun))
        self.work.wake()

    def owe_stale(self, owed: Owed) -> None:
        """Owed before this process began: it is not known whether it was played, so it is not spoken."""
        self._queue.append((-(10**18), owed, False))
        self.work.wake()

    async def _say_all(self) -> None:
        while self._queue:
            with about(sale=self._queue[0][1].subject, counter=self._counter.id):
                await self._next()

    async def _next(self) -> None:
        dropped = len(self._queue) > self._limits.voice_queue
        heard_ns, owed, taken = self._queue.pop(0)
        if not taken:
            if dropped or not self._fresh(heard_ns):
                await settle(self._book, owed, "dropped" if dropped else "stale")
                return
            if not self._speaker or not self._counter.voice:
                await settle(self._book, owed, "no_speaker")
                return
            await settle(self._book, owed, "taken")
        played = Played.NOT_PLAYED  # no news any more: the disk took too long
        if self._speaker and not dropped and self._fresh(heard_ns):
            played = await self._say(self._speaker, self._utterance(owed))
        await note(self._book, owed.subject, "voice_ended", effect=owed.id, outcome=played.value)
        if played not in {Played.DONE, Played.QUIET}:
            log.warning("voice of counter %s: %s", self._counter.id, played.value)

    def _fresh(self, heard_ns: int) -> bool:
        return (self._book.clock.mono_ns() - heard_ns) / 1e9 <= self._limits.voice_fresh_s

    def _utterance(self, owed: Owed) -> Utterance:
        sale = self._book.sale(owed.subject)
        attempt = sale.attempt(owed.body["attempt"]) if owed.body["attempt"] else None
        return Utterance(
            kind=owed.body["says"],
            amount=attempt.amount if attempt else sale.amount,
            wallet=(attempt.wallet or attempt.provider) if attempt else "",
            language=self._counter.language("voice"),
            test=self._house.test,
            training=self._house.training,
        )

    async def _say(self, speaker: Speaker, utterance: Utterance) -> Played:
        """Speakers are bounded by themselves; one that is not must not hold up the next customer's word."""
        try:
            async with asyncio.timeout(self._limits.voice_s):
                return await speaker.say(utterance)
        except TimeoutError:
            return Played.CANNOT_TELL
