"""Alerts in the journal: raised once a rule, day and thing; open until a person has seen them (row 118)."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from terminal.errors import Conflict
from terminal.payments.event import Actor, NewEvent, Summary
from terminal.risk.rules import Alert, DayCounted

if TYPE_CHECKING:
    from terminal.counter.service import Service

WATCH: Final = Actor("system", "risk")
OPEN_MAX: Final = 60  # beyond that some end by themselves: a list nobody reads warns nobody
_KIND: Final = "risk"
_DAY: Final = "risk_day"


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """``facts`` fill the sentence that ``rule`` and ``why`` choose; ``at_ms``: UTC."""

    id: str
    rule: str
    why: str
    about: str
    count: int
    limit: int
    facts: Mapping[str, str | int]
    at_ms: int


def id_of(alert: Alert) -> str:
    return "K" + hashlib.sha256(alert.name.encode()).hexdigest()[:24]


class RiskAlerts:
    """``changes`` goes up whenever one is raised or ends: whoever shows them reads them again."""

    def __init__(self, service: "Service") -> None:
        self._service, self._stream = service, f"store:{service.house.store}"
        self._turn = asyncio.Lock()
        self.changes = 0

    async def raise_(self, alert: Alert) -> bool:
        """Durable on return. False: the same was raised before, perhaps before a restart."""
        alert_id = id_of(alert)
        async with self._turn:
            if self._service.feed.claimed(_KIND, alert_id) is not None:
                return False
            about = [alert.rule, alert.why, alert.about, alert.count, alert.limit, dict(alert.facts), alert.at_ms]
            row = {"kind": _KIND, "state": "open", "final": False, "open": False, "about": about}
            body: dict[str, Any] = {
                "rule": alert.rule,
                "why": alert.why,
                "about": alert.about,
                "count": alert.count,
                "limit": alert.limit,
                "facts": dict(alert.facts),
                "at_ms": alert.at_ms,
                "index": {"summary": row, "claims": [[_KIND, alert_id, alert.name]]},
            }
            await self._make_room()
            try:
                await self._service.feed.append(
                    [NewEvent(self._stream, "risk_alert_raised", alert_id, WATCH, body)]
                )
            except Conflict:
                return False  # another process of this shop was quicker
        self.told()
        return True

    async def _make_room(self) -> None:
        """The rule with the most warnings gives up its oldest: who floods one hides none of another."""
        rows = self._rows()
        while len(rows) >= OPEN_MAX:
            [(loudest, _)] = Counter(row.body["about"][0] for row in rows).most_common(1)
            oldest = next(row for row in rows if row.body["about"][0] == loudest)
            await self._end(oldest.subject, "too_many", WATCH)
            rows.remove(oldest)

    def waiting(self) -> list[OpenAlert]:
        """Newest first."""
        return [OpenAlert(row.subject, *row.body["about"]) for row in reversed(self._rows())]

    def one(self, alert: str) -> OpenAlert:
        """An open one. Raises Conflict("risk_alert_unknown")."""
        found = next((each for each in self.waiting() if each.id == alert), None)
        if found is None:
            raise Conflict("risk_alert_unknown")
        return found

    def _rows(self) -> list[Summary]:
        return [each for each in self._service.feed.unfinished() if each.body["kind"] == _KIND]

    async def close(self, alert: str, *, actor: Actor) -> None:
        """A person has seen it. Raises Conflict("risk_alert_unknown")."""
        async with self._turn:
            self.one(alert)
            await self._end(alert, "seen", actor)
        self.told()

    async def _end(self, alert: str, how: str, actor: Actor) -> None:
        row = {"kind": _KIND, "state": "closed", "final": True, "open": False}
        body = {"how": how, "index": {"summary": row}}
        await self._service.feed.append([NewEvent(self._stream, "risk_alert_ended", alert, actor, body)])

    # what limits are learned from

    async def keep_day(self, counted: DayCounted) -> None:
        row = {
            "kind": _DAY,
            "state": "done",
            "final": True,
            "open": False,
            "day": counted.day,
            "peaks": dict(counted.peaks),
            "hours": list(counted.hours),
        }
        body: dict[str, Any] = {
            "day": counted.day,
            "peaks": dict(counted.peaks),
            "hours": list(counted.hours),
            "index": {"summary": row},
        }
        subject = f"risk_day:{counted.day}"
        if not self._service.feed.of_subject(subject):
            await self._service.feed.append([NewEvent(self._stream, "risk_day_counted", subject, WATCH, body)])

    def days(self, limit: int) -> tuple[Summary, ...]:
        """The newest counted days, newest first."""
        return self._service.feed.list(_DAY, limit=limit)

    def told(self) -> None:
        """It belongs to no counter, so every counter's screens are told."""
        self.changes += 1
        for lane in self._service.lanes.values():
            lane.on_change()
