"""Reading the whole database back: chains, signed checkpoints, clear values, claims, the server's own rules."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence

import asyncpg

from terminal.errors import JournalError
from terminal.journal.anchors import Anchors
from terminal.journal.checkpoints import Checkpoint
from terminal.journal.keys import JournalKeys
from terminal.journal.postgres import log as database
from terminal.journal.postgres.log import Claim
from terminal.journal.postgres.place import LOST, Place, close
from terminal.journal.postgres.schema import altered
from terminal.journal.postgres.start import reach
from terminal.journal.projection import parse
from terminal.journal.records import BadRow, Chain, Row, decode
from terminal.journal.verify import Report, is_committed, one_history
from terminal.payments.anchor import Anchor

_BITE = 100  # rows of one step: some milliseconds
_CLAIMS = "SELECT kind, key, value, number FROM claim ORDER BY number"
_PERSONAL = """SELECT p.number, p.name, p.key_id, p.hidden, p.subject = e.subject AS same, e.body
    FROM personal p LEFT JOIN event e USING (number) ORDER BY p.number, p.name"""


class LogExamination:
    """One pass over a database, as of one moment. ``steps`` yields after a page; ``report`` says how it ended."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        place: Place,
        keys: JournalKeys,
        checkpoints: Sequence[Checkpoint],
        anchors: Sequence[Anchor] = (),
    ) -> None:
        self._connection, self._place, self.chain = connection, place, Chain(keys)
        self._anchors = Anchors(anchors)
        self._checkpoints = deque(one_history(checkpoints))
        self.report = Report(0)

    async def steps(self) -> AsyncIterator[None]:
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            async for _page in self.steps_inside():
                yield

    async def steps_inside(self) -> AsyncIterator[None]:
        """In the caller's own transaction."""
        try:
            if name := await altered(self._connection, self._place):
                raise BadRow(0, "schema", name)
            async for _page in self._log():
                yield
            async for _page in self._personal():
                yield
            self.report = Report(self.chain.number)
        except BadRow as bad:
            self.report = Report(self.chain.number, bad.reason, bad.number, bad.detail)
        except (asyncpg.PostgresError, ValueError) as error:
            if isinstance(error, LOST):
                raise
            self.report = Report(self.chain.number, "unreadable", self.chain.number + 1, str(error))

    async def _log(self) -> AsyncIterator[None]:
        self._at_checkpoint()
        cursor = await self._connection.cursor(_CLAIMS)
        claims = deque[Claim]()
        while rows := await database.rows_after(self._connection, self.chain.number, limit=_BITE):
            for row in rows:
                self.chain.follow(row)
                self._at_checkpoint()
                self._anchors.see(self.chain, row)
            while not claims or claims[-1][3] <= rows[-1].number:
                if not (more := await cursor.fetch(_BITE)):
                    break
                claims.extend((kind, key, value, number) for kind, key, value, number in more)
            _compare(rows, claims)
            yield
        if claims or await cursor.fetch(1):
            raise BadRow(0, "view", "claim: more than the events made")
        number = (await database.stand(self._connection, (), 0)).number
        if number != self.chain.number:
            raise BadRow(self.chain.number + 1, "gap", f"the log counts {number}")
        if self._checkpoints:
            raise BadRow(self.chain.number + 1, "rolled_back", f"signed up to {self._checkpoints[-1].number}")
        self._anchors.end(self.chain.number)

    def _at_checkpoint(self) -> None:
        while self._checkpoints and self._checkpoints[0].number == self.chain.number:
            if not self._checkpoints.popleft().fits(self.chain):
                raise BadRow(self.chain.number, "checkpoint")

    async def _personal(self) -> AsyncIterator[None]:
        """Clear values may be erased, but one that is there must be the one that was committed to."""
        cursor = await self._connection.cursor(_PERSONAL)
        while found := await cursor.fetch(_BITE):
            for number, name, key_id, hidden, same, body in found:
                if not (same and is_committed(self.chain.keys, number, name, key_id, hidden, body)):
                    raise BadRow(number, "personal", name)
            yield


def _compare(rows: Iterable[Row], claims: deque[Claim]) -> None:
    """Every event's claims stand under its number, and no others. Raises BadRow."""
    for row in rows:
        index = parse(decode(row.body), row.counter)
        wanted = {(*claim, row.number) for claim in index.claims} if index else set()
        found = set()
        while claims and claims[0][3] == row.number:
            found.add(claims.popleft())
        if wanted != found:
            raise BadRow(row.number, "view", f"claim: {min(wanted ^ found)[1]}")


async def verify_log(
    place: Place,
    keys: JournalKeys,
    signed: Sequence[Checkpoint],
    *,
    rest: float = 0,
    anchors: Sequence[Anchor] = (),
) -> Report:
    """Check a journal in its database, also beside the services that write it. Raises JournalError as ``reach``.

    Args:
        anchors: from its Z on paper.
        rest: how many times as long as a bite of the work took until the next one.
    """
    loop = asyncio.get_running_loop()
    connection = await reach(place)
    try:
        examination = LogExamination(connection, place, keys, signed, anchors)
        begun_s = loop.time()
        async for _page in examination.steps():
            await asyncio.sleep((loop.time() - begun_s) * rest)
            begun_s = loop.time()
        return examination.report
    except LOST as error:
        raise JournalError("database_lost", place=place.told, detail=str(error)) from error
    finally:
        await close(connection)
