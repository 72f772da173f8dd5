"""The shop's people, devices and keys in memory, every change journalled in the stream ``people:<store>``."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from terminal.counter.ports import Clock, Journal
from terminal.errors import Conflict, NotAllowed, NotFound, TerminalError
from terminal.payments.event import Actor, Event, NewEvent, Summary
from terminal.people import lockout
from terminal.people.records import (
    NOTES,
    STRANGERS,
    ApiKey,
    Device,
    Person,
    Record,
    Strangers,
    evolve,
    restore,
    summary,
)
from terminal.people.roles import Role
from terminal.people.sessions import digest

R = TypeVar("R", Person, Device, ApiKey)
Claims = tuple[tuple[str, str, str], ...]
ACTIVE_MAX: Final = 200  # of one kind
LOADED_MAX: Final = 10_000  # of one kind, removed ones included: far beyond what a shop can make
_PAGE: Final = 256


class Roll:
    """Reads at once from memory; ``record`` returns once the journal has the event."""

    def __init__(self, store: str, journal: Journal, clock: Clock) -> None:
        self.strangers_id = f"{STRANGERS}:{store}"
        self.stream, self._journal, self._clock = f"people:{store}", journal, clock
        self._records: dict[str, Record] = {}
        self._tokens: dict[str, str] = {}  # hash of a device's or key's token -> its id
        for kind in ("person", "device", "api_key", STRANGERS):
            self._load(kind)

    def all(self, kind: type[R]) -> Iterator[R]:
        """Active ones, oldest first."""
        return (each for each in self._records.values() if isinstance(each, kind) and each.active)

    def active(self, kind: type[R], subject: str) -> R | None:
        found = self._records.get(subject)
        return found if isinstance(found, kind) and found.active else None

    def find(self, kind: type[R], subject: str) -> R:
        """An active one. Raises NotFound("person_unknown" | "device_unknown")."""
        if found := self.active(kind, subject):
            return found
        raise NotFound("person_unknown" if kind is Person else "device_unknown")

    def label(self, subject: str) -> str:
        """Also of one that is no longer active; empty when nobody has this id."""
        found = self._records.get(subject)
        return found.label if isinstance(found, Person | Device | ApiKey) else ""

    def by_token(self, kind: type[R], token: str) -> R | None:
        wanted = digest(token)
        found = self._records.get(self._tokens.get(wanted, ""))
        if isinstance(found, kind) and not isinstance(found, Person) and found.active:
            return found if hmac.compare_digest(found.token, wanted) else None
        return None

    def check_unlocked(self, subject: str, device: str, slug: str, *, codes: bool = False) -> None:
        """Raises NotAllowed(slug, minutes=…) while this device must wait for them; ``codes``: with a code."""
        found = self._records.get(subject)
        tally = found.tries if isinstance(found, Person | Strangers) else {}
        if codes and isinstance(found, Person):
            tally = found.code_tries
        if wait_s := lockout.locked_s(tally, device, self._clock.mono_ns()):
            raise NotAllowed(slug, minutes=-(-wait_s // 60))

    def check_room(self, kind: type[R], over: Callable[[R], bool]) -> None:
        """``over``: whose time is up takes no room. Raises Conflict("people_full")."""
        if sum(not over(each) for each in self.all(kind)) >= ACTIVE_MAX:
            raise Conflict("people_full", limit=ACTIVE_MAX)

    async def record(self, kind: str, subject: str, actor: Actor, claims: Claims = (), /, **body: Any) -> None:
        """Apply and append one event; ``claims`` are (kind, key, value), each taken once for ever.

        Memory first: a caller that is cancelled while the disk works has still counted its wrong try, and what
        was taken away is away at once. When the journal refuses, the event is taken back.
        """
        before = self._records.get(subject)
        after = evolve(before, subject, kind, body, self._clock.mono_ns(), str(actor))
        self._put(after)
        index: dict[str, Any] = {"summary": summary(after)}
        if claims:
            index["claims"] = [list(each) for each in claims]
        event = NewEvent(self.stream, kind, subject, actor, {**body, "index": index})
        try:
            await self._journal.append([event])
        except TerminalError:
            if self._records.get(subject) is after and before is not None:
                self._put(before)
            elif self._records.get(subject) is after:
                self._put(_removed(after))
            raise

    def owner_leaves(self, owner: Person) -> Claims:
        """What the journal gives out once: the shop's next leave of an owner. Two machines cannot both have it.

        Raises Conflict("last_owner").
        """
        owners = [each for each in self._records.values() if isinstance(each, Person) and each.role is Role.OWNER]
        gone = sum(not each.active for each in owners)
        if owner.active and len(owners) - gone == 1:
            raise Conflict("last_owner")
        return (("owner_left", f"{self.stream}/{gone + 1}", owner.id),)

    def left(self, person: str) -> None:
        """Another machine let them go, and this one has not heard of it yet."""
        self._put(_removed(self._records[person]))

    async def append(self, event: NewEvent) -> None:
        """For the record alone: something happened that changes nothing here."""
        await self._journal.append([event])

    def heard(self, events: Iterable[Event]) -> None:
        """What other machines of the shop recorded about its people: theirs are true here too."""
        for each in events:
            if each.stream == self.stream and each.type not in NOTES:
                body = {name: value for name, value in each.body.items() if name not in ("index", "personal")}
                before, now_ns = self._records.get(each.subject), self._clock.mono_ns()
                self._put(evolve(before, each.subject, each.type, body, now_ns, each.actor))

    def _load(self, kind: str) -> None:
        now_ns, before = self._clock.mono_ns(), None
        rows: list[Summary] = []
        while page := self._journal.list(kind, before=before, limit=_PAGE):
            rows += page
            before = page[-1].first_number
            assert len(rows) <= LOADED_MAX, kind
        for row in reversed(rows):
            if kind != STRANGERS or row.subject == self.strangers_id:
                self._put(restore(row.subject, row.body, now_ns))

    def _put(self, record: Record) -> None:
        self._records[record.id] = record
        if isinstance(record, Device | ApiKey):
            self._tokens[record.token] = record.id


def _removed(record: Record) -> Record:
    return replace(record, active=False)
