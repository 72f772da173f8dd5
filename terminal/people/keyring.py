"""Keys of other programs: told once, kept as hashes, narrow, ending, replaced with an overlap (S37)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from terminal.counter.ports import Clock, Entropy, Ids
from terminal.errors import InvalidRequest, NotAllowed
from terminal.payments.event import Actor
from terminal.people.records import ApiKey
from terminal.people.roles import SCOPES, Principal, Role
from terminal.people.roll import Claims, Roll
from terminal.people.sessions import digest, make_token

SYSTEM: Final = Actor("system", "people")
KEY_DAYS_MAX: Final = 365
OVERLAP_H_MAX: Final = 30 * 24
DAY_MS: Final = 86_400_000
MakeClaim = Callable[[str], Claims]  # the new id -> names taken for ever


@dataclass(frozen=True, slots=True)
class NewKey:
    id: str
    key: str  # told once


class KeyRing:
    """The API keys of one store, over its roll."""

    def __init__(self, roll: Roll, clock: Clock, entropy: Entropy, ids: Ids, *, simulated: bool) -> None:
        self._roll, self._clock, self._entropy, self._ids = roll, clock, entropy, ids
        self._simulated = simulated

    def who(self, key: str) -> Principal | None:
        """The holder of a key that is neither revoked nor expired."""
        found = self._roll.by_token(ApiKey, key)
        if found is None or self._over(found):
            return None
        counters, scopes = frozenset(found.counters), frozenset(found.scopes)
        return Principal("pos", found.id, Role.POS, found.id, counters, scopes, simulated=self._simulated)

    def _over(self, key: ApiKey) -> bool:
        return self._clock.wall_ms() >= key.expires_ms

    async def make(
        self,
        actor: Actor,
        *,
        label: str,
        scopes: Collection[str],
        counters: Collection[str],
        days: int,
        claim: MakeClaim | None = None,
    ) -> NewKey:
        """Raises InvalidRequest("field_wrong"), Conflict("people_full")."""
        if not scopes or not set(scopes) <= SCOPES.keys():
            raise InvalidRequest("field_wrong", field="scopes")
        if not 1 <= days <= KEY_DAYS_MAX:
            raise InvalidRequest("field_wrong", field="days")
        self._roll.check_room(ApiKey, self._over)
        key, key_id = make_token("ctk", self._entropy), self._ids.ulid()
        await self._roll.record(
            "api_key_made", key_id, actor, claim(key_id) if claim else (), label=label, token=digest(key),
            scopes=sorted(scopes), counters=sorted(counters), expires_ms=self._clock.wall_ms() + days * DAY_MS,
        )  # fmt: skip
        return NewKey(key_id, key)

    async def rotate(
        self, actor: Actor, key_id: str, *, overlap_h: int, days: int, claim: MakeClaim | None = None
    ) -> NewKey:
        """A new key that may what the old one may; the old one works ``overlap_h`` hours longer, never more.

        Raises:
            NotFound: ``device_unknown``; InvalidRequest: ``field_wrong``; Conflict: ``people_full``.
        """
        if not 0 <= overlap_h <= OVERLAP_H_MAX:
            raise InvalidRequest("field_wrong", field="overlap_h")
        old = self._roll.find(ApiKey, key_id)
        made = await self.make(
            actor, label=old.label, scopes=old.scopes, counters=old.counters, days=days, claim=claim
        )
        ends = min(old.expires_ms, self._clock.wall_ms() + overlap_h * 3_600_000)
        await self._roll.record("api_key_ends", old.id, actor, expires_ms=ends, replaced_by=made.id)
        return made

    def check_maker(self, by: Principal, scopes: Collection[str]) -> None:
        """Nobody makes a key that may more than its maker. Raises NotAllowed("not_allowed")."""
        for scope in scopes:
            if not all(by.may(action) for action in SCOPES.get(scope, ())):
                raise NotAllowed("not_allowed", action=scope)

    def check_holder(self, by: Principal, key_id: str) -> ApiKey:
        """A key is ended by who made it, or by an owner: another program's till does not stop by a guest's hand.

        Raises NotAllowed("not_allowed"), NotFound("device_unknown").
        """
        found = self._roll.find(ApiKey, key_id)
        if by.role is not Role.OWNER and found.made_by != str(by.actor):
            raise NotAllowed("not_allowed", action="manage_api_keys")
        return found

    async def used(self, key_id: str) -> None:
        """Remember a use, once a day of UTC: enough to see which key nobody needs."""
        found, now_ms = self._roll.find(ApiKey, key_id), self._clock.wall_ms()
        if now_ms // DAY_MS != found.used_ms // DAY_MS:
            await self._roll.record("api_key_used", key_id, SYSTEM, at_ms=now_ms)
