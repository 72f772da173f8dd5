"""A daily window in its zone's own time: open, or when it opens, over midnight and a change of summer time."""

from datetime import UTC, datetime

import pytest

from terminal.counter.hours import is_zone, opens_ms

NIGHT = ("22:30", "06:00")
DAY = ("09:00", "22:00")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.row(75)
@pytest.mark.parametrize(
    ("hours", "zone", "now", "opens"),
    [
        (None, "UTC", "2026-01-01T03:00:00Z", ""),
        (("08:00", "08:00"), "UTC", "2026-01-01T03:00:00Z", ""),
        (DAY, "Asia/Shanghai", "2026-01-01T08:59:59.999+08:00", "2026-01-01T09:00:00+08:00"),
        (DAY, "Asia/Shanghai", "2026-01-01T09:00:00+08:00", ""),
        (DAY, "Asia/Shanghai", "2026-01-01T21:59:59+08:00", ""),
        (DAY, "Asia/Shanghai", "2026-01-01T22:00:00+08:00", "2026-01-02T09:00:00+08:00"),
        (DAY, "Asia/Shanghai", "2026-01-31T23:00:00+08:00", "2026-02-01T09:00:00+08:00"),
        (NIGHT, "UTC", "2026-01-01T23:00:00Z", ""),
        (NIGHT, "UTC", "2026-01-01T05:59:00Z", ""),
        (NIGHT, "UTC", "2026-01-01T06:00:00Z", "2026-01-01T22:30:00Z"),
        (DAY, "America/Sao_Paulo", "2026-01-01T11:59:00Z", "2026-01-01T12:00:00Z"),
        (DAY, "Europe/Berlin", "2026-03-28T23:00:00+01:00", "2026-03-29T09:00:00+02:00"),
        (("02:30", "04:00"), "Europe/Berlin", "2026-03-29T01:00:00+01:00", "2026-03-29T03:30:00+02:00"),
        (("02:30", "04:00"), "Europe/Berlin", "2026-10-25T01:00:00+02:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_open_or_when_it_opens(hours: tuple[str, str] | None, zone: str, now: str, opens: str) -> None:
    assert opens_ms(hours, zone, at(now)) == (at(opens) if opens else 0)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Sao_Paulo", "Europe/Berlin", "Pacific/Apia"])
def test_every_quarter_of_a_year_a_closed_window_opens_later_and_is_open_then(zone: str) -> None:
    now_ms = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    for quarter in range(0, 366 * 24 * 4, 13):
        asked = now_ms + quarter * 900_000
        if opens := opens_ms(("02:15", "02:45"), zone, asked):
            assert 0 < opens - asked <= 49 * 3_600_000


def test_zones_are_known_or_not() -> None:
    assert is_zone("Asia/Shanghai")
    assert not is_zone("Moon/Tycho")
    assert not is_zone("../../etc/passwd")
