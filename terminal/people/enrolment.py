"""Getting a second step, proving it, losing it."""

from dataclasses import dataclass
from typing import Final

from terminal.counter.ports import Clock, Entropy
from terminal.errors import Conflict, NotAllowed
from terminal.payments.event import Actor
from terminal.people.records import Person
from terminal.people.roll import Roll
from terminal.people.second_step import (
    SECRET_BYTES,
    Sealer,
    matching_step,
    recovery_codes,
    recovery_hash,
    text_of,
    uri,
)

LIFE_S: Final = 600  # a secret that was shown and never proven
BEGUN_MAX: Final = 16
SYSTEM: Final = Actor("system", "people")


@dataclass(frozen=True, slots=True)
class Begun:
    """What an authenticator needs, told once: as text to type and as an address to scan."""

    secret: str
    uri: str


class Enrolment:
    """``check_key`` at the start: a journal whose secrets were sealed under another pepper opens nothing."""

    def __init__(self, roll: Roll, clock: Clock, entropy: Entropy, pepper: bytes) -> None:
        self._roll, self._clock, self._entropy = roll, clock, entropy
        self._sealer = Sealer(pepper, entropy)
        self._begun: dict[str, tuple[int, bytes]] = {}  # person -> until when, secret

    def check_key(self, person: Person) -> None:
        """Raises BadSettings("pepper_changed")."""
        if person.second:
            self._sealer.open(person.id, person.second)

    def begin(self, person: Person, issuer: str) -> Begun:
        """A new secret, not in force before ``finish``; an older one of theirs stays until then."""
        now_ns = self._clock.mono_ns()
        self._begun = {who: begun for who, begun in self._begun.items() if begun[0] > now_ns and who != person.id}
        if len(self._begun) >= BEGUN_MAX:
            raise Conflict("people_full", limit=BEGUN_MAX)
        secret = self._entropy.bytes(SECRET_BYTES)
        self._begun[person.id] = (now_ns + LIFE_S * 1_000_000_000, secret)
        return Begun(text_of(secret), uri(secret, person.label, issuer))

    async def finish(self, person: Person, code: str, *, device: str) -> list[str]:
        """The first right code puts it in force; the recovery codes, told once.

        Raises:
            Conflict: ``second_step_not_begun``.
            NotAllowed: ``code_wrong``, counted like a wrong PIN; ``pin_locked``.
        """
        until_ns, secret = self._begun.get(person.id, (0, b""))
        if until_ns <= self._clock.mono_ns():
            raise Conflict("second_step_not_begun")
        self._roll.check_unlocked(person.id, device, "pin_locked", codes=True)
        step = matching_step(secret, code, self._clock.wall_ms(), 0)
        if step is None:
            await self._refuse(person, device)
        del self._begun[person.id]
        codes = recovery_codes(self._entropy)
        hashes = [recovery_hash(person.id, each) for each in codes]
        await self._roll.record(
            "second_step_set", person.id, Actor("person", person.id),
            secret=self._sealer.seal(person.id, secret), step=step, recovery=hashes,
        )  # fmt: skip
        return codes

    async def prove(self, person: Person, code: str, *, device: str) -> None:
        """A code of the authenticator or a recovery code; each is good once.

        Raises:
            NotAllowed: ``code_wrong``: neither, or used before; ``pin_locked`` after too many of them.
        """
        now = self._roll.find(Person, person.id)
        self._roll.check_unlocked(now.id, device, "pin_locked", codes=True)
        step = matching_step(self._sealer.open(now.id, now.second), code, self._clock.wall_ms(), now.step)
        spent = recovery_hash(now.id, code)
        if step is None and spent not in now.recovery:
            await self._refuse(now, device)
        # nothing waits between the look and this: two tries with one code cannot both be the first
        await self._roll.record(
            "second_step_passed", now.id, Actor("person", now.id), device=device, step=step or now.step,
            recovery=spent if step is None else "",
        )  # fmt: skip

    async def remove(self, actor: Actor, person: Person) -> None:
        await self._roll.record("second_step_removed", person.id, actor)

    async def _refuse(self, person: Person, device: str) -> None:
        await self._roll.record("second_step_refused", person.id, SYSTEM, device=device)
        raise NotAllowed("code_wrong")
