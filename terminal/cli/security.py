"""``countertop security sbom``: what this installation is made of, for whoever has to know it."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any, Final

import typer

from terminal.cli.words import put

security = typer.Typer(no_args_is_help=True, help="What protects this installation, and what it is made of.")
PROGRAM: Final = "countertop"
_NEED: Final = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)[^;]*(?:;.*?(?P<extra>extra\s*==.*))?")


@security.callback()
def _group() -> None:
    """Without it one command alone would be the group itself."""


@security.command()
def sbom() -> None:
    """Every package this program runs with, as a CycloneDX 1.6 document (S71)."""
    put(bill_of_materials())


def bill_of_materials() -> dict[str, Any]:
    """What is installed and needed, not what should be: names, versions, licences, who needs whom."""
    found: dict[str, Distribution] = {}
    left = [PROGRAM]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = distribution(name)
            left += _needs(found[name])
    parts = [_component(name, each) for name, each in sorted(found.items()) if name != PROGRAM]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(PROGRAM, found[PROGRAM]) | {"type": "application"}},
        "components": parts,
        "dependencies": [
            {"ref": _reference(name, each), "dependsOn": [_reference(x, found[x]) for x in _needs(each)]}
            for name, each in sorted(found.items())
        ],
    }


def _needs(part: Distribution) -> list[str]:
    """Direct needs that are here: not what an extra asks for, nor what another system or Python would need."""
    needs = (_NEED.match(each) for each in part.requires or ())
    named = {_plain(found["name"]) for found in needs if found and not found["extra"]}
    return sorted(filter(_here, named))


def _here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _reference(name: str, part: Distribution) -> str:
    return f"pkg:pypi/{name}@{part.version}"


def _component(name: str, part: Distribution) -> dict[str, Any]:
    told_of = part.metadata.json
    licence = str(told_of.get("license_expression") or told_of.get("license") or "")
    told = {
        "type": "library",
        "name": name,
        "version": part.version,
        "bom-ref": _reference(name, part),
        "purl": _reference(name, part),
    }
    return told | ({"licenses": [{"license": {"name": licence.splitlines()[0]}}]} if licence else {})
