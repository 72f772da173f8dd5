"""A story is played whole and judged; a test of it fails with what was wrong."""

from pathlib import Path

import pytest

from terminal.testing import play

pytestmark = [pytest.mark.no_cover, pytest.mark.row(144, 146)]
SHIPPED = Path(__file__).parents[3] / "terminal" / "data" / "scenarios" / "customer-leaves.toml"


def test_a_scenario_that_holds_tells_how_it_ended() -> None:
    assert (play("customer-leaves").ends, play(SHIPPED, seed=2).captured) == ("cancelled", 0)


def test_one_that_does_not_hold_says_what_was_wrong_and_how_to_see_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SHIPPED.read_text("utf-8").replace('ends = ["cancelled"]', 'ends = ["paid"]'))
    with pytest.raises(AssertionError) as told:
        play(file, seed=3)
    wrong, again = str(told.value).splitlines()
    assert wrong == "the sale ended 'cancelled', expected paid"
    assert again == f"the whole run: countertop lab run {file} --seed 3"
