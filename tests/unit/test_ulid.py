"""Ids: shape, order, unguessable steps, and the real ones."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.chance import Chance
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.ulid import ALPHABET, Ulids, encode, wall_ms


class Walls:
    """A clock whose wall shows the given milliseconds one by one."""

    def __init__(self, *walls: int) -> None:
        self._walls: Iterator[int] = iter(walls)

    def wall_ms(self) -> int:
        return next(self._walls)

    def mono_ns(self) -> int:
        return 0


def test_the_text_is_the_specification_s_example() -> None:
    assert encode(1469918176385, 0)[:10] == "01ARYZ6S41"
    assert wall_ms("01ARYZ6S41TSV4RRFFQ69G5FAV") == 1469918176385


@given(st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=40), st.integers())
def test_ids_only_grow_whatever_the_wall_does(walls: list[int], seed: int) -> None:
    ids = Ulids(Walls(*walls), Chance(seed))
    made = [ids.ulid() for _ in walls]
    assert all(one < two for one, two in pairwise(made))
    assert all(len(text) == 26 and set(text) <= set(ALPHABET) for text in made)


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_a_full_millisecond_borrows_the_next() -> None:
    class Ones:
        def bytes(self, count: int) -> bytes:
            return b"\xff" * count

    count = 70_000
    ids = Ulids(Walls(*[7] * count), Ones())
    made = [ids.ulid() for _ in range(count)]
    assert all(one < two for one, two in pairwise(made))
    assert {wall_ms(text) for text in made} == {7, 8, 9}


def test_the_real_ones_satisfy_the_ports() -> None:
    clock, ids = SystemClock(), SystemIds()
    before = clock.wall_ms()
    made = [ids.ulid() for _ in range(1000)]
    assert sorted(set(made)) == made
    assert before <= wall_ms(made[0]) <= clock.wall_ms()
    assert clock.mono_ns() <= clock.mono_ns()
    assert len(SystemEntropy().bytes(16)) == 16
