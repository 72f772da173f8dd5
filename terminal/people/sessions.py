"""Who is signed in now. Kept in memory only: after a restart people type their PIN again, tills stay paired."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from terminal.counter.ports import Clock, Entropy, Ids
from terminal.people.roles import Role

SESSIONS_MAX: Final = 256
PER_PERSON_MAX: Final = 8


class SessionLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds of the monotonic clock."""

    idle_cashier_s: int = 300
    idle_office_s: int = 900
    absolute_s: int = 12 * 3600


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    person: str
    role: Role
    device: str
    opened_ns: int
    seen_ns: int
    pin_ns: int
    second: bool = False  # the second step was given too


class Sessions:
    """Tokens are 128 random bits or more; only their SHA-256 is kept."""

    def __init__(self, clock: Clock, entropy: Entropy, ids: Ids, limits: SessionLimits) -> None:
        self._clock, self._entropy, self._ids, self._limits = clock, entropy, ids, limits
        self._open: dict[str, Session] = {}  # by the token's hash, oldest first

    def open(self, person: str, role: Role, device: str, *, second: bool = False) -> str:
        """A new session's token, told once. The person's and the shop's oldest sessions make room."""
        now_ns = self._clock.mono_ns()
        self._end(lambda session: self._over(session, now_ns))
        own = [key for key, session in self._open.items() if session.person == person]
        for key in own[: max(0, len(own) - PER_PERSON_MAX + 1)]:
            del self._open[key]
        while len(self._open) >= SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        return self._put(Session(self._ids.ulid(), person, role, device, now_ns, now_ns, now_ns, second))

    def get(self, token: str, *, touch: bool = True) -> Session | None:
        """The live session of a token; ``touch=False`` for what a page does by itself, which keeps nobody in."""
        key, now_ns = digest(token), self._clock.mono_ns()
        session = self._open.get(key)
        if session is None or self._over(session, now_ns):
            self._open.pop(key, None)
            return None
        if touch:
            session = self._open[key] = replace(session, seen_ns=now_ns)
        return session

    def elevate(self, token: str, *, second: bool = False) -> str:
        """The PIN was typed again: the same session under a new token; the old one is worth nothing."""
        session = self._open.pop(digest(token))
        now_ns, second = self._clock.mono_ns(), second or session.second
        return self._put(replace(session, seen_ns=now_ns, pin_ns=now_ns, second=second))

    def prove(self, token: str) -> None:
        """The second step was given in this session."""
        key = digest(token)
        if key in self._open:
            self._open[key] = replace(self._open[key], second=True)

    def end(self, token: str) -> None:
        self._open.pop(digest(token), None)

    def end_id(self, session_id: str) -> bool:
        return self._end(lambda session: session.id == session_id)

    def end_person(self, person: str) -> bool:
        return self._end(lambda session: session.person == person)

    def end_device(self, device: str) -> bool:
        return self._end(lambda session: session.device == device)

    def listed(self) -> tuple[Session, ...]:
        now_ns = self._clock.mono_ns()
        return tuple(session for session in self._open.values() if not self._over(session, now_ns))

    def _put(self, session: Session) -> str:
        token = make_token("cts", self._entropy)
        self._open[digest(token)] = session
        return token

    def _end(self, which: Callable[[Session], bool]) -> bool:
        gone = [key for key, session in self._open.items() if which(session)]
        for key in gone:
            del self._open[key]
        return bool(gone)

    def _over(self, session: Session, now_ns: int) -> bool:
        limits = self._limits
        idle_s = limits.idle_cashier_s if session.role is Role.CASHIER else limits.idle_office_s
        idle_ns, age_ns = now_ns - session.seen_ns, now_ns - session.opened_ns
        return idle_ns > idle_s * 1_000_000_000 or age_ns > limits.absolute_s * 1_000_000_000


def make_token(kind: str, entropy: Entropy) -> str:
    """``<kind>_`` and 256 random bits; the kind lets a secret scanner recognise a leaked one."""
    return f"{kind}_{urlsafe_b64encode(entropy.bytes(32)).rstrip(b'=').decode()}"


def digest(token: str) -> str:
    """What is kept of a token with so many random bits: a plain hash is enough, and it is its own index."""
    return hashlib.sha256(token[:200].encode("utf-8", "replace")).hexdigest()
