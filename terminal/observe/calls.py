"""The calls to banks of this run by order number: in memory, bounded, gone with the process, in no journal."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from terminal.counter.ports import Clock
from terminal.payments.notice import CallMade

ORDERS_MAX: Final = 512
CALLS_MAX: Final = 48  # of one order: its first half and its newest are kept


@dataclass(frozen=True, slots=True)
class SeenCall:
    """``ended_ms`` is wall time UTC, ``mono_ns`` this process's own clock at the same moment."""

    channel: str
    act: str
    outcome: str
    took_ms: int
    ended_ms: int
    mono_ns: int


@dataclass(slots=True)
class Calls:
    """A ring of calls. ``listeners`` hear of each as well, with its channel."""

    clock: Clock
    listeners: list[Callable[[str, CallMade], None]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)  # by order: how many in the middle are forgotten
    _seen: "OrderedDict[str, list[SeenCall]]" = field(default_factory=OrderedDict)

    def made(self, channel: str, call: CallMade) -> None:
        for each in self.listeners:
            each(channel, call)
        rows = self._seen.setdefault(call.about, [])
        took_ms = round(call.took_s * 1000)
        rows.append(SeenCall(channel, call.act, call.outcome, took_ms, self.clock.wall_ms(), self.clock.mono_ns()))
        if len(rows) > CALLS_MAX:
            del rows[CALLS_MAX // 2]
            self.left_out[call.about] = self.left_out.get(call.about, 0) + 1
        self._seen.move_to_end(call.about)
        while len(self._seen) > ORDERS_MAX:
            gone, _ = self._seen.popitem(last=False)
            self.left_out.pop(gone, None)

    def of(self, numbers: Iterable[str]) -> list[SeenCall]:
        """About these orders and refunds, in the order in which they ended."""
        found = [each for number in numbers for each in self._seen.get(number, ())]
        return sorted(found, key=lambda each: each.mono_ns)
