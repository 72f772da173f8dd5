"""Stories of several people and faults, as ``countertop lab run`` plays them, judged by the oracle."""

import tempfile
from pathlib import Path

from terminal.simulation.lab_run import Verdict, lab_run
from terminal.testing.counter import MEMORY


def play(name: str | Path, *, seed: int = 1) -> Verdict:
    """Play a fault, a story or a scenario file from the sale to the audit days later.

    Args:
        name: of ``countertop lab list``, or a scenario's file.

    Raises:
        AssertionError: money, glass, paper or voice were not as they must be, or the fault never happened.
        FaultUnknown, BadScenario: nobody knows the name; the file says what nobody can play.
    """
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="countertop-", dir=place) as folder:
        verdict = lab_run(str(name), Path(folder), seed=seed)
    if not verdict.agrees:
        wrong = verdict.wrong or (f"{verdict.name} never happened: this run proves nothing",)
        again = f"countertop lab run {name} --seed {seed}"
        raise AssertionError("\n".join([*wrong, f"the whole run: {again}"]))
    return verdict
