"""A little of ``make torture`` for every change; the rest of it in make test-long, and all of it by itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench.late_loop import STEP_S, Notes
from tests.torture import errors, images, kills, starved


def silent(_line: str) -> None:
    """Nobody watches."""


@pytest.mark.row(129)
async def test_d1_i1_i6_i9_i22_a_killed_service_told_no_lies(tmp_path: Path) -> None:
    tally = await kills.run(tmp_path, 1, 3, silent)
    assert tally.wrong == []
    assert tally.sales > 0


@pytest.mark.slow
@pytest.mark.row(129)
async def test_d1_i3_i16_twenty_kills_at_any_time(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    tally = await kills.run(tmp_path, 20, 11, silent)
    record_property("summary", tally.line())
    assert tally.wrong == []


@pytest.mark.slow
@pytest.mark.row(129)
async def test_d2_i6_no_cut_of_the_unmodified_service_loses_what_it_told(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    tally = await images.run(tmp_path, 500, 11, silent)
    record_property("summary", tally.line())
    assert tally.wrong == []


@pytest.mark.slow
@pytest.mark.row(129)
async def test_d4_d5_i20_any_write_or_sync_that_fails_ends_the_service_and_nobody_is_lied_to(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    tally = await errors.run(tmp_path, 12, 11, silent)
    record_property("summary", tally.line())
    assert tally.wrong == []


@pytest.mark.slow
@pytest.mark.row(129)
async def test_d4_d6_d7_d8_d9_d10_d12_full_and_slow_disks_stops_limits_and_clocks(
    tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    parts = await starved.run(tmp_path, 11, silent)
    for each in parts:
        record_property("summary", each.line())
    assert [each.wrong for each in parts if each.wrong] == []


def test_what_notes_how_late_the_loop_is_takes_no_more_room_however_long_it_does() -> None:
    """Every note kept for itself was eleven megabytes in half an hour, told as the service's own."""
    notes = Notes()
    room = notes.room
    for late_s in (0.0, 0.0012, 0.0012, 7.5):
        notes.add(late_s)
    assert notes.room == room
    assert notes.all() == pytest.approx([0.0, 0.0012, 0.0012, 7.5], abs=STEP_S)
