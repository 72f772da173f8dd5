"""Short codes that let a trainer's phone in: six digits, once, for some minutes; and what the phone keeps then."""

import hmac
from collections.abc import Callable
from typing import Final, Protocol

LIFE_S: Final = 600.0
TRIES_MAX: Final = 5
PHONES_MAX: Final = 8


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


class TrainerCodes:
    """Nothing of it is kept over a restart. ``now_s`` is a monotonic clock."""

    def __init__(self, entropy: Entropy, now_s: Callable[[], float]) -> None:
        self._entropy, self._now_s = entropy, now_s
        self._code = ""
        self._until_s = 0.0
        self._tries = 0
        self._phones: list[str] = []

    def fresh(self) -> str:
        """A new code; the one before is worth nothing."""
        self._code = str(int.from_bytes(self._entropy.bytes(8)) % 1_000_000).rjust(6, "0")
        self._until_s, self._tries = self._now_s() + LIFE_S, 0
        return self._code

    def enter(self, code: str) -> str:
        """What the phone keeps; empty: the code is wrong, used, too old, or was guessed at too often."""
        self._tries += 1
        right = bool(self._code) and hmac.compare_digest(code.encode(errors="replace"), self._code.encode())
        if self._tries > TRIES_MAX or self._now_s() >= self._until_s:
            self._code = ""
        if not right or not self._code:
            return ""
        self._code = ""
        token = self._entropy.bytes(24).hex()
        self._phones = [*self._phones[1 - PHONES_MAX :], token]
        return token

    def knows(self, token: str) -> bool:
        given = token.encode(errors="replace")  # a header's bytes may be no text
        return any(hmac.compare_digest(given, each.encode()) for each in self._phones)
