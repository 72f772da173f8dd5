"""Which counters this instance answers for, and the proof of it: advisory locks of one session, and a number.

The server ends a session that was silent for a while, and its locks with it: also of a machine that was cut
off, frozen or lost its power. We stop by ourselves after a shorter while without an answer. Whoever
takes a counter over raises the log's fence, so that an append of the one before is refused however late it comes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from terminal.errors import JournalError
from terminal.journal.postgres.log import stand
from terminal.journal.postgres.place import LOST, Place, close

log = logging.getLogger(__name__)

_PAUSE_S: Final = 0.1

_TRY: Final = "SELECT pg_try_advisory_lock(hashtextextended($1 || ' ' || $2, 0))"
_LET: Final = "SELECT pg_advisory_unlock(hashtextextended($1 || ' ' || $2, 0))"
_WHO: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END: Final = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND backend_start = $2"""  # a pid alone may be another one's by now
_TAKE: Final = """INSERT INTO holder SELECT each, $2, $3 FROM unnest($1::text[]) AS each
    ON CONFLICT (stream) DO UPDATE SET fence = excluded.fence, instance = excluded.instance"""
_HOLDER: Final = "SELECT instance FROM holder WHERE stream = $1"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long counters stay with a machine nobody hears of: idle_s + poll_s, then another one begins.

    Args:
        beat_s: how often the server hears of us.
        lease_s: without an answer for so long, nothing is done any more that only one may do.
        idle_s: after that silence the server ends our session, and our locks with it.
        poll_s: how often one that waits looks.
    """

    beat_s: float = 1.0
    lease_s: float = 4.0
    idle_s: float = 6.0
    poll_s: float = 1.0

    def __post_init__(self) -> None:
        assert self.beat_s < self.lease_s < self.idle_s, "we stop before another one begins"


class Hold:
    """``take`` once, then ``run`` beside everything else until it fails or is cancelled.

    Args:
        streams: held as long as this instance runs, all or none.
        chores: a stream; whoever gets it does what is done once a shop. Empty: not we.
        instance: our name for people.
        news: called when another instance has written, and after every gap in hearing.
    """

    def __init__(
        self,
        place: Place,
        streams: Sequence[str],
        chores: str,
        instance: str,
        news: Callable[[str], None],
        pace: Pace,
    ) -> None:
        self._pace = pace
        self._place, self.streams, self._chores = place, tuple(sorted(set(streams))), chores
        self._instance, self._news = instance, news
        self._connection: asyncpg.Connection | None = None
        self._session: tuple[Any, ...] = ()
        self._heard_s = 0.0
        self.fence = 0
        self.has_chores = asyncio.Event()

    async def take(self, meanwhile: Callable[[], Awaitable[None]] | None) -> None:
        """Take every stream; ``meanwhile`` is called now and then while another one has some of them.

        Raises:
            JournalError: ``counter_held`` or ``database_lost`` where there is no ``meanwhile``.
        """
        told = ""
        while True:
            try:
                missing, instance = await self._try()
                if not missing:
                    return
                refused = JournalError("counter_held", counter=missing.partition(":")[2], instance=instance)
            except LOST as error:
                self._drop()
                refused = JournalError("database_lost", place=self._place.told, detail=str(error))
            if meanwhile is None:
                raise refused
            if told != (told := str(refused)):
                log.warning("standing by: %s", refused)
            await meanwhile()
            await asyncio.sleep(self._pace.poll_s)

    async def run(self) -> None:
        """Raises JournalError: ``counter_lost``, ``database_lost``."""
        loop = asyncio.get_running_loop()
        while True:
            sent_s = loop.time()
            if sent_s > self._heard_s + self._pace.lease_s:
                raise JournalError("counter_lost", why="this machine slept")
            try:
                async with asyncio.timeout_at(self._heard_s + self._pace.lease_s):
                    await self._beat()
                self._heard_s = sent_s
            except LOST as error:
                await self._regain(error)
            await asyncio.sleep(self._pace.beat_s)

    async def close(self) -> None:
        """Let the counters go: another instance has them at its next look."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await close(connection)

    def abandon(self) -> None:
        """As a killed process leaves it."""
        self._drop()

    async def _open(self) -> asyncpg.Connection:
        connection = await self._place.connect(idle_s=self._pace.idle_s, timeout_s=self._pace.lease_s / 2)
        try:
            await connection.add_listener(self._place.schema, lambda *told: self._news(str(told[3])))
        except BaseException:
            connection.terminate()  # nobody else has it yet; its locks and its place at the server end here
            raise
        return connection

    async def _try(self) -> tuple[str, str]:
        """("", "") when all are ours; else one that is not, and who has it."""
        if self._connection is None:
            self._connection = await self._open()
        connection = self._connection
        sent_s = asyncio.get_running_loop().time()
        got: list[str] = []
        for stream in self.streams:
            if not await connection.fetchval(_TRY, self._place.schema, stream):
                for each in got:
                    await connection.execute(_LET, self._place.schema, each)
                return stream, await connection.fetchval(_HOLDER, stream) or ""
            got.append(stream)
        if self.streams:
            async with connection.transaction():
                self.fence = await connection.fetchval("UPDATE log SET fence = fence + 1 RETURNING fence")
                await connection.execute(_TAKE, list(self.streams), self.fence, self._instance)
        await self._settle(connection, sent_s)
        return "", ""

    async def _settle(self, connection: asyncpg.Connection, sent_s: float) -> None:
        self._session = tuple(await connection.fetchrow(_WHO))
        await self._look_for_chores(connection)
        self._heard_s = sent_s
        self._news("")

    async def _look_for_chores(self, connection: asyncpg.Connection) -> None:
        if not self._chores or self.has_chores.is_set():
            return
        if await connection.fetchval(_TRY, self._place.schema, self._chores):
            self.has_chores.set()

    async def _beat(self) -> None:
        if self._connection is None:
            raise ConnectionError
        await self._connection.fetchval("SELECT 1")
        await self._look_for_chores(self._connection)

    async def _regain(self, why: BaseException) -> None:
        """A new session with the same locks, if nobody had them meanwhile and it is not too late."""
        loop = asyncio.get_running_loop()
        self._drop()
        log.warning("the database does not answer (%s)", why or type(why).__name__)
        while (now_s := loop.time()) < self._heard_s + self._pace.lease_s:
            try:
                async with asyncio.timeout_at(self._heard_s + self._pace.lease_s):
                    if await self._again(now_s):
                        return
            except LOST as error:
                self._drop()
                why = error
            await asyncio.sleep(_PAUSE_S)
        raise JournalError("database_lost", place=self._place.told, detail=str(why))

    async def _again(self, sent_s: float) -> bool:
        """Raises JournalError("counter_lost")."""
        if self._connection is None:
            self._connection = await self._open()
        connection = self._connection
        await connection.execute(_END, *self._session)
        if (await stand(connection, self.streams, self.fence)).held != len(self.streams):
            raise JournalError("counter_lost", why="taken over")
        for stream in self.streams:
            if not await connection.fetchval(_TRY, self._place.schema, stream):
                await connection.execute("SELECT pg_advisory_unlock_all()")
                return False  # the old session is still ending
        if self.has_chores.is_set() and not await connection.fetchval(_TRY, self._place.schema, self._chores):
            raise JournalError("counter_lost", why="taken over")
        await self._settle(connection, sent_s)
        return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
