"""The shop's people, devices and keys in memory, every change journalled in the stream ``people:<store>``."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from typing import Any, Final, TypeVar

from terminal.counter.ports import Clock, Journal
from terminal.errors import Conflict, NotAllowed, NotFound, TerminalError
from terminal.payments.event import Actor, Event, NewEvent
from terminal.people import lockout
from terminal.people.records import (
    FIRSTS,
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
GONE_MAX: Final = 500  # of one kind: of those let go the newest, of those with an end whichever ends last
_PAGE: Final = 256


class Roll:
    """Reads at once from memory; ``record`` returns once the journal has the event."""

    def __init__(self, store: str, journal: Journal, clock: Clock) -> None:
        self.strangers_id = f"{STRANGERS}:{store}"
        self.stream, self._journal, self._clock = f"people:{store}", journal, clock
        self._records: dict[str, Record] = {}
        self._tokens: dict[str, str] = {}  # hash of a device's or key's token -> its id
        self._owners_forgotten = 0
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
        """Also of one that is no longer active; empty when nobody has this id, or it was long ago."""
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

        Raises NotFound("person_unknown"): it was forgotten meanwhile.
        """
        before = self._records.get(subject)
        if before is None and kind not in FIRSTS:
            raise NotFound("person_unknown")
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
        here = sum(each.active for each in owners)
        if owner.active and here == 1:
            raise Conflict("last_owner")
        gone = self._owners_forgotten + len(owners) - here
        return (("owner_left", f"{self.stream}/{gone + 1}", owner.id),)

    def left(self, person: str) -> None:
        """Another machine let them go, and this one has not heard of it yet."""
        if person in self._records:
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
                if before is not None or each.type in FIRSTS:  # else of somebody who was forgotten here
                    self._put(evolve(before, each.subject, each.type, body, now_ns, each.actor))

    def _load(self, kind: str) -> None:
        now_ns, before = self._clock.mono_ns(), None
        found: list[Record] = []
        while page := self._journal.list(kind, before=before, limit=_PAGE):  # the newest first
            before = page[-1].first_number
            for row in page:
                if kind != STRANGERS or row.subject == self.strangers_id:
                    found.append(restore(row.subject, row.body, now_ns))
            long_ago = {each.id: each for each in _beyond(found[::-1])}
            self._owners_forgotten += sum(map(_was_owner, long_ago.values()))
            found = [each for each in found if each.id not in long_ago]
        for record in reversed(found):
            self._hold(record)

    def _put(self, record: Record) -> None:
        is_new = record.id not in self._records
        self._hold(record)
        if is_new:
            self._forget(type(record))

    def _hold(self, record: Record) -> None:
        self._records[record.id] = record
        if isinstance(record, Device | ApiKey):
            self._tokens[record.token] = record.id

    def _forget(self, kind: type[Record]) -> None:
        for each in _beyond([each for each in self._records.values() if isinstance(each, kind)]):
            del self._records[each.id]
            self._owners_forgotten += _was_owner(each)
            if isinstance(each, Device | ApiKey):
                self._tokens.pop(each.token, None)


def _beyond(records: Sequence[Record]) -> list[Record]:
    """Of one kind, oldest first: those beyond what is kept. The journal still has them.

    No clock has a say in it, for it may be years ahead. At most ACTIVE_MAX of a kind are valid at a time, and they
    end later than all whose time is up: so none of them is among those that end first.
    """
    let_go = [each for each in records if not each.active]
    ending = [each for each in records if each.active and _ends_ms(each)]
    too_many = max(0, len(let_go) - GONE_MAX), max(0, len(ending) - GONE_MAX)
    return let_go[: too_many[0]] + nsmallest(too_many[1], ending, key=_ends_ms)


def _ends_ms(record: Record) -> int:
    """Wall time UTC, 0 for never."""
    match record:
        case Person() | Device():
            return record.until_ms
        case ApiKey():
            return record.expires_ms
    return 0


def _was_owner(record: Record) -> bool:
    return isinstance(record, Person) and record.role is Role.OWNER


def _removed(record: Record) -> Record:
    return replace(record, active=False)
