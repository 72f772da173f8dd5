"""Proven money for orders that this journal does not know: kept, told, and ended only by a person (I1)."""

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict
from terminal.payments.event import Actor, Summary

SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Orphan:
    """``at_ms``: when this journal heard of it last, UTC; ``cursor`` finds its place in the list again."""

    order_no: str
    channel: str
    amount_minor: int
    currency: str
    at_ms: int
    cursor: int


def subject_of(order_no: str) -> str:
    return f"orphan:{order_no}"


class Orphans:
    """``turn`` is held while one is recorded or ended, so that no money is ended that nobody has seen.

    ``changes`` goes up each time: whoever shows them reads them again.
    """

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self.turn = asyncio.Lock()
        self.changes = 0

    def changed(self) -> None:
        """Such money belongs to no counter, so every counter's screens are told, at once."""
        self.changes += 1
        self._shop.tell()

    def waiting(self, *, after: int = 0, limit: int = SHOWN_MAX) -> list[Orphan]:
        """Those nobody has ended, oldest first, with a ``cursor`` above ``after``."""
        rows = (each for each in self._shop.feed.unfinished() if each.body["kind"] == "orphan")
        younger = (each for each in rows if each.first_number > after)
        return [self._read(each) for each in islice(younger, limit)]

    def _read(self, row: Summary) -> Orphan:
        told = [each for each in self._shop.feed.of_subject(row.subject) if each.type == "payment_orphaned"]
        body, at_ms = told[-1].body, told[-1].wall_ms
        amount = body["amount_minor"], body["currency"]
        return Orphan(body["order_no"], body["channel"], *amount, at_ms, row.first_number)

    async def close(self, order_no: str, how: str, note: str, *, actor: Actor) -> None:
        """A person has taken note. Raises Conflict("exception_unknown"): none is open for this order."""
        subject, feed = subject_of(order_no), self._shop.feed
        async with self.turn:
            rows = (each for each in feed.unfinished() if each.body["kind"] == "orphan")
            if all(each.subject != subject for each in rows):
                raise Conflict("exception_unknown", exception=subject)
            body: dict[str, Any] = {
                "order_no": order_no,
                "how": how,
                "note": note,
                "index": {"summary": {"kind": "orphan", "state": "closed", "final": True, "open": False}},
            }
            await self._shop.put_on_record("orphan_closed", subject, actor, body)
        self.changed()
