"""Every instant belongs to one business day, whatever the zone does to its clocks (row 109)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import BadSettings
from terminal.settlement.business_day import ShopTime

HOUR = 3_600_000


def ms(text: str) -> int:
    """ISO 8601 with offset -> UTC milliseconds."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.row(109)
@pytest.mark.parametrize(
    ("zone", "cut_off", "at", "day"),
    [
        ("Asia/Shanghai", "00:00", "2026-11-21T23:59:59.999+08:00", "2026-11-21"),
        ("Asia/Shanghai", "00:00", "2026-11-22T00:00:00+08:00", "2026-11-22"),
        ("Asia/Shanghai", "04:00", "2026-11-22T03:59:59.999+08:00", "2026-11-21"),
        ("Asia/Shanghai", "04:00", "2026-11-22T04:00:00+08:00", "2026-11-22"),
        ("Asia/Shanghai", "04:00", "2028-02-29T03:00:00+08:00", "2028-02-28"),
        ("Asia/Shanghai", "04:00", "2028-03-01T03:59:59+08:00", "2028-02-29"),
        ("America/Sao_Paulo", "04:00", "2027-01-01T01:00:00-03:00", "2026-12-31"),
        # clocks spring from 02:00 to 03:00: the missing cut-off of 02:30 is the moment of the jump
        ("America/New_York", "02:30", "2026-03-08T01:59:59.999-05:00", "2026-03-07"),
        ("America/New_York", "02:30", "2026-03-08T03:00:00-04:00", "2026-03-08"),
        # 01:30 comes twice: the first one begins the day, the second 01:10 belongs to it
        ("America/New_York", "01:30", "2026-11-01T01:29:59.999-04:00", "2026-10-31"),
        ("America/New_York", "01:30", "2026-11-01T01:30:00-04:00", "2026-11-01"),
        ("America/New_York", "01:30", "2026-11-01T01:10:00-05:00", "2026-11-01"),
        # half an hour back for good, and a midnight that does not exist
        ("America/Caracas", "00:00", "2016-05-01T03:00:00-04:00", "2016-05-01"),
        ("America/Sao_Paulo", "00:00", "2018-11-04T01:00:00-02:00", "2018-11-04"),
        ("America/Sao_Paulo", "00:00", "2018-11-03T23:59:59.999-03:00", "2018-11-03"),
        # the 30th of December 2011 was skipped in Samoa
        ("Pacific/Apia", "00:00", "2011-12-29T23:59:59-10:00", "2011-12-29"),
        ("Pacific/Apia", "00:00", "2011-12-31T00:00:00+14:00", "2011-12-31"),
    ],
)
def test_an_instant_is_on_the_day_its_shopkeeper_says(zone: str, cut_off: str, at: str, day: str) -> None:
    assert ShopTime.of(zone, cut_off).business_day(ms(at)).isoformat() == day


@pytest.mark.row(109)
def test_days_of_a_change_are_an_hour_short_or_long() -> None:
    shop = ShopTime.of("America/New_York", "04:00")
    lengths = [
        (end - begin) // HOUR
        for begin, end in map(shop.bounds, [date(2026, 3, 7), date(2026, 3, 8), date(2026, 10, 31)])
    ]
    assert lengths == [23, 24, 25]  # the jumps at 02:00 belong to the business day before


def test_a_skipped_date_has_no_length() -> None:
    begin, end = ShopTime.of("Pacific/Apia").bounds(date(2011, 12, 30))
    assert begin == end == ms("2011-12-31T00:00:00+14:00")


ZONES = ("America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "UTC")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["00:00", "02:30", "04:00", "23:59"]),
    st.integers(ms("2000-01-01T00:00:00+00:00"), ms("2040-01-01T00:00:00+00:00")),
)
def test_every_instant_is_within_the_bounds_of_its_day_and_no_other(zone: str, cut_off: str, at: int) -> None:
    shop = ShopTime.of(zone, cut_off)
    day = shop.business_day(at)
    begin, end = shop.bounds(day)
    assert begin <= at < end
    assert shop.bounds(day + timedelta(days=1))[0] == end
    assert shop.business_day(end - 1) == day
    assert shop.business_day(end) > day


@pytest.mark.parametrize(("zone", "cut_off"), [("Mars/Olympus", "04:00"), ("UTC", "25:00"), ("", "x")])
def test_a_zone_or_hour_nobody_knows_is_named(zone: str, cut_off: str) -> None:
    with pytest.raises(BadSettings, match="config_value_wrong"):
        ShopTime.of(zone, cut_off)
