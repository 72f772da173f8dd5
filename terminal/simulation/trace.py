"""What happened, in order: hashed as a whole, the end kept for people, and how often what kind was seen."""

from collections import Counter, deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

KEPT: Final = 50
Print = Callable[[str], None]


class Trace:
    """``show`` prints every line as it comes."""

    def __init__(self, now_s: Callable[[], float], show: Print | None = None) -> None:
        self._now_s, self._show = now_s, show
        self._hash = blake2b(digest_size=16)
        self.last: deque[str] = deque(maxlen=KEPT)
        self.steps = 0
        self.counts: Counter[str] = Counter()

    @property
    def now_ns(self) -> int:
        return round(self._now_s() * 1e9)

    def note(self, what: str, *, raw: bytes = b"") -> None:
        """``raw``: bytes that count for the hash but are nothing to read."""
        self.steps += 1
        line = f"{self._now_s():12.6f} {what}"
        self._hash.update(line.encode())
        self._hash.update(raw)
        self.last.append(line)
        if self._show:
            self._show(line)

    def count(self, what: str) -> None:
        self.counts[what] += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
