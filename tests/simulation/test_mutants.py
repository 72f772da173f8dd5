"""Is the simulation any good? Every planted mistake must be seen, by its invariant, within a few seeds."""

import logging
from collections.abc import Iterator
from typing import Final

import pytest

from tests.simulation.hunt import hunt
from tests.simulation.mutants import MUTANTS

IN_THE_SUITE: Final = ("tells before the commit", "leaves the log to the system")  # seen at once


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_there_are_twenty_mistakes_at_least() -> None:
    assert len(MUTANTS) >= 20


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(146)
@pytest.mark.parametrize("name", IN_THE_SUITE)
def test_the_oracle_sees_a_mistake_soon(name: str) -> None:
    found = hunt(name)
    assert found.named, found


@pytest.mark.slow  # make test-long: a minute on two cores
@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in IN_THE_SUITE])
def test_the_oracle_sees_a_planted_mistake(name: str) -> None:
    found = hunt(name)
    assert found.named, found
