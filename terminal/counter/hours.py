"""A daily window in a zone's own time: open now, or when it opens next. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = 3  # a window that a change of summer time swallows is looked for on the days after


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def opens_ms(hours: tuple[str, str] | None, zone: str, now_ms: int) -> int:
    """When the window opens next, UTC milliseconds; 0 when it is open at ``now_ms``.

    Args:
        hours: "HH:MM" from (included) and until (excluded); past midnight when until is not after from. None and
            two equal times are always open.
    """
    if hours is None or hours[0] == hours[1]:
        return 0
    here = ZoneInfo(zone)
    now = (_EPOCH + timedelta(milliseconds=now_ms)).astimezone(here)
    first, last = hours
    clock = now.strftime("%H:%M")
    if first <= clock < last or (last < first and (clock >= first or clock < last)):
        return 0
    hour, minute = (int(part) for part in first.split(":"))
    for ahead in range(_DAYS):
        day = now.date() + timedelta(days=ahead)
        opening = datetime(day.year, day.month, day.day, hour, minute, tzinfo=here).astimezone(UTC)
        at_ms = (opening - _EPOCH) // timedelta(milliseconds=1)
        if at_ms > now_ms:
            return at_ms
    raise AssertionError("a daily window opens within three days")
