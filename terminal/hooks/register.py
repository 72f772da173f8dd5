"""Endpoints and dead letters in memory, every change journalled in the stream ``hooks:<store>``."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from terminal.counter.ports import Journal
from terminal.errors import NotFound
from terminal.hooks import letters
from terminal.hooks.endpoint import KIND, Endpoint, evolve, restore, summary
from terminal.hooks.letters import LETTER, Letter, Told, letter_of
from terminal.payments.event import Actor, Event, NewEvent

Claims = Sequence[tuple[str, str, str]]
Still = Callable[[Endpoint | None], None]
_PAGE: Final = 256
LETTERS_AT_ONCE: Final = 64  # in one append


def anything(_hook: Endpoint | None) -> None:
    """Whatever it is now."""


class Register:
    """Reads at once from memory; what changes is durable when the call returns.

    Memory is bounded: endpoints and their letters are counted by who adds them (``HookLimits``).
    """

    def __init__(self, store: str, journal: Journal) -> None:
        self.stream, self._journal = f"hooks:{store}", journal
        self._hooks: dict[str, Endpoint] = {}
        self._turn = asyncio.Lock()
        self.changes = 0  # goes up whenever a person should look again at who takes nothing
        self._letters: dict[str, dict[int, Letter]] = {}
        for subject, row in self._rows(KIND, "active"):
            self._hooks[subject] = restore(subject, row)
        for _, row in self._rows(LETTER, "waiting"):
            letter = letter_of(row)
            if letter.hook in self._hooks:  # else its endpoint was removed at the very moment
                self._put(letter, waits=True)

    def _rows(self, kind: str, word: str) -> Iterator[tuple[str, Any]]:
        """Oldest first."""
        before, rows = None, []
        while page := self._journal.list(kind, before=before, limit=_PAGE, search=word):
            rows += [(each.subject, each.body) for each in page]
            before = page[-1].first_number
        yield from reversed(rows)

    # --- endpoints ---

    def all(self) -> list[Endpoint]:
        """Oldest first."""
        return list(self._hooks.values())

    def active(self, hook: str) -> Endpoint | None:
        return self._hooks.get(hook)

    def find(self, hook: str) -> Endpoint:
        """Raises NotFound("hook_unknown")."""
        if found := self._hooks.get(hook):
            return found
        raise NotFound("hook_unknown")

    async def record(
        self,
        kind: str,
        hook: str,
        actor: Actor,
        beside: Sequence[NewEvent] = (),
        claims: Claims = (),
        still: Still = anything,
        /,
        **body: Any,
    ) -> Endpoint:
        """Append one event of an endpoint, with ``beside`` before it in the same commit; then it is so.

        ``claims`` are (kind, key, value), each taken once for ever. ``still`` sees the endpoint as it is when its
        turn has come, and raises when the event must not happen to it any more: a person and the courier write to
        one endpoint, and neither may undo what the other did meanwhile.
        """
        async with self._turn:
            still(self._hooks.get(hook))
            return await self._append(kind, hook, actor, beside, claims, body)

    async def _append(
        self, kind: str, hook: str, actor: Actor, beside: Sequence[NewEvent], claims: Claims, body: dict[str, Any]
    ) -> Endpoint:
        after = evolve(self._hooks.get(hook), hook, kind, body)
        index: dict[str, Any] = {"summary": summary(after)}
        if claims:
            index["claims"] = [list(each) for each in claims]
        event = NewEvent(self.stream, kind, hook, actor, {**body, "index": index})
        await self._journal.append([*beside, event])
        self._set(after)
        return after

    # --- letters ---

    def letters(self, hook: str) -> list[Letter]:
        """Oldest event first."""
        return [each for _, each in sorted(self._letters.get(hook, {}).items())]

    def count(self, hook: str) -> int:
        return len(self._letters.get(hook, ()))

    def letter(self, hook: str, number: int) -> Letter:
        """Raises NotFound("letter_unknown")."""
        if found := self._letters.get(hook, {}).get(number):
            return found
        raise NotFound("letter_unknown", number=number)

    def asked(self, hook: str) -> list[Letter]:
        return [each for each in self.letters(hook) if each.asked]

    async def write(self, told: Sequence[Told]) -> None:
        """Append what happened to letters, some at a time: a cut in between leaves each whole."""
        for start in range(0, len(told), LETTERS_AT_ONCE):
            some = told[start : start + LETTERS_AT_ONCE]
            await self._journal.append([each.event for each in some])
            self.put(some)

    def put(self, told: Iterable[Told]) -> None:
        """Memory alone, of what is durable by now."""
        for each in told:
            self._put(each.letter, waits=each.waits)

    # --- others ---

    def heard(self, events: Iterable[Event]) -> set[str]:
        """What other machines of the shop recorded; returns whose endpoints it was about."""
        found = set()
        for each in events:
            if each.stream != self.stream:
                continue
            if each.subject.startswith("letter:"):
                letter, waits = letters.heard(each)
                self._put(letter, waits=waits)
                found.add(each.subject.split(":")[1])
            else:
                body = {name: value for name, value in each.body.items() if name != "index"}
                self._set(evolve(self._hooks.get(each.subject), each.subject, each.type, body))
                found.add(each.subject)
        return found

    def _set(self, hook: Endpoint) -> None:
        before = self._hooks.get(hook.id)
        if before is None or before.trouble != hook.trouble or not hook.active:
            self.changes += 1
        if hook.active:
            self._hooks[hook.id] = hook
        else:
            self._hooks.pop(hook.id, None)
            self._letters.pop(hook.id, None)

    def _put(self, letter: Letter, *, waits: bool) -> None:
        if waits:
            self._letters.setdefault(letter.hook, {})[letter.number] = letter
        else:
            self._letters.get(letter.hook, {}).pop(letter.number, None)
