"""Keys and certificates that end by themselves: told 30, 7 and 1 days before, and when it is too late (row 36).

The provider's own time counts where it is known: a wrong clock must not hide the day. Nothing here refuses a sale.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from terminal.counter.ports import Expiring, Expiry
from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict
from terminal.payments.event import Actor, Summary

DAYS: Final = (0, 1, 7, 30)  # 0: it has ended
DAY_MS: Final = 86_400_000
LOOK_S: Final = 3600.0
_KIND: Final = "expiry"
_WATCH: Final = Actor("system", "expiries")


@dataclass(frozen=True, slots=True)
class EndingKey:
    """``id`` names it to whoever has seen it; ``days``: the step it was told at, 0 when it has ended."""

    id: str
    channel: str
    kind: str
    name: str
    until_ms: int
    days: int


def subject_of(channel: str, expiry: Expiry) -> str:
    return f"expiry:{channel}:{expiry.kind}:{expiry.name}"


def step_days(left_ms: int) -> int | None:
    """Which of DAYS is reached; None: there is time."""
    return next((days for days in DAYS if left_ms <= days * DAY_MS), None)


class Expiries:
    """``changes`` goes up whenever one is told, renewed or seen: whoever shows them reads them again."""

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self._turn = asyncio.Lock()
        self.changes = 0

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what reached its next step, and end what was renewed meanwhile."""
        async with self._turn:
            there = {subject_of(channel, each): (channel, each) for channel, each in self._known()}
            for subject, (channel, expiry) in there.items():
                if (days := step_days(expiry.until_ms - self._now_ms(channel))) is not None:
                    await self._tell(subject, channel, expiry, days)
            for row in self._open():
                if self._renewed(row, [each for _, each in there.values()], there):
                    await self._end(row, "renewed", _WATCH)

    def _known(self) -> Iterator[tuple[str, Expiry]]:
        for channel, provider in self._shop.providers.items():
            if isinstance(provider, Expiring):
                yield from ((channel, each) for each in provider.expiries())

    def _now_ms(self, channel: str) -> int:
        offset_s = self._shop.providers[channel].clock_offset_s
        return self._shop.clock.wall_ms() + int(offset_s * 1000)

    async def _tell(self, subject: str, channel: str, expiry: Expiry, days: int) -> None:
        for event in reversed(self._shop.feed.of_subject(subject)):
            told = event.type == "key_expiring" and event.body["until_ms"] == expiry.until_ms
            if told and event.body["days"] <= days:
                return
        row = {
            "kind": _KIND,
            "state": "open",
            "final": False,
            "open": False,
            "about": [channel, expiry.kind, expiry.name, expiry.until_ms, days],
        }
        body: dict[str, Any] = {
            "channel": channel,
            "kind": expiry.kind,
            "name": expiry.name,
            "until_ms": expiry.until_ms,
            "days": days,
            "index": {"summary": row},
        }
        await self._shop.put_on_record("key_expiring", subject, _WATCH, body)
        self._changed()

    @staticmethod
    def _renewed(row: Summary, known: list[Expiry], there: dict[str, tuple[str, Expiry]]) -> bool:
        """Its own file ends later now, or it is named no more and another of its kind lasts longer.

        One that is merely not known now (a provider's certificate not fetched yet) stays.
        """
        _, kind, _, until_ms, _ = row.body["about"]
        if row.subject in there:
            return bool(there[row.subject][1].until_ms > until_ms)
        return any(each.kind == kind and each.until_ms > until_ms for each in known)

    def waiting(self) -> list[EndingKey]:
        """Those nobody has seen at their newest step, oldest first."""
        return [EndingKey(row.subject, *row.body["about"]) for row in self._open()]

    def _open(self) -> list[Summary]:
        return [each for each in self._shop.feed.unfinished() if each.body["kind"] == _KIND]

    async def close(self, subject: str, *, actor: Actor) -> None:
        """A person has taken note; the next step is told again. Raises Conflict("exception_unknown")."""
        async with self._turn:
            row = next((each for each in self._open() if each.subject == subject), None)
            if row is None:
                raise Conflict("exception_unknown", exception=subject)
            await self._end(row, "seen", actor)

    async def _end(self, row: Summary, how: str, actor: Actor) -> None:
        channel, kind, name, _, _ = row.body["about"]
        closed = {**row.body, "state": "closed", "final": True}
        body = {"channel": channel, "kind": kind, "name": name, "how": how, "index": {"summary": closed}}
        await self._shop.put_on_record("key_alert_ended", row.subject, actor, body)
        self._changed()

    def _changed(self) -> None:
        """It belongs to no counter, so every counter's screens are told."""
        self.changes += 1
        self._shop.tell()
