"""Sales that another program asked for and whose end it was never told: the list for its return, and for people.

A program is told by the answer to its own call, or by an event that reached it. Who opened a sale is who must hear
of it; that somebody else did helps a till that fell over as little as that the receipt was printed.
"""

from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

from terminal.counter.book import Book
from terminal.counter.shopwide import Shopwide
from terminal.counter.tasks import Tasks
from terminal.errors import Conflict
from terminal.payments.event import Actor, NewEvent, Summary
from terminal.payments.sale import ENDED

GRACE_MS: Final = 60_000  # a till that is there asks within a minute
KEPT_MS: Final = 7 * 86_400_000  # who is away for longer reads the list of sales
SCANNED_MAX: Final = 200  # rows looked through for one page
OPENERS_MAX: Final = 4096
_PROGRAM: Final = "pos:"
_DOOR: Final = "pos:door:"  # a till behind a door of the settings is answered there, by that door's own rules


class Unheard:
    """``heard`` is called for everything a program is given: memory first, and writing in the background."""

    def __init__(self, shop: Shopwide, book: Book, tasks: Tasks) -> None:
        self._shop, self._book, self._tasks = shop, book, tasks
        self._openers: OrderedDict[str, str] = OrderedDict()
        self._writing: set[str] = set()

    def heard(self, sale: str, state: str, who: Actor, at_ms: int) -> None:
        """``who`` was given this sale in ``state``, which it has had since ``at_ms``."""
        now_ms = self._shop.clock.wall_ms()
        if state not in ENDED or now_ms - at_ms > KEPT_MS or self.opener(sale) != str(who):
            return
        name = f"{sale}:{state}"
        if name not in self._writing and not self.told(sale, state):
            self._writing.add(name)
            self._tasks.start(f"told {name}", lambda: self._write(sale, state, who))

    def opener(self, sale: str) -> str:
        """Who asked for a sale: ``pos:<key>``, ``person:<id>``, …; empty for what is none."""
        found = self._openers.get(sale)
        if found is None:
            events = self._shop.feed.of_subject(sale)
            found = events[0].actor if events and events[0].type == "sale_opened" else ""
            self._openers[sale] = found
            if len(self._openers) > OPENERS_MAX:
                self._openers.popitem(last=False)
        return found

    async def close(self, sale: str, *, actor: Actor) -> None:
        """A person has told whoever needed to know. Raises Conflict("exception_unknown"): nobody waits for it."""
        state = str(self._book.sale(sale).state)
        if not self._waits(sale, state):
            raise Conflict("exception_unknown", exception=f"unheard:{sale}")
        await self._write(sale, state, actor)

    def waiting(
        self, counters: Collection[str], *, who: Actor | None = None, before: int | None = None, limit: int = 20
    ) -> tuple[list[Summary], int | None]:
        """Newest first, and where to go on; None: there are no more.

        Args:
            counters: of which the sales may be; empty: all.
            who: only what this program asked for.
        """
        now_ms, found = self._shop.clock.wall_ms(), list[Summary]()
        rows = self._shop.feed.list("sale", before=before, limit=SCANNED_MAX)
        for row in rows:
            state, recent = str(row.body["state"]), now_ms - row.last_ms <= KEPT_MS
            quiet = now_ms - row.last_ms >= GRACE_MS
            mine = (not counters or row.counter in counters) and who in (None, _actor(self.opener(row.subject)))
            if recent and quiet and mine and self._waits(row.subject, state):
                found.append(row)
            if len(found) == limit:
                return found, row.first_number
        return found, rows[-1].first_number if len(rows) == SCANNED_MAX else None

    def _waits(self, sale: str, state: str) -> bool:
        opener = self.opener(sale)
        asked = opener.startswith(_PROGRAM) and not opener.startswith(_DOOR)
        return state in ENDED and asked and not self.told(sale, state)

    def told(self, sale: str, state: str) -> bool:
        """Whether it is on record that who asked for this sale knows that it came to be in ``state``."""
        return self._shop.feed.claimed("told", f"{sale}:{state}") is not None

    async def _write(self, sale: str, state: str, who: Actor) -> None:
        name = f"{sale}:{state}"
        body: dict[str, Any] = {"sale": sale, "state": state, "index": {"claims": [["told", name, str(who)]]}}
        event = NewEvent(f"hooks:{self._shop.house.store}", "result_told", f"told:{sale}", who, body)
        try:
            await self._shop.feed.append([event])
        except Conflict:
            pass  # two answers at once: it was told
        finally:
            self._writing.discard(name)


def _actor(text: str) -> Actor | None:
    return Actor("pos", text.removeprefix(_PROGRAM)) if text.startswith(_PROGRAM) else None
