"""A visit written down: what ``countertop onboard --script`` follows on the simulated counter."""

from typing import Annotated, Final, Literal

import msgspec

from terminal.errors import InvalidRequest
from terminal.visit.steps import Step

Pin = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6,12}\Z")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=3600)]
SCRIPT_MAX: Final = 64 * 1024


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    pin: Pin


class Persons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cashier`` is added by the owner in the step people."""

    visitor: Person
    owner: Person
    cashier: Person


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seconds``: how long people take for it. ``told``: what a person answers or ticks there.

    ``cut``: the power goes while the step is under way, and it is done again.
    """

    step: Literal["sheet", "questions", "identity", "devices", "people", "cent", "faults", "training", "cards"]
    seconds: Seconds
    told: dict[str, str | int | bool | list[str] | dict[str, str | int | bool]] = {}
    left_out: bool = False
    cut: bool = False


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``seconds``: of the acceptance itself."""

    format: Literal[1]
    title: str
    people: Persons
    steps: list[Planned]
    seconds: Seconds
    seed: int = 1


def read_script(data: bytes) -> Script:
    """Raises InvalidRequest("script_wrong"): with the place."""
    if len(data) > SCRIPT_MAX:
        raise InvalidRequest("script_wrong", why=f"more than {SCRIPT_MAX} bytes")
    try:
        script = msgspec.toml.decode(data, type=Script)
    except (ValueError, RecursionError) as error:  # msgspec's and TOML's errors are ValueErrors too
        raise InvalidRequest("script_wrong", why=str(error)) from None
    steps = [each.step for each in script.steps]
    if twice := sorted({step for step in steps if steps.count(step) > 1}):
        raise InvalidRequest("script_wrong", why=f"{twice[0]} stands there twice")
    if steps != [each for each in Step if each in steps]:
        raise InvalidRequest("script_wrong", why="the steps are not in their order")
    return script
