"""No bytes from outside make a parser fall over or think for long, and the hunt itself finds what is planted."""

import time
from collections.abc import Callable

import pytest

from terminal.errors import InvalidRequest
from tests.fuzz.hunt import hunt
from tests.fuzz.parsers import Parser, parsers

INPUTS = 10_000
INPUTS_LONG = 20_000  # the first of them are the same
PARSERS = parsers()


each_parser = pytest.mark.parametrize("parser", PARSERS, ids=[each.name for each in PARSERS])


@pytest.mark.no_cover
@each_parser
def test_s6_b4_c3_nothing_but_a_refusal_leaves_a_parser(
    parser: Parser, record_property: Callable[[str, object], None]
) -> None:
    for seed in parser.seeds:
        parser.read(seed)
    record_property("times", sound(parser, INPUTS))


@pytest.mark.slow  # more of the same
@each_parser
def test_s6_b4_c3_nothing_but_a_refusal_leaves_a_parser_for_longer(parser: Parser) -> None:
    sound(parser, INPUTS_LONG)


def sound(parser: Parser, inputs: int) -> int:
    bag = hunt(parser, inputs, seed=1)
    assert bag.defect is None
    assert bag.inputs == inputs
    return bag.inputs


def _falls(data: bytes) -> object:
    if b"\xff\xff\xff" in data:
        raise KeyError("planted")
    raise InvalidRequest("field_wrong", field="x")


def test_s6_what_is_planted_is_found() -> None:
    found = hunt(Parser("falls", _falls, (b"seed",)), INPUTS, seed=1).defect
    assert found
    assert found.what == "KeyError: 'planted'"
    assert b"\xff\xff\xff" in found.data


def test_s6_what_thinks_long_is_found() -> None:
    def thinks(data: bytes) -> object:
        until_s = time.thread_time() + (0.11 if b"9" * 20 in data else 0)
        while time.thread_time() < until_s:
            pass
        return data

    found = hunt(Parser("thinks", thinks, (b"seed",)), INPUTS, seed=1).defect
    assert found
    assert found.what.startswith("took ")
