"""What cashiers say of a sale with one key, and customers with one of two buttons (rows of care, K and C).

Kept in the journal beside the sales, so that nothing is lost and nobody is counted twice: each thing is said once
a sale. Nobody waits for it: a sale knows nothing of what is said about it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from terminal.counter.ports import Clock, Ids, Journal
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, NewEvent, Summary

What = Literal["slow", "confusing", "device", "other"]
WHATS: Final[tuple[What, ...]] = get_args(What)
PAGE_MAX: Final = 200
REPORT_MAX: Final = 10_000  # rows of one report; further ones are counted as left out
SALES_SHOWN: Final = 5  # of one group, the newest
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Said:
    """``sale``: the counter's newest when it was said, empty where there was none; ``at_ms``: UTC."""

    id: str
    number: int
    what: str
    sale: str
    counter: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Group:
    """Everything of one kind: how often, where, when last, and some of the sales."""

    what: str
    count: int
    counters: Mapping[str, int]
    last_ms: int
    sales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was said since ``since_ms``, the most frequent first; ``good`` and ``bad`` are customers' answers."""

    since_ms: int
    groups: tuple[Group, ...]
    good: int = 0
    bad: int = 0
    left_out: int = 0
    ratings: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # counter -> good, bad


class FeedbackDesk:
    """``rating``: whether the shop's settings let customers answer."""

    def __init__(self, store: str, *, journal: Journal, clock: Clock, ids: Ids, rating: bool = False) -> None:
        self._stream, self._journal = f"store:{store}", journal
        self._clock, self._ids, self.rating = clock, ids, rating

    async def give(self, counter: str, what: What, actor: Actor) -> Said:
        """Durable on return. Said again of the same sale, or without one within a minute, it counts once."""
        sale, now_ms = self._last(counter), self._clock.wall_ms()
        subject = sale.subject if sale is not None else ""
        feedback_id = self._ids.ulid()
        row = {"kind": "feedback", "final": True, "what": what, "sale": subject, "counter": counter}
        claim = ["feedback", f"{counter}:{subject or now_ms // MINUTE_MS}:{what}", feedback_id]
        body: dict[str, Any] = {
            "what": what,
            "sale": subject,
            "counter": counter,
            "index": {"summary": row, "claims": [claim]},
        }
        try:
            await self._journal.append(
                [NewEvent(self._stream, "feedback_given", f"feedback:{feedback_id}", actor, body)]
            )
        except Conflict as taken:
            if taken.slug != "key_taken":
                raise
            feedback_id = self._journal.claimed("feedback", claim[1]) or feedback_id
        event = self._journal.of_subject(f"feedback:{feedback_id}")[0]
        return Said(feedback_id, event.number, what, event.body["sale"], counter, event.wall_ms)

    async def rate(self, counter: str, good: bool, actor: Actor) -> None:
        """A customer's answer to the sale that was just paid here; the first one stays.

        Raises:
            NotFound("rating_off"); Conflict("rating_too_late"): nothing was just paid, or the next sale began.
        """
        if not self.rating:
            raise NotFound("rating_off")
        sale = self._last(counter)
        if sale is None or sale.body.get("state") != "paid":
            raise Conflict("rating_too_late")
        await self.rate_sale(sale.subject, counter, good, actor)

    async def rate_sale(self, sale: str, counter: str, good: bool, actor: Actor) -> None:
        """A customer's answer to a sale that they can name; the first one stays. Raises NotFound("rating_off")."""
        if not self.rating:
            raise NotFound("rating_off")
        row = {"kind": "rating", "final": True, "good": good, "sale": sale, "counter": counter}
        claims = [["rating", sale, "good" if good else "bad"]]
        body: dict[str, Any] = {
            "good": good,
            "sale": sale,
            "counter": counter,
            "index": {"summary": row, "claims": claims},
        }
        try:
            await self._journal.append([NewEvent(self._stream, "rating_given", f"rating:{sale}", actor, body)])
        except Conflict as taken:
            if taken.slug != "key_taken":
                raise

    def said(self, *, before: int | None = None, limit: int = PAGE_MAX) -> list[Said]:
        """Newest first; ``before`` is the number of the last one seen."""
        return [_said(row) for row in self._journal.list("feedback", before=before, limit=min(limit, PAGE_MAX))]

    def report(self, days: int) -> Report:
        since_ms = self._clock.wall_ms() - days * DAY_MS
        told, left_out = self._since("feedback", since_ms)
        rated, more = self._since("rating", since_ms)
        return grouped(told, rated, since_ms, left_out=left_out + more)

    def _since(self, kind: str, since_ms: int) -> tuple[list[Summary], int]:
        """Rows not older than this, and 1 where there were more than ``REPORT_MAX``."""
        found: list[Summary] = []
        before: int | None = None
        while rows := self._journal.list(kind, before=before, limit=PAGE_MAX):
            young = [row for row in rows if row.first_ms >= since_ms]
            found += young
            if len(young) < len(rows):
                return found, 0
            if len(found) >= REPORT_MAX:
                return found, 1
            before = rows[-1].first_number
        return found, 0

    def _last(self, counter: str) -> Summary | None:
        return next(iter(self._journal.list("sale", counter=counter, limit=1)), None)


def grouped(told: Iterable[Summary], rated: Iterable[Summary], since_ms: int, *, left_out: int = 0) -> Report:
    """Pure: rows of what was said, newest first, to the report."""
    rows: dict[str, list[Summary]] = {}
    for row in told:
        rows.setdefault(row.body["what"], []).append(row)
    groups = [
        Group(
            what,
            len(found),
            _counted(row.body["counter"] for row in found),
            max(row.first_ms for row in found),
            tuple(row.body["sale"] for row in found if row.body["sale"])[:SALES_SHOWN],
        )
        for what, found in rows.items()
    ]
    groups.sort(key=lambda group: (-group.count, group.what))
    ratings: dict[str, tuple[int, int]] = {}
    for row in rated:
        good, bad = ratings.get(row.body["counter"], (0, 0))
        ratings[row.body["counter"]] = (good + bool(row.body["good"]), bad + (not row.body["good"]))
    good, bad = sum(each for each, _ in ratings.values()), sum(each for _, each in ratings.values())
    return Report(since_ms, tuple(groups), good, bad, left_out, dict(sorted(ratings.items())))


def _counted(counters: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counters:
        found[each] = found.get(each, 0) + 1
    return dict(sorted(found.items()))


def _said(row: Summary) -> Said:
    body = row.body
    feedback_id = row.subject.partition(":")[2]
    return Said(feedback_id, row.first_number, body["what"], body["sale"], body["counter"], row.first_ms)
