"""What an owner holds back after an alert: refunds locked, refunds by PIN only, a channel paused (row 120).

Kept in the journal, so a restart forgets none. What is under way goes on to its end: only new acts are refused.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Literal

from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Event

_KIND: Final = "hold"
What = Literal["refunds_locked", "refunds_pin", "channel_paused"]


@dataclass(frozen=True, slots=True)
class Hold:
    """``channel``: the paused one, else empty; ``alert``: what it followed from, may be empty; ``at_ms``: UTC."""

    id: str
    what: What
    channel: str
    alert: str
    reason: str
    actor: str
    at_ms: int


class Holds:
    """``changes`` goes up whenever one begins or ends: whoever shows them reads them again."""

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self._turn = asyncio.Lock()
        self._now: dict[str, Hold] | None = None  # by id; read from the journal once
        self.changes = 0

    def waiting(self) -> list[Hold]:
        """Those in force, oldest first."""
        return list(self._holds().values())

    def _holds(self) -> dict[str, Hold]:
        if self._now is None:
            rows = (each for each in self._shop.feed.unfinished() if each.body["kind"] == _KIND)
            self._now = {row.subject: Hold(row.subject, *row.body["about"]) for row in rows}
        return self._now

    def learn(self, event: Event) -> None:
        """One began or ended, perhaps in another process of the shop: what the journal says is read again."""
        if event.type in {"hold_begun", "hold_ended"}:
            self._now = None

    # what others ask before they begin something

    def paused(self, channel: str) -> bool:
        return f"hold:channel_paused:{channel}" in self._holds()

    @property
    def refunds_by_pin(self) -> bool:
        """Nobody gives money back without an approver's PIN, however small the amount."""
        return "hold:refunds_pin" in self._holds()

    def refund(self, actor: Actor) -> None:
        """Raises Conflict("refunds_locked"). What the service gives back by itself (a second payment) goes."""
        if actor.kind != "system" and "hold:refunds_locked" in self._holds():
            raise Conflict("refunds_locked")

    # beginning and ending

    async def begin(self, what: What, channel: str, *, alert: str, reason: str, actor: Actor) -> Hold:
        """In force on return; one that is in force already is returned as it is.

        Raises NotFound("channel_unknown").
        """
        if what == "channel_paused":
            if channel not in self._shop.providers:
                raise NotFound("channel_unknown", channel=channel)
            subject = f"hold:channel_paused:{channel}"
        else:
            subject, channel = f"hold:{what}", ""
        async with self._turn:
            if known := self._holds().get(subject):
                return known
            at_ms = self._shop.clock.wall_ms()
            about: dict[str, Any] = {
                "what": what,
                "channel": channel,
                "alert": alert,
                "reason": reason,
                "at_ms": at_ms,
            }
            row = {
                "kind": _KIND,
                "state": "open",
                "final": False,
                "open": False,
                "about": _about(about, str(actor)),
            }
            body = {**about, "index": {"summary": row}}
            await self._shop.put_on_record("hold_begun", subject, actor, body)
            made = self._holds()[subject] = Hold(subject, *_about(about, str(actor)))
        self._changed()
        return made

    async def end(self, subject: str, *, reason: str, actor: Actor) -> None:
        """Raises Conflict("hold_unknown"): it is not in force."""
        async with self._turn:
            hold = self._holds().get(subject)
            if hold is None:
                raise Conflict("hold_unknown", hold=subject)
            row = {"kind": _KIND, "state": "closed", "final": True, "open": False}
            body = {"what": hold.what, "channel": hold.channel, "reason": reason, "index": {"summary": row}}
            await self._shop.put_on_record("hold_ended", subject, actor, body)
            self._holds().pop(subject, None)
        self._changed()

    def _changed(self) -> None:
        """It belongs to no counter, so every counter's screens are told."""
        self.changes += 1
        self._shop.tell()


def _about(body: Any, actor: str) -> list[Any]:
    return [body["what"], body["channel"], body["alert"], body["reason"], actor, body["at_ms"]]
