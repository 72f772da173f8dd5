"""What an installation is made of, as a stranger's schema reads it (S71)."""

import json

import pytest

from terminal.cli.security.command import bill_of_materials
from tests.flows.cli_rig import command
from tests.test_locks import pins


@pytest.mark.no_cover
def test_s71_the_bill_of_materials_is_cyclonedx_and_names_what_is_locked() -> None:
    from cyclonedx.schema import SchemaVersion  # here: two seconds of grammars, for this test alone
    from cyclonedx.validation.json import JsonStrictValidator

    told = json.loads(command("security", "sbom").out)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(told)) is None
    named = {each["name"] for each in told["components"]}
    locked = pins("requirements.lock").keys()
    assert {"cryptography", "aiohttp", "apsw", "cffi"} <= named
    assert named <= locked, "what runs is what is pinned"
    assert not named & {"pytest", "ruff", "schemathesis"}, "tests are no part of it"


def test_s71_who_needs_whom_is_told_by_reference() -> None:
    told = bill_of_materials()
    references = {each["bom-ref"] for each in told["components"]} | {told["metadata"]["component"]["bom-ref"]}
    needs = {each["ref"]: each["dependsOn"] for each in told["dependencies"]}
    assert set(needs) == references
    assert all(each in references for needed in needs.values() for each in needed)
    (cffi,) = (each for each in references if "/cffi@" in each)
    assert any(cffi in needed for ref, needed in needs.items() if "/cryptography@" in ref)


@pytest.mark.parametrize("name", ["pip", "setuptools", "babel"])
def test_what_no_part_of_it_needs_is_not_told(name: str) -> None:
    assert name not in {each["name"] for each in bill_of_materials()["components"]}
