"""One parser, many inputs: what it lets escape, and what takes it long. One number, one hunt."""

import time
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.fuzz.inputs import mutated
from tests.fuzz.parsers import Parser

SLOW_S: Final = 0.1  # of processor time, S6


@dataclass(frozen=True, slots=True)
class Defect:
    parser: str
    data: bytes
    what: str


@dataclass(slots=True)
class Bag:
    """What a hunt brought home; ``read`` counts inputs that were taken, the rest was refused by name."""

    inputs: int = 0
    read: int = 0
    slowest_s: float = 0.0
    defect: Defect | None = None


def hunt(parser: Parser, inputs: int, *, seed: int) -> Bag:
    """Looks at the clock on the wall, which is cheap to read: what did not take long there did not think long."""
    chance, bag, clock = Random(f"{parser.name} {seed}"), Bag(), time.perf_counter
    for _ in range(inputs):
        data = mutated(parser.seeds, chance)
        bag.inputs += 1
        begun_s = clock()
        bag.read += _tried(parser, data, bag)
        if clock() - begun_s > bag.slowest_s:
            bag.slowest_s = max(bag.slowest_s, _thought_s(parser, data, bag))
        if bag.slowest_s > SLOW_S and not bag.defect:
            bag.defect = Defect(parser.name, data, f"took {bag.slowest_s:.2f} s")
        if bag.defect:
            break
    return bag


def _thought_s(parser: Parser, data: bytes, bag: Bag) -> float:
    """Processor seconds for these bytes; once may be the machine, twice is not."""
    took_s = []
    for _ in range(2):
        begun_s = time.thread_time()
        _tried(parser, data, bag)
        took_s.append(time.thread_time() - begun_s)
    return min(took_s)


def _tried(parser: Parser, data: bytes, bag: Bag) -> bool:
    try:
        parser.read(data)
    except parser.refuses:
        return False
    except Exception as error:  # noqa: BLE001 - this is what is hunted
        bag.defect = Defect(parser.name, data, f"{type(error).__name__}: {error}")
        return False
    return True
