"""``python -m tests.fuzz [INPUTS] [SEED]``: so many inputs for every parser (make fuzz)."""

import sys
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.hunt import Bag, hunt
from tests.fuzz.parsers import parsers


def one(number: int, inputs: int, seed: int) -> tuple[str, Bag]:
    parser = parsers()[number]
    return parser.name, hunt(parser, inputs, seed=seed)


def main(inputs: int = 100_000, seed: int = 1) -> int:
    defects = 0
    with ProcessPoolExecutor() as pool:
        count = len(parsers())
        for name, bag in pool.map(one, range(count), [inputs] * count, [seed] * count):
            print(f"{name:24} {bag.inputs:10} inputs, {bag.read:9} read, slowest {bag.slowest_s * 1000:6.2f} ms")
            if bag.defect:
                defects += 1
                print(f"  {bag.defect.what}\n  {bag.defect.data!r}")
    print(f"{count} parsers, {defects} with a defect; seed {seed}")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
