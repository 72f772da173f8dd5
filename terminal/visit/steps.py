"""A visit as its journal tells it: ten steps, what each one proved, and how long it took (rows 97 to 101).

Pure: a fold of events. Steps may be done in any order and again; the last result of each counts. Nothing is taken
live before ``ACCEPTANCE`` says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Literal

from terminal.payments.event import Event

BEGUN: Final = "visit_begun"
STEP: Final = "visit_step_ended"
ACCEPTED: Final = "visit_accepted"
DROPPED: Final = "visit_dropped"


class Step(StrEnum):
    SHEET = "sheet"  # which leg works: printer, network, internet, bank, clock
    QUESTIONS = "questions"  # six answers, the preset that was taken
    IDENTITY = "identity"  # who gets the money: merchant, channels with a live check
    DEVICES = "devices"  # each one proven by another one or by a person
    PEOPLE = "people"  # PINs, what a cashier may alone, quiet hours, what leaves the shop
    CENT = "cent"  # the smallest amount both ways, and both given back
    FAULTS = "faults"  # what goes wrong on a bad day, on the live devices
    TRAINING = "training"  # lessons and the exam
    CARDS = "cards"  # quick card, safety card, stickers taken down as ours
    ACCEPTANCE = "acceptance"  # two PINs, the sealed record


Result = Literal["passed", "failed", "left_out"]
NEEDED: Final = frozenset({Step.IDENTITY, Step.PEOPLE, Step.CENT})
"""Without these passed nobody accepts: money would go somewhere, from somebody, somehow."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a step ended last. ``proof``: what was measured; ``cause``: a failure's likeliest reason, a slug."""

    step: Step
    result: Result
    seconds: int
    at_ms: int
    actor: str
    proof: Mapping[str, Any]
    cause: str = ""
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    id: str
    begun_ms: int
    by: str
    steps: Mapping[Step, Done] = field(default_factory=dict)
    accepted_ms: int = 0
    record: str = ""  # SHA-256 of the acceptance record
    dropped: bool = False
    number: int = 0  # of the event that began it: what has a smaller one came before, whatever a clock says

    @property
    def open(self) -> bool:
        return not self.accepted_ms and not self.dropped

    @property
    def seconds(self) -> int:
        return sum(done.seconds for done in self.steps.values())

    def next_step(self) -> Step | None:
        """The first that has not ended well and was not left out; None: only what was left out is open."""
        ended = {step for step, done in self.steps.items() if done.result != "failed"}
        return next((step for step in Step if step not in ended), None)

    def missing(self) -> tuple[Step, ...]:
        """What still stands between here and acceptance."""
        passed = {step for step, done in self.steps.items() if done.result == "passed"}
        return tuple(step for step in Step if step in NEEDED - passed)


def fold(events: Iterable[Event]) -> Visit | None:
    """The visit that these events of one subject tell; None without its beginning."""
    visit: Visit | None = None
    for event in events:
        body = event.body
        if event.type == BEGUN:
            visit = Visit(event.subject, event.wall_ms, str(event.actor), number=event.number)
        elif visit is None:
            continue
        elif event.type == STEP:
            step = Step(body["step"])
            before = visit.steps.get(step)
            done = Done(
                step,
                body["result"],
                body["seconds"],
                event.wall_ms,
                str(event.actor),
                body["proof"],
                body.get("cause", ""),
                1 + (before.tries if before else 0),
            )
            visit = replace(visit, steps={**visit.steps, step: done})
        elif event.type == ACCEPTED:
            visit = replace(visit, accepted_ms=event.wall_ms, record=body["record"])
        elif event.type == DROPPED:
            visit = replace(visit, dropped=True)
    return visit
