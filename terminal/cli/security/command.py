"""``countertop security audit | rotate | owner-pin | sbom``: what protects this shop, and what it is made of."""

from importlib.metadata import Distribution
from typing import Any

import typer

from terminal.cli.security.audit import audit
from terminal.cli.security.owner_pin import owner_pin
from terminal.cli.security.rotate import rotate_keys
from terminal.cli.words import put
from terminal.versions.parts import PROGRAM, needs, parts

security = typer.Typer(no_args_is_help=True, help="What protects this installation, and what it is made of.")


security.command()(audit)
security.command("rotate")(rotate_keys)
security.command("owner-pin")(owner_pin)


@security.command()
def sbom() -> None:
    """Every package this program runs with, as a CycloneDX 1.6 document (S71)."""
    put(bill_of_materials())


def bill_of_materials() -> dict[str, Any]:
    """What is installed and needed, not what should be: names, versions, licences, who needs whom."""
    found = parts()
    components = [_component(name, each) for name, each in sorted(found.items()) if name != PROGRAM]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(PROGRAM, found[PROGRAM]) | {"type": "application"}},
        "components": components,
        "dependencies": [
            {"ref": _reference(name, each), "dependsOn": [_reference(x, found[x]) for x in needs(each)]}
            for name, each in sorted(found.items())
        ],
    }


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
