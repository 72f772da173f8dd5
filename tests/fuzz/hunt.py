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
    chance, bag = Random(f"{parser.name} {seed}"), Bag()
    for _ in range(inputs):
        data = mutated(parser.seeds, chance)
        bag.inputs += 1
        took_s = _tried(parser, data, bag)
        if took_s > SLOW_S:  # once may be the machine; the same bytes again are not
            took_s = min(took_s, _tried(parser, data, bag))
        bag.slowest_s = max(bag.slowest_s, took_s)
        if took_s > SLOW_S:
            bag.defect = Defect(parser.name, data, f"took {took_s:.2f} s")
        if bag.defect:
            break
    return bag


def _tried(parser: Parser, data: bytes, bag: Bag) -> float:
    begun_s = time.thread_time()
    try:
        parser.read(data)
        bag.read += 1
    except parser.refuses:
        pass
    except Exception as error:  # noqa: BLE001 - this is what is hunted
        bag.defect = Defect(parser.name, data, f"{type(error).__name__}: {error}")
    return time.thread_time() - begun_s
