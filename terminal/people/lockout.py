"""How wrong PINs and codes lock: a pure fold, so that the journal is the store and a restart forgets nothing.

Five tries are free, then 5 minutes; after that every three wrong ones cost 15, 60, 60 … minutes: fewer than a
hundred guesses a day. Counted per person and device, so a stranger locks out nobody else and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FREE: Final = 5
THEN_EVERY: Final = 3
LOCKS_S: Final = (300, 900, 3600)
DEVICES_MAX: Final = 64  # remembered per person; the one that was quiet longest is forgotten


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries in a row, and the monotonic time of the last."""

    wrong: int = 0
    last_ns: int = 0


Tally = Mapping[str, Tries]  # by device


def lock_s(wrong: int) -> int:
    """Seconds the ``wrong``-th wrong try in a row locks for."""
    steps, rest = divmod(wrong - FREE, THEN_EVERY)
    return 0 if steps < 0 or rest else LOCKS_S[min(steps, len(LOCKS_S) - 1)]


def locked_s(tally: Tally, device: str, now_ns: int) -> int:
    """Whole seconds still to wait, 0 when a try is allowed."""
    tries = tally.get(device, Tries())
    left_ns = tries.last_ns + lock_s(tries.wrong) * 1_000_000_000 - now_ns
    return max(0, -(-left_ns // 1_000_000_000)) if lock_s(tries.wrong) else 0


def refused(tally: Tally, device: str, at_ns: int) -> Tally:
    wrong = tally.get(device, Tries()).wrong + 1
    others = {name: tries for name, tries in tally.items() if name != device}
    while len(others) >= DEVICES_MAX:
        del others[min(others, key=lambda name: (others[name].last_ns, name))]
    return {**others, device: Tries(wrong, at_ns)}


def accepted(tally: Tally, device: str) -> Tally:
    return {name: tries for name, tries in tally.items() if name != device}


def dump(tally: Tally) -> dict[str, int]:
    return {device: tries.wrong for device, tries in tally.items()}


def load(wrong: Mapping[str, int], now_ns: int) -> Tally:
    """After a restart every lock in force begins anew: the wall clock may lie, so it may only get longer."""
    return {device: Tries(count, now_ns) for device, count in wrong.items()}
