"""What this program runs with: every installed package it needs, directly or through another."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

PROGRAM: Final = "countertop"
_NEED: Final = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)[^;]*(?:;.*?(?P<extra>extra\s*==.*))?")


def parts() -> dict[str, Distribution]:
    """By plain name, the program itself among them: what is installed and needed, not what should be."""
    found: dict[str, Distribution] = {}
    left = [PROGRAM]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = distribution(name)
            left += needs(found[name])
    return found


def needs(part: Distribution) -> list[str]:
    """Direct needs that are here: not what an extra asks for, nor what another system or Python would need."""
    named = (_NEED.match(each) for each in part.requires or ())
    return sorted(filter(_here, {plain(found["name"]) for found in named if found and not found["extra"]}))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
