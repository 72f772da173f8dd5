"""Runs the kit: every case on its own rig, on virtual time."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from terminal.conformance.catalogue import ALL_CASES
from terminal.conformance.kit import Case, NonconformingError, Rig
from terminal.errors import NotEvidence
from terminal.payments.profile import Profile
from terminal.virtual_time import Deadlock, run

LIMIT_S: Final = 3600.0  # of virtual time a case
Outcome = Literal["green", "red", "not applicable"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a connector brings to be tried: its name, its profile, and a fresh rig for each case."""

    name: str
    profile: Profile
    fresh: Callable[[], Rig]


@dataclass(frozen=True, slots=True)
class Result:
    """``why``: what a red connector did instead, or the declared reason for which a case does not apply."""

    case: Case
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    profile: str
    results: tuple[Result, ...]

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        return tuple(each for each in self.results if each.outcome == outcome)

    @property
    def green(self) -> bool:
        """At least one case must have applied: a connector that declares everything away proves nothing."""
        return not self.of("red") and bool(self.of("green"))


def run_kit(bench: Bench, cases: Sequence[Case] = ALL_CASES) -> Report:
    """Needs no running loop, and may run beside one in a thread of its own.

    What the channel logs meanwhile are the kit's own forgeries: nobody should read them as an attack.
    """
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return run(_report(bench, cases), seed=0, guard=False)
    finally:
        logging.disable(before)


async def _report(bench: Bench, cases: Sequence[Case]) -> Report:
    return Report(bench.name, bench.profile.name, tuple([await _result(bench, each) for each in cases]))


async def _result(bench: Bench, case: Case) -> Result:
    if missing := case.missing(bench.profile):
        return Result(case, "not applicable", missing)
    try:
        async with asyncio.timeout(LIMIT_S):
            await case.run(bench.fresh())
    except NonconformingError as error:
        return Result(case, "red", str(error))
    except NotEvidence as error:
        return Result(case, "red", f"refused a genuine message as {error}")
    except TimeoutError:
        return Result(case, "red", f"no end within {LIMIT_S:.0f} s")
    except (Deadlock, asyncio.CancelledError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever a connector raises is its red case, not the run's end
        return Result(case, "red", f"raised {type(error).__name__}: {error}"[:300])
    return Result(case, "green")
