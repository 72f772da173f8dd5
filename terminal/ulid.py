"""Time-ordered ids (ULID specification, github.com/ulid/spec): 48 bits of milliseconds, 80 bits of chance."""

from typing import Final

from terminal.counter.ports import Clock, Entropy

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH: Final = 26
_LAST_MS: Final = (1 << 48) - 1
_STEP_BYTES: Final = 8  # 64 bits: the next id cannot be guessed from the one before
_CHANCE_BITS: Final = 80


class Ulids:
    """The ids port. One object's ids only grow, within a millisecond and when the clock steps back too."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._entropy = clock, entropy
        self._last_ms = -1
        self._chance = 0

    def ulid(self) -> str:
        now_ms = min(max(self._clock.wall_ms(), 0), _LAST_MS)
        if now_ms > self._last_ms:
            self._start(now_ms)
        else:
            self._chance += 1 + int.from_bytes(self._entropy.bytes(_STEP_BYTES))
            if self._chance >> _CHANCE_BITS:  # at least 32,767 ids in this millisecond: borrow the next one
                self._start(self._last_ms + 1)
        return encode(self._last_ms, self._chance)

    def _start(self, ms: int) -> None:
        """A fresh millisecond. The top bit of chance stays clear, room for 64-bit steps."""
        self._last_ms = ms
        self._chance = int.from_bytes(self._entropy.bytes(10)) >> 1


def encode(ms: int, chance: int) -> str:
    """26 characters: ``ms`` in the first ten, 80 bits of ``chance`` in the rest."""
    assert 0 <= ms <= _LAST_MS + 1, ms
    assert 0 <= chance < 1 << _CHANCE_BITS
    value = ms << _CHANCE_BITS | chance
    return "".join(ALPHABET[value >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def wall_ms(ulid: str) -> int:
    """The millisecond (UTC, since 1970) an id was made in; for people, decides nothing."""
    value = 0
    for letter in ulid[:10]:
        value = value << 5 | ALPHABET.index(letter)
    return value
