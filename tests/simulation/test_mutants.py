"""Is the simulation any good? Every planted mistake must be seen, by its invariant, within a few seeds."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from terminal.simulation.run import simulate
from terminal.simulation.swarm import draw
from tests.simulation.mutants import LOSES_MUCH, MUTANTS

SEEDS = range(1, 61)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow  # make test-long: half a minute on two cores
@pytest.mark.parametrize("name", MUTANTS)
def test_the_oracle_sees_a_planted_mistake(name: str) -> None:
    outfit, named = MUTANTS[name]
    for seed in SEEDS:
        swarm = draw(seed)
        if "silence" in name:
            swarm = replace(swarm, rates=LOSES_MUCH)
        blame = simulate(seed, outfit=outfit, swarm=swarm).blame
        if blame:
            assert blame.partition(":")[0] in named, blame
            return
    pytest.fail(f"{name}: unseen in {len(SEEDS)} seeds")
