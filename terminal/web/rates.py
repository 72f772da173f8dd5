"""How often somebody may ask: one leaky bucket a name, in nanoseconds of the monotonic clock."""

from collections import OrderedDict
from typing import Final

from terminal.counter.ports import Clock

NAMES_MAX: Final = 4096  # the one that was quiet longest is forgotten


class Buckets:
    """``per_s`` in the long run, ``burst`` at once."""

    def __init__(self, clock: Clock, *, per_s: int, burst: int) -> None:
        self._clock = clock
        self._gap_ns = 1_000_000_000 // per_s
        self._slack_ns = self._gap_ns * (burst - 1)
        self._full_ns: OrderedDict[str, int] = OrderedDict()  # when the bucket of a name is empty again

    def take(self, name: str) -> float:
        """Seconds to wait; 0.0 when this request may pass, which is then counted."""
        now_ns = self._clock.mono_ns()
        full_ns = max(self._full_ns.get(name, now_ns), now_ns)
        over_ns = full_ns - now_ns - self._slack_ns
        if over_ns > 0:
            return over_ns / 1e9
        self._full_ns[name] = full_ns + self._gap_ns
        self._full_ns.move_to_end(name)
        if len(self._full_ns) > NAMES_MAX:
            self._full_ns.popitem(last=False)
        return 0.0
