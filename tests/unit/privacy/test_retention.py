"""What goes when: the map's periods, the clock moved."""

import pytest

from terminal.privacy.datamap import data_map
from terminal.privacy.retention import DAY_MS, Found, due, periods

NOW = 1_800_000_000_000
DAYS = periods(data_map().with_days("bills", 10))


@pytest.mark.parametrize(
    ("path", "days"),
    [("letters/a.txt", 90), ("bundles/b.zip", 7), ("bills/x.bill", 10), ("outbound.json", 30)],
)
def test_pr8_a_file_goes_at_its_time_and_not_before(path: str, days: int) -> None:
    [gone] = due(data_map(), [Found("state", path, NOW - days * DAY_MS - 1)], NOW, DAYS)
    assert (gone.path, gone.days, gone.age_days) == (path, days, days)
    assert due(data_map(), [Found("state", path, NOW - days * DAY_MS)], NOW, DAYS) == []


@pytest.mark.parametrize("path", ["journal.db", "keys/journal.key", "devices.toml", "of-nobody.txt"])
def test_pr8_what_has_no_period_or_no_place_on_the_map_never_goes(path: str) -> None:
    assert due(data_map(), [Found("state", path, 0)], NOW, DAYS) == []


def test_pr8_a_clock_that_runs_behind_deletes_nothing() -> None:
    assert due(data_map(), [Found("state", "letters/a.txt", NOW)], NOW - 400 * DAY_MS, DAYS) == []


def test_pr8_personal_values_have_180_days_bills_what_the_settings_say_and_payments_no_end() -> None:
    assert (DAYS["personal"], DAYS["bill_file"], DAYS["log_file"], DAYS["trace_file"]) == (180, 10, 30, 7)
    assert "money" not in DAYS
