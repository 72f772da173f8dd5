"""How often a message that proves nothing makes us ask the provider: strangers can send such ones too (S15)."""

from collections import OrderedDict
from typing import Final

from terminal.counter.ports import Clock

EVERY_S: Final = 1.0
NAMES_MAX: Final = 1024  # the one that was asked about longest ago is forgotten


class HintPace:
    """Once a second for each order of ours, and once a second for all the others of a channel together.

    Queries of a channel share one pace: a flood of made-up order numbers must not stand before the customers'.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ns: OrderedDict[str, int] = OrderedDict()

    def take(self, channel: str, order_no: str, *, ours: bool) -> bool:
        """Whether to ask about it now, which is then counted."""
        name, now_ns = f"{channel}/{order_no if ours else ''}", self._clock.mono_ns()
        last_ns = self._last_ns.get(name)
        if last_ns is not None and now_ns - last_ns < EVERY_S * 1e9:
            return False
        self._last_ns[name] = now_ns
        self._last_ns.move_to_end(name)
        if len(self._last_ns) > NAMES_MAX:
            self._last_ns.popitem(last=False)
        return True
