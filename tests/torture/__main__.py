"""``make torture KILLS=… IMAGES=…``: a shop is killed, cut, starved and slowed, and must have lost nothing."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.torture import errors, images, kills, starved

PARTS = ("kills", "images", "errors", "starved")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _play(part: str, folder: Path, asked: argparse.Namespace) -> tuple[list[str], list[str]]:
    """(lines, what was wrong)"""
    match part:
        case "kills":
            killed = await kills.run(folder, asked.kills, asked.seed, say)
            return [killed.line()], killed.wrong
        case "images":
            cut = await images.run(folder, asked.images, asked.seed, say)
            return [cut.line()], cut.wrong
        case "errors":
            failed = await errors.run(folder, asked.stride, asked.seed, say)
            return [failed.line()], failed.wrong
        case _:
            parts = await starved.run(folder, asked.seed, say, asked.hardship)
            return [each.line() for each in parts], [wrong for each in parts for wrong in each.wrong]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--stride", type=int, default=1, help="of the writes of a sale every so many-th fails")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    parser.add_argument("--hardship", default="", help="of the starved one: full, slow, second, stopped, …")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    lines: list[str] = []
    wrong: list[str] = []
    for part in (asked.only,) if asked.only else PARTS:
        with tempfile.TemporaryDirectory(prefix=f"countertop-torture-{part}-") as place:
            told, bad = asyncio.run(_play(part, Path(place), asked))
        lines += told
        wrong += bad
    say("\n".join(["", f"torture, seed {asked.seed}:", *lines, *(f"WRONG {each}" for each in wrong)]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
