"""Who gets the money, guarded: another merchant id or account in the settings takes nothing at once (S36).

The journal knows whom each channel paid. When the settings name somebody else, new sales through that channel wait
until two people have said yes, one of them an owner, and a day has gone by since it was seen; what is under way is
resolved as ever. Writing the old account back ends it. Where money is simulated nothing waits.

A channel under a new name, or a static code, that a shop at work did not have before waits too: else whoever
renames a table has changed the account at once.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from terminal.counter.shopwide import Shopwide
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Actor, Event, Ledger, NewEvent

PEOPLE: Final = 2
DELAY_MS: Final = 24 * 3_600_000
OWNER: Final = "owner"
NOBODY: Final = "–"  # was paid through a channel before it was added
SYSTEM: Final = Actor("system", "accounts")
_KIND: Final = "account"
_KINDS: Final = frozenset({"account_named", "account_changed", "account_approved"})


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a channel pays: ``payee`` by the settings, ``before`` by the journal; ``yes``: who and which role."""

    channel: str
    payee: str
    before: str = ""
    since_ms: int = 0
    due_ms: int = 0
    yes: tuple[tuple[str, str], ...] = ()

    def settled(self, now_ms: int) -> bool:
        """Nothing changed, or enough people and hours stand behind it."""
        people, roles = {who for who, _ in self.yes}, {role for _, role in self.yes}
        enough = len(people) >= PEOPLE and OWNER in roles
        return not self.before or (enough and now_ms >= self.due_ms)


class Accounts:
    """``begin`` once at the start with what the settings name; then ``waits`` is asked before each new sale."""

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self._changed: dict[str, Account] = {}

    async def begin(self, payees: Mapping[str, str]) -> list[Account]:
        """Compare the settings with the journal and note what is new; the channels that wait.

        Args:
            payees: by channel, or ``poster_of`` it, who gets its money, in the settings' own words.
        """
        feed = self._shop.feed
        if self._shop.house.ledger is not Ledger.LIVE:
            return []
        if not feed.list(_KIND, limit=1):  # the first start: all are as they are, in one step
            if payees:  # a new shop may have no channel yet
                await feed.append([self._named(*each) for each in payees.items()])
            return []
        for channel, payee in payees.items():
            known, now_ms = self._of(channel) or Account(channel, NOBODY), self._shop.clock.wall_ms()
            if known.payee != payee:
                paid = known.payee if known.settled(now_ms) else known.before
                body: dict[str, Any] = {
                    "channel": channel,
                    "payee": payee,
                    "before": "" if payee == paid else paid,
                    "at_ms": now_ms,
                    "due_ms": now_ms + DELAY_MS,
                }
                await self._shop.put_on_record("account_changed", _subject(channel), SYSTEM, body)
            self._look(channel)
        return self.waiting()

    def _named(self, channel: str, payee: str) -> NewEvent:
        row = {"kind": _KIND, "state": "named", "final": True, "open": False}
        body: dict[str, Any] = {"channel": channel, "payee": payee, "index": {"summary": row}}
        return NewEvent(self._shop.stream, "account_named", _subject(channel), SYSTEM, body)

    def waiting(self) -> list[Account]:
        return [self._changed[each] for each in tuple(self._changed) if self.waits(each)]

    def waits(self, channel: str) -> bool:
        """Whether new money through it has to wait; while it does, a yes may come from another machine."""
        changed, now_ms = self._changed.get(channel), self._shop.clock.wall_ms()
        if changed is None or changed.settled(now_ms):
            return False
        found = self._of(channel)
        if found is None or found.payee != changed.payee:
            return True  # another machine's settings name somebody else: that is no yes to ours
        self._changed[channel] = found
        return not found.settled(now_ms)

    async def approve(self, channel: str, actor: Actor, role: str) -> Account:
        """A person says yes; twice by one is once. Raises NotFound("account_unchanged")."""
        if not self.waits(channel):
            raise NotFound("account_unchanged", channel=channel)
        changed = self._changed[channel]
        said = ["account_yes", f"{channel}/{changed.since_ms}/{actor}", role]
        body: dict[str, Any] = {"channel": channel, "payee": changed.payee, "role": role}
        body["index"] = {"claims": [said]}
        if str(actor) not in {who for who, _ in changed.yes}:
            with contextlib.suppress(Conflict):  # a second press overtook the first one's writing
                await self._shop.put_on_record("account_approved", _subject(channel), actor, body)
        self._look(channel)
        return self._changed[channel]

    def _look(self, channel: str) -> None:
        found = self._of(channel)
        assert found is not None, "noted a moment ago"
        self._changed[channel] = found
        self._shop.tell()

    def _of(self, channel: str) -> Account | None:
        account = None
        for event in self._shop.feed.of_subject(_subject(channel)):
            if event.type in _KINDS:
                account = _evolve(account, event)
        return account


def poster_of(channel: str) -> str:
    """What a channel's static code on the wall is called among the accounts; no channel has such a name."""
    return f"poster:{channel}"


def _subject(channel: str) -> str:
    return f"account:{channel}"


def _evolve(account: Account | None, event: Event) -> Account:
    body = event.body
    if event.type == "account_approved" and account is not None:
        return replace(account, yes=(*account.yes, (str(event.actor), body["role"])))
    if event.type == "account_changed":
        return Account(body["channel"], body["payee"], body["before"], body["at_ms"], body["due_ms"])
    return Account(body["channel"], body["payee"])
