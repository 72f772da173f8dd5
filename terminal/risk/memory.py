"""What rules remember, all of it bounded: today's counts, sliding counts, the newest sales, the days before."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from terminal.risk.table import Learning, RuleNumbers

SALES: Final = 2048  # followed at one time; a refund of an older sale is counted, but is not soon
NAMES: Final = 512  # different people, channels, codes or amounts of one rule a day
TIMES: Final = 256  # of one name within its sliding time


@dataclass(slots=True)
class Seen:
    """Of one sale what rules ask for. Times are wall milliseconds, 0: not yet."""

    opened_by: str
    counter: str
    shown: bool = False
    paid_ms: int = 0
    busy: bool = True


class Sales:
    """The newest sales by id."""

    def __init__(self) -> None:
        self._sales: OrderedDict[str, Seen] = OrderedDict()

    def open(self, sale: str, seen: Seen) -> None:
        self._sales[sale] = seen
        if len(self._sales) > SALES:
            self._sales.popitem(last=False)

    def get(self, sale: str) -> Seen | None:
        return self._sales.get(sale)

    def busy_at(self, counter: str) -> str:
        """The newest sale under way at this counter, empty without one."""
        return next((x for x, seen in reversed(self._sales.items()) if seen.busy and seen.counter == counter), "")


@dataclass(slots=True)
class Counts:
    """Of one rule: how often by name, of a day or of a sliding time; ``peak`` is the day's highest."""

    within_ms: int
    peak: int = 0
    _day: dict[str, int] = field(default_factory=dict)
    _times: OrderedDict[str, deque[tuple[int, Hashable]]] = field(default_factory=OrderedDict)

    def add(self, name: str, at_ms: int, how_many: int = 1, what: Hashable = None) -> int:
        """The count of this name after ``how_many`` more.

        Args:
            what: things that count once each; None counts every time.
        """
        count = self._slide(name, at_ms, how_many, what) if self.within_ms else self._of_day(name, how_many)
        self.peak = max(self.peak, count)
        return count

    def _of_day(self, name: str, how_many: int) -> int:
        if name not in self._day and len(self._day) >= NAMES:
            return 0
        self._day[name] = self._day.get(name, 0) + how_many
        return self._day[name]

    def _slide(self, name: str, at_ms: int, how_many: int, what: Hashable) -> int:
        times = self._times.setdefault(name, deque(maxlen=TIMES))
        self._times.move_to_end(name)
        if len(self._times) > NAMES:
            self._times.popitem(last=False)
        for _ in range(min(how_many, TIMES)):
            times.append((at_ms, what))
        while times and times[0][0] <= at_ms - self.within_ms:
            times.popleft()
        return len(times) if what is None else len({each for _, each in times})

    def next_day(self) -> None:
        """Sliding times go on over midnight."""
        self.peak = 0
        self._day.clear()


class History:
    """The shop's own days: of each rule the highest count of a day, and the hours at which it sold."""

    def __init__(self, learning: Learning) -> None:
        self._learning = learning
        self._days: deque[tuple[str, dict[str, int], frozenset[int]]] = deque(maxlen=learning.days)

    def add(self, day: str, peaks: dict[str, int], hours: frozenset[int]) -> None:
        if all(known != day for known, _, _ in self._days):
            self._days.append((day, peaks, hours))

    @property
    def days(self) -> int:
        return len(self._days)

    @property
    def knows(self) -> bool:
        return self.days >= self._learning.days_least

    def limit(self, rule: str, numbers: RuleNumbers) -> int:
        """The second highest day, so that one bad day teaches nothing, and half as much again."""
        if not numbers.learns or not self.knows:
            return numbers.floor
        highest = sorted((peaks.get(rule, 0) for _, peaks, _ in self._days), reverse=True)[1]
        learned = -(-highest * self._learning.more_percent // 100)  # rounded up
        return min(max(learned, numbers.floor), numbers.ceiling)

    def sells_at(self, hour: int) -> bool:
        """Whether it sold on at least two days at this hour of the day, or the one before or after it."""
        near = {(hour - 1) % 24, hour, (hour + 1) % 24}
        return sum(bool(hours & near) for _, _, hours in self._days) >= min(2, self.days)
