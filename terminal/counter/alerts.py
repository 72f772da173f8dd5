"""Messages in a bank's name that prove nothing: one line a channel with a count, until somebody saw it (B5)."""

import asyncio
from dataclasses import dataclass
from typing import Final

from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict
from terminal.payments.event import Actor, Summary

RECORD_EVERY_S: Final = 10  # a stranger must not be able to fill the journal
_KIND: Final = "refusals"


@dataclass(frozen=True, slots=True)
class Alert:
    """``slug``: what the newest recorded one was refused with. ``at_ms``: when that was, UTC."""

    channel: str
    slug: str
    count: int
    at_ms: int


class Alerts:
    """Only channels of the settings have one, so there are never many.

    ``changes`` goes up whenever one opens, counts on in the journal or ends: whoever shows them reads them again.
    """

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self._turn = asyncio.Lock()
        self._recorded_ns: dict[str, int] = {}  # channel -> when one of its was recorded last
        self._more: dict[str, int] = {}  # channel -> how many came since
        self.changes = 0

    async def refused(self, channel: str, slug: str) -> int | None:
        """Count it. Returns how many came unrecorded before it, or None when it is not recorded itself."""
        now_ns, last_ns = self._shop.clock.mono_ns(), self._recorded_ns.get(channel)
        if last_ns is not None and now_ns - last_ns < RECORD_EVERY_S * 1e9:
            self._more[channel] = self._more.get(channel, 0) + 1
            return None
        self._recorded_ns[channel] = now_ns
        async with self._turn:
            more = self._more.pop(channel, 0)
            open_now = self._open().get(channel)
            count = (open_now.body["count"] if open_now else 0) + more + 1
            row = {"kind": _KIND, "state": "open", "final": False, "open": False, "slug": slug, "count": count}
            body = {"channel": channel, "slug": slug, "more": more, "index": {"summary": row}}
            actor = Actor("provider", channel)
            await self._shop.put_on_record("notification_refused", channel, actor, body)
        self._changed()
        return more

    def waiting(self) -> list[Alert]:
        """Those nobody has seen, oldest first."""
        return [
            Alert(channel, row.body["slug"], row.body["count"] + self._more.get(channel, 0), row.last_ms)
            for channel, row in self._open().items()
        ]

    def _open(self) -> dict[str, Summary]:
        return {each.subject: each for each in self._shop.feed.unfinished() if each.body["kind"] == _KIND}

    async def close(self, channel: str, *, actor: Actor) -> None:
        """A person has taken note. Raises Conflict("exception_unknown"): none is open for this channel."""
        async with self._turn:
            found = self._open().get(channel)
            if found is None:
                raise Conflict("exception_unknown", exception=channel)
            count = found.body["count"] + self._more.pop(channel, 0)
            row = {"kind": _KIND, "state": "closed", "final": True, "open": False}
            body = {"channel": channel, "count": count, "index": {"summary": row}}
            await self._shop.put_on_record("refusals_seen", channel, actor, body)
        self._changed()

    def _changed(self) -> None:
        """It belongs to no counter, so every counter's screens are told."""
        self.changes += 1
        self._shop.tell()
