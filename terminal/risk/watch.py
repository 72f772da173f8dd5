"""Follows the journal and lets the rules hear it; after a restart it remembers what it knew."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from terminal.risk.alerts import RiskAlerts
from terminal.risk.rules import Alert, DayCounted, ShopFacts, Watcher
from terminal.risk.table import RiskTable

if TYPE_CHECKING:
    from terminal.counter.service import Service
    from terminal.payments.event import Event

AGAIN_MAX: Final = 20_000  # events heard again after a start: a long day; older ones are in the counted days
PAUSE_S: Final = 0.02  # between two batches while far behind
OLD_MS: Final = 86_400_000  # what is heard again of an older time is remembered, and told to nobody


class RiskWatch:
    """``watcher`` is the rules with their memory; ``limits`` are asked there."""

    def __init__(self, service: "Service", alerts: RiskAlerts, table: RiskTable, shop: ShopFacts) -> None:
        self._service, self._alerts = service, alerts
        self.watcher = Watcher(table, shop)
        self.heard = 0  # the number of the last event

    async def run(self) -> None:
        """Until cancelled. What it finds never refuses, delays or changes a sale."""
        self.heard = self.heard or self._remember()
        async with aclosing(self._service.feed.follow(self.heard)) as news:
            async for batch in news:
                for event in batch:
                    await self._hear(event)
                behind = self._service.feed.published - self.heard
                if behind > 0:  # hearing a day again holds up no sale
                    await asyncio.sleep(PAUSE_S if behind > len(batch) else 0)

    def _remember(self) -> int:
        """The counted days; returns the event after which today began."""
        rows = self._alerts.days(self.watcher.table.learning.days)
        for row in reversed(rows):
            self.watcher.history.add(row.body["day"], dict(row.body["peaks"]), frozenset(row.body["hours"]))
        last = self._service.feed.last_number()
        first = max(last - AGAIN_MAX, 0)
        if rows:
            self.watcher.day = str(rows[0].body["day"])
            first = max(first, rows[0].last_number)
        return first

    async def _hear(self, event: "Event") -> None:
        self.heard = event.number  # before anything can fail: no event is heard twice
        self._service.holds.learn(event)
        for told in self.watcher.hear(event):
            if isinstance(told, DayCounted):
                await self._alerts.keep_day(told)
            elif self._is_news(told):
                await self._alerts.raise_(told)

    def _is_news(self, alert: Alert) -> bool:
        return alert.at_ms > self._service.parts.clock.wall_ms() - OLD_MS
