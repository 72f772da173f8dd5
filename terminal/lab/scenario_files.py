"""Scenario files found, read and refused: the shipped ones, those of one's own, and faults by the same word."""

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.given_file import read_handed
from terminal.lab.faults import Fault, FaultUnknown, catalogue, find
from terminal.lab.scenario_lint import complaints
from terminal.lab.scenarios import BadScenario, Scenario

FOLDER: Final = Path(__file__).parent.parent / "data" / "scenarios"
SIZE_MAX: Final = 64 * 1024


@cache
def shipped() -> Mapping[str, Scenario]:
    """The stories that come with the product, by name."""
    return {each.name: each for each in map(read, sorted(FOLDER.glob("*.toml")))}


def read(path: Path) -> Scenario:
    """Raises BadScenario; OSError."""
    raw = raw_of(path)
    if wrong := complaints(raw):
        raise BadScenario(path.name, wrong)
    return msgspec.convert(raw, Scenario)


def raw_of(path: Path) -> dict[str, Any]:
    """The file's tables before anything is known of them. Raises BadScenario; OSError."""
    data = read_handed(path, SIZE_MAX + 1)
    if len(data) > SIZE_MAX:
        raise BadScenario(path.name, (f"it is longer than {SIZE_MAX} bytes.",))
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of its bytes, its form, a number or a depth without end
        raise BadScenario(path.name, (f"it cannot be read as TOML: {error}.",)) from None


def named(name: str) -> Fault | Scenario:
    """A fault, a shipped story, or a file of one's own (a path that ends in .toml).

    Raises:
        FaultUnknown: no such name; BadScenario: the file is wrong; OSError.
    """
    if name.endswith(".toml"):
        return read(Path(name))
    if name in shipped():
        return shipped()[name]
    try:
        return find(name)
    except FaultUnknown:
        names = [*catalogue(), *shipped()]
        near = tuple(difflib.get_close_matches(name, names, n=3, cutoff=0.4))
        told = f"no fault or scenario is called {name!r}; near: {', '.join(near) or 'see countertop lab list'}"
        raise FaultUnknown(told, near) from None
