"""The acceptance record: what stood in the shop, what was proven, who learned, who said yes (row 99)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from terminal.visit.steps import Done, Step, Visit

FORMAT: Final = 1
FOLDER: Final = "visits"  # of the state folder: sealed records


@dataclass(frozen=True, slots=True)
class Signer:
    """Who accepted with a PIN: ``role`` as the role table calls it; ``at_ms`` UTC."""

    person: str
    name: str
    role: str
    at_ms: int


def record_of(visit: Visit, facts: Mapping[str, Any], signers: Sequence[Signer], at_ms: int) -> dict[str, Any]:
    """The document to be sealed: plain JSON, amounts in smallest units, times in UTC milliseconds."""
    return {
        "format": FORMAT,
        "visit": {"id": visit.id, "begun_ms": visit.begun_ms, "by": visit.by, "seconds": visit.seconds},
        "steps": [_step(visit.steps[step]) for step in Step if step in visit.steps],
        "left_out": [str(step) for step in Step if not _ended(visit, step)],
        **facts,
        "accepted_ms": at_ms,
        "signers": [
            {"person": each.person, "name": each.name, "role": each.role, "at_ms": each.at_ms} for each in signers
        ],
    }


def _ended(visit: Visit, step: Step) -> bool:
    return step in visit.steps and visit.steps[step].result != "left_out"


def _step(done: Done) -> dict[str, Any]:
    return {
        "step": str(done.step),
        "result": done.result,
        "seconds": done.seconds,
        "tries": done.tries,
        "at_ms": done.at_ms,
        "actor": done.actor,
        "cause": done.cause,
        "proof": dict(done.proof),
    }
