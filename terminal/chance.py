"""Seeded chance for simulations: one seed, the same draws on every Python version. Never for keys."""

from collections.abc import MutableSequence, Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")
_MASK: Final = (1 << 64) - 1


def splitmix64(state: int) -> tuple[int, int]:
    """The next state and the number drawn from it, both 64 bits.

    Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014, figure 16.
    """
    state = (state + 0x9E3779B97F4A7C15) & _MASK
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
    return state, z ^ z >> 31


class Chance:
    """A stream of draws from a seed."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed)
        self._state = int.from_bytes(blake2b(self._seed.encode(), digest_size=8).digest())

    def split(self, name: str) -> "Chance":
        """An independent stream by name: a draw added in one place shifts no other place."""
        return Chance(f"{self._seed}/{name}")

    def next64(self) -> int:
        self._state, drawn = splitmix64(self._state)
        return drawn

    def below(self, limit: int) -> int:
        """From 0 to ``limit`` - 1; uneven by less than limit / 2**64."""
        assert limit > 0, limit
        return self.next64() * limit >> 64

    def between(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both possible."""
        return low + self.below(high - low + 1)

    def happens(self, per_million: int) -> bool:
        return self.below(1_000_000) < per_million

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffle(self, items: MutableSequence[T]) -> None:
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def bytes(self, count: int) -> bytes:
        words = -(-count // 8)
        drawn = 0
        for _ in range(words):
            self._state, word = splitmix64(self._state)
            drawn = drawn << 64 | word
        return drawn.to_bytes(8 * words)[:count]
