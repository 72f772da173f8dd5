"""Codes that are read over the phone."""

import re

import pytest

from terminal.care.help_code import help_code, same, terminal_name


def test_a_bundles_code_is_its_own_and_changes_with_every_byte() -> None:
    data = bytes(range(200))
    codes = {help_code(data[:at] + b"x" + data[at + 1 :]) for at in range(200)}
    assert len(codes) >= 199
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", code) for code in codes)
    assert help_code(data) == help_code(bytes(data))


@pytest.mark.parametrize("typed", ["4k7p 9m2x", "4K7P9M2X", " 4k7p-9m2x. "])
def test_it_is_heard_as_people_say_it(typed: str) -> None:
    assert same(typed, "4K7P-9M2X")


@pytest.mark.parametrize("typed", ["", "-", "4K7P-9M2Y", "4K7P"])
def test_another_one_is_another_one(typed: str) -> None:
    assert not same(typed, "4K7P-9M2X")
    assert not same(typed, "")


def test_a_terminals_name_is_the_same_after_every_start_and_not_its_secret() -> None:
    assert terminal_name(b"a" * 32) == terminal_name(b"a" * 32) != terminal_name(b"b" * 32)
    assert terminal_name(b"x" * 200)
