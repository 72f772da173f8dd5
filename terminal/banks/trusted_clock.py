"""Time as the provider sees it: freshness and our stamps must survive a wrong wall clock (I17, D8).

The ``Date`` of an authenticated reply (RFC 9110 section 6.6.1) anchors the monotonic clock. The wall clock
stands in until the first such reply.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from terminal.counter.ports import Clock

AGREES_S: Final = 300.0
_FIXDATE: Final = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class TrustedClock:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchor: tuple[float, float] | None = None  # provider's seconds, our monotonic seconds
        self._doubted: tuple[float, float] | None = None

    def now_s(self) -> float:
        """Seconds since 1970."""
        return self._wall_s() if self._anchor is None else self._since(self._anchor)

    @property
    def offset_s(self) -> float:
        """How far the provider's time is ahead of this machine's wall clock; 0.0 before the first reply."""
        return self.now_s() - self._wall_s()

    def learn(self, date: str) -> None:
        """Take the Date of a reply whose origin is authenticated; an unreadable one changes nothing.

        A first Date is believed. A later one that contradicts the anchor and the wall clock alike may be an
        old reply from a cache, or we slept: it counts when a second one agrees with it.
        """
        told = _seconds(date)
        if told is None:
            return
        candidate = (told, self._mono_s())
        near = [self.now_s(), self._wall_s()]
        if self._doubted is not None:
            near.append(self._since(self._doubted))
        if self._anchor is None or any(abs(told - other) <= AGREES_S for other in near):
            self._anchor, self._doubted = candidate, None
        else:
            self._doubted = candidate

    def _since(self, anchor: tuple[float, float]) -> float:
        return anchor[0] + self._mono_s() - anchor[1]

    def _wall_s(self) -> float:
        return self._clock.wall_ms() / 1000

    def _mono_s(self) -> float:
        return self._clock.mono_ns() / 1e9


def _seconds(date: str) -> float | None:
    """The form that RFC 9110 demands is read directly, the older ones it tolerates by the library."""
    if match := _FIXDATE.fullmatch(date):
        day, month, year, hour, minute, second = match.groups()
        if month in _MONTHS:
            try:
                told = datetime(
                    int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
                )
            except ValueError:
                return None
            return told.timestamp()
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told.replace(tzinfo=told.tzinfo or UTC).timestamp()
