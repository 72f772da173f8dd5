"""``countertop serve`` without the other commands: what they import, a shop's machine would keep for years and
load after every power cut while people wait (5 MB, 80 ms)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

SWITCHES: Final = {"--check": "check", "--json": "as_json", "--verbose": "verbose", "-v": "verbose"}


class Asked(NamedTuple):
    config: Path
    check: bool
    as_json: bool
    verbose: bool


def asked(words: Sequence[str]) -> Asked | None:
    """What plain words ask for; None: somebody has to explain them, as with ``--help`` or a word misspelt."""
    config, switched = "", set[str]()
    rest = iter(words)
    for word in rest:
        if word in SWITCHES:
            switched.add(SWITCHES[word])
        elif word == "--config":
            config = next(rest, "")
        elif word.startswith("--config="):
            config = word.partition("=")[2]
        else:
            return None
    if not config:
        return None
    return Asked(Path(config), "check" in switched, "as_json" in switched, "verbose" in switched)


def run(words: Asked) -> int:
    """Returns the exit code."""
    from terminal.cli.serve.run import serve

    return serve(words.config, check=words.check, as_json=words.as_json, verbose=words.verbose)
