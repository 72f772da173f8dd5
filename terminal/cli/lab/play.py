"""A fault, scenario or recording played in the lab, for the commands that tell how it ended."""

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from terminal.lab.faults import Fault
    from terminal.lab.scenarios import Scenario
    from terminal.simulation.lab_run import Verdict

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a private folder is made in it


def played(what: "Fault | Scenario", seeds: range) -> "list[Verdict]":
    """Each seed in a folder of its own. Raises TerminalError: a step that the service refuses."""
    from terminal.simulation.lab_run import play

    logging.disable(logging.CRITICAL)  # what the service logs here is the fault, and stands in the timeline
    verdicts = []
    try:
        for seed in seeds:
            place = MEMORY if MEMORY.is_dir() else None
            with tempfile.TemporaryDirectory(prefix="countertop-lab-", dir=place) as folder:
                verdicts.append(play(what, Path(folder), seed=seed))
    finally:
        logging.disable(logging.NOTSET)
    return verdicts
