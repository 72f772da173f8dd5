"""The reads of the journal's port, the same for both journals: answered from a local SQLite file."""

from collections.abc import Callable

import apsw

from terminal.journal.failure import Fatal
from terminal.journal.keys import JournalKeys
from terminal.journal.reader import Reader, Upcasters
from terminal.journal.settled import SettledReader
from terminal.payments.event import Event, Owed, Summary


class Reads:
    """What can be asked of ``reading``: the journal's own file, or the view of a log that is shared with others.

    Of a shared one it has all of this instance's own appends, and others' as soon as it hears of them.
    """

    def __init__(
        self,
        reading: apsw.Connection,
        keys: JournalKeys,
        upcasters: Upcasters | None,
        failed: Callable[[Fatal], None],
    ) -> None:
        self._reader, self._keys = Reader(reading, upcasters, failed=failed), keys
        self.settled = SettledReader(self._reader)

    def claimed(self, kind: str, key: str) -> str | None:
        return self._reader.claimed(kind, key)

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        return self._reader.of_subject(subject)

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        return self._reader.after(number, limit=limit)

    def last_number(self) -> int:
        return self._reader.last_number()

    def unfinished(self) -> tuple[Summary, ...]:
        return self._reader.unfinished()

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        return self._reader.list(kind, counter=counter, before=before, limit=limit, search=search)

    def owed(self) -> tuple[Owed, ...]:
        return self._reader.owed()

    def personal(self, number: int) -> dict[str, str]:
        """Clear personal data of one event, without what was erased."""
        return self._reader.personal(number, self._keys)
