"""Volume by the hour of the shop's zone."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from terminal.peripherals.loudness import Loudness


@dataclass(frozen=True)
class Table:
    volume: int | None = None
    quiet: tuple[str, str] | None = None
    quiet_volume: int = 0


def at(hour: str, *, month: int = 1) -> int:
    moment = datetime.fromisoformat(f"2026-{month:02}-15T{hour}:00").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


@pytest.mark.row(50)
@pytest.mark.parametrize(
    ("hour", "quiet"),
    [("13:59", False), ("14:00", True), ("15:30", True), ("16:00", True), ("22:59", True), ("23:00", False)],
)
def test_quiet_hours_go_over_midnight_and_their_end_is_loud(hour: str, quiet: bool) -> None:
    shop = Loudness.of(Table(70, ("22:00", "07:00"), 20), "Asia/Shanghai")  # 14:00 to 23:00 UTC
    assert shop.is_quiet(at(hour)) is quiet
    assert shop.at(at(hour)) == (20 if quiet else 70)


@pytest.mark.row(50)
@pytest.mark.parametrize(("month", "quiet"), [(1, False), (7, True)])
def test_the_shops_clock_changes_with_the_season(month: int, quiet: bool) -> None:
    shop = Loudness.of(Table(None, ("12:00", "14:00")), "Europe/Lisbon")
    assert shop.is_quiet(at("11:30", month=month)) is quiet


def test_without_quiet_hours_the_volume_is_the_settings_or_the_profiles() -> None:
    assert Loudness.of(Table(), "UTC").at(at("03:00")) is None
    assert Loudness.of(Table(45), "no zone is needed").at(at("03:00")) == 45
    assert not Loudness.of(Table(quiet=("08:00", "08:00")), "UTC").is_quiet(at("08:00"))


def test_hours_are_told_as_they_were_set() -> None:
    assert Loudness.of(Table(quiet=("22:00", "07:00")), "UTC").hours == "22:00-07:00"
    assert Loudness().hours == ""


@pytest.mark.parametrize(("hours", "zone"), [(("25:00", "07:00"), "UTC"), (("22:00", "07:00"), "Mars/North")])
def test_bad_input_hours_and_zones_that_do_not_exist(hours: tuple[str, str], zone: str) -> None:
    with pytest.raises(ValueError, match=r"hour|zone"):
        Loudness.of(Table(quiet=hours), zone)
