"""Seeded chance: repeatable for ever, fair enough, streams independent."""

from collections import Counter

import pytest

from terminal.chance import Chance, splitmix64


def test_the_generator_is_the_published_one() -> None:
    """First numbers from seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64")."""
    state, drawn = 1234567, []
    for _ in range(5):
        state, number = splitmix64(state)
        drawn.append(number)
    assert drawn == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_a_seed_means_the_same_for_ever() -> None:
    assert Chance(1).next64() == 1970270288333610069 == Chance("1").next64()


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_draws_spread_over_the_whole_range() -> None:
    chance = Chance("spread")
    counts = Counter(chance.below(6) for _ in range(60_000))
    assert sorted(counts) == [0, 1, 2, 3, 4, 5]
    assert all(9_500 < count < 10_500 for count in counts.values())
    assert {chance.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert 900 < sum(chance.happens(100_000) for _ in range(10_000)) < 1_100


def test_streams_by_name_do_not_shift_each_other() -> None:
    one, two = Chance(9), Chance(9)
    two.next64()
    assert one.split("disk").bytes(20) == two.split("disk").bytes(20) != one.split("wire").bytes(20)


def test_a_shuffle_keeps_every_item() -> None:
    items = list(range(50))
    Chance(4).shuffle(items)
    assert items != sorted(items) == list(range(50))
    assert Chance(4).choice("x") == "x"
