"""Seeds that failed once, as small as the minimiser made them; and the minimiser itself."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.simulation.minimise import Case, minimise
from terminal.simulation.run import Outcome, simulate
from terminal.simulation.swarm import draw

KEPT: list[dict[str, Any]] = msgspec.toml.decode((Path(__file__).parent / "cases.toml").read_bytes())["cases"]


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: str(kept["name"]))
def test_what_failed_once_holds(kept: dict[str, Any]) -> None:
    case = Case(kept["seed"], kept["sales"], kept["counters"], tuple(kept["kinds"]))
    assert set(case.kinds) <= set(draw(case.seed).rates), "the seed draws other troubles now: minimise it again"
    assert simulate(case.seed, swarm=case.swarm()).blame == ""


def ended(case: Case, blame: str) -> Outcome:
    return Outcome(case.seed, case.sales, "", 0, 0.0, blame, ())


def test_a_failing_seed_shrinks_to_what_it_needs() -> None:
    """A made-up bug: two troubles together, from the seventh sale on, at any number of counters."""
    needed = set(sorted(draw(3).rates)[:2])

    def play(case: Case) -> Outcome:
        return ended(case, "I2: planted" if needed <= set(case.kinds) and case.sales >= 7 else "")

    found = minimise(3, play=play)
    assert found is not None
    case, outcome = found
    assert (set(case.kinds), case.sales, case.counters, outcome.blame) == (needed, 7, 1, "I2: planted")
    assert f"seed = {case.seed}" in case.toml("planted")


def test_another_bug_on_the_way_is_not_followed() -> None:
    """Fewer sales fail in another way: the case that is kept still fails as the seed did."""

    def play(case: Case) -> Outcome:
        return ended(case, "I2: planted" if case.sales >= 12 else "I9: another")

    found = minimise(3, play=play)
    assert found is not None
    assert (found[0].sales, found[1].blame) == (12, "I2: planted")


def test_a_sound_seed_has_nothing_to_shrink() -> None:
    assert minimise(3, play=lambda case: ended(case, "")) is None


@pytest.mark.parametrize("seed", range(1, 30))
def test_a_case_begins_as_the_whole_shop_of_its_seed(seed: int) -> None:
    drawn = draw(seed)
    assert Case(seed, drawn.sales, drawn.counters, tuple(drawn.rates)).swarm() == drawn
