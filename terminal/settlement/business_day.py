"""The shop's own day: from one cut-off to the next, in the shop's time zone.

A bar that closes at three counts its night to the day before. Zones change their offset, skip hours and, once in
a while, whole dates: a day begins at the first instant whose local date and time are not before its cut-off.
Rules of the zones: IANA Time Zone Database; what a skipped and a repeated hour are: PEP 495.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Self
from zoneinfo import ZoneInfo

from terminal.errors import BadSettings

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_DAYS_CACHED: Final = 512


@dataclass(frozen=True, slots=True)
class ShopTime:
    """``cut_off``: the local time at which a new business day begins."""

    zone: ZoneInfo
    cut_off: time = field(default=time(0))

    @classmethod
    def of(cls, zone: str, cut_off: str = "00:00") -> Self:
        """``cut_off`` as HH:MM. Raises BadSettings("config_value_wrong")."""
        try:
            return cls(ZoneInfo(zone), time.fromisoformat(cut_off))
        except (ValueError, LookupError, OSError):
            raise BadSettings("config_value_wrong", key="shop.zone", why=f"{zone!r}, {cut_off!r}") from None

    def business_day(self, wall_ms: int) -> date:
        """The day whose bounds hold this instant (UTC milliseconds)."""
        day = self.local(wall_ms).date()
        while wall_ms < _starts(self, day):
            day -= _DAY
        while wall_ms >= _starts(self, day + _DAY):  # where a date was skipped both begin at once
            day += _DAY
        return day

    def bounds(self, day: date) -> tuple[int, int]:
        """First instant of the day and of the next one, UTC milliseconds; equal where the date was skipped."""
        return _starts(self, day), _starts(self, day + _DAY)

    def local(self, wall_ms: int) -> datetime:
        return (_EPOCH + wall_ms * _MS).astimezone(self.zone)


@lru_cache(_DAYS_CACHED)
def _starts(shop: ShopTime, day: date) -> int:
    """The first instant whose local date and time are not before the day's cut-off."""
    wanted = datetime.combine(day, shop.cut_off)
    first = _instant(wanted, shop.zone, fold=0)
    if shop.local(first).replace(tzinfo=None) == wanted:
        return first  # of a repeated hour the first one
    before, after = _instant(wanted, shop.zone, fold=1), first
    while after - before > 1:  # the clocks sprang over it somewhere in between
        middle = (before + after) // 2
        if shop.local(middle).replace(tzinfo=None) < wanted:
            before = middle
        else:
            after = middle
    return after


def _instant(wanted: datetime, zone: ZoneInfo, fold: int) -> int:
    return (wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC) - _EPOCH) // _MS
