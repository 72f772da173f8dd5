"""Which leg a shop stands on is dead: printer, network, internet, bank, clock (row 96). Pure: told facts, judged.

For the terminal's own sheet, and as a proof of the visit's first step.

What nobody knows is ``cannot_tell``; a leg behind a dead one is never called dead itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from terminal.counter.ports import Health, HealthState
from terminal.payments.notice import NotSent
from terminal.visit.proofs import CLOCK_OFF_S, Heard, Proven, channel_cause

Name = Literal["printer", "lan", "internet", "bank", "clock"]
State = Literal["ok", "dead", "cannot_tell"]
NO_PRINTER: Final = "sheet_no_printer"
SILENT: Final = frozenset({"visit_bank_silent"})  # it may be well and slow
NOT_THERE: Final = frozenset({"sheet_no_printer", "sheet_bank_unasked"})  # nothing stands there to be tried
MENDED_FIRST: Final = ("lan", "clock", "internet", "bank", "printer")
_PROOF: Final[Mapping[Name, str]] = {"lan": "network"}  # as records call it
_STATES: Final[Mapping[HealthState, State]] = {
    HealthState.OK: "ok",
    HealthState.FAULT: "dead",
    HealthState.CANNOT_TELL: "cannot_tell",
}


@dataclass(frozen=True, slots=True)
class Leg:
    """``slug``: of the registry, with its fix; empty where all is well. ``of``: the bank's channel."""

    name: Name
    state: State
    slug: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    of: str = ""


def legs(printer: Health | None, network: bool | None, channels: Sequence[Heard]) -> tuple[Leg, ...]:
    """In the order in which they are mended.

    Args:
        printer: None where the counter has none.
        network: whether this machine has a way out; None where it cannot be known.
    """
    asked = [each for each in channels if each.answer is not None]
    reached = [each for each in asked if not isinstance(each.answer, NotSent)]
    lan, net = _lan(network, reached=bool(reached)), _internet(asked, reached)
    banks = [_bank(each, line=net.state) for each in channels]
    return (_printer(printer), lan, net, *banks, _clock(reached))


def _printer(health: Health | None) -> Leg:
    if health is None:
        return Leg("printer", "cannot_tell", NO_PRINTER)
    reason = health.reason if health.state is not HealthState.OK else ""
    return Leg("printer", _STATES[health.state], reason, dict(health.detail))


def _lan(network: bool | None, *, reached: bool) -> Leg:
    if network or reached:  # a bank that answers came over some network
        return Leg("lan", "ok")
    return Leg("lan", "cannot_tell" if network is None else "dead", "visit_no_network")


def _internet(asked: Sequence[Heard], reached: Sequence[Heard]) -> Leg:
    if reached:
        return Leg("internet", "ok")
    return (
        Leg("internet", "dead", "no_internet") if asked else Leg("internet", "cannot_tell", "sheet_bank_unasked")
    )


def _bank(heard: Heard, *, line: State) -> Leg:
    name = heard.channel
    if heard.answer is None:
        return Leg("bank", "cannot_tell", "sheet_bank_unasked", of=name)
    if line == "dead":
        return Leg("bank", "cannot_tell", "sheet_behind_internet", of=name)
    slug, facts = channel_cause(heard)
    state: State = "ok" if not slug else "cannot_tell" if slug in SILENT else "dead"
    return Leg("bank", state, slug, {key: str(value) for key, value in facts.items()}, of=name)


def _clock(reached: Sequence[Heard]) -> Leg:
    if not reached:
        return Leg("clock", "cannot_tell", "sheet_clock_untold")
    off_s = max(abs(each.offset_s) for each in reached)
    return (
        Leg("clock", "dead", "visit_clock_off", {"seconds": str(off_s)})
        if off_s > CLOCK_OFF_S
        else Leg("clock", "ok")
    )


def prove_sheet(printers: Mapping[str, Health | None], network: bool | None, channels: Sequence[Heard]) -> Proven:
    """The same as the proof of a step: one state a leg, the first dead one in the order of mending is the cause.

    A bank that stays silent fails the step too, although nobody calls it dead.

    Args:
        printers: by counter, None where it has none.
    """
    line = legs(None, network, channels)
    found = [*(each for each in line if each.name != "printer"), *(_of(*each) for each in printers.items())]
    names: tuple[Name, ...] = ("printer", "lan", "internet", "bank", "clock")
    states = {_PROOF.get(name, name): _worst(each for each in found if each.name == name) for name in names}
    off_s = max(
        (abs(each.offset_s) for each in channels if not isinstance(each.answer, NotSent | None)), default=0
    )
    proof = {"legs": states, "clock_off_s": off_s}
    wrong = [each for each in found if each.state == "dead" or each.slug in SILENT]
    if not wrong:
        return Proven(proof)
    first = min(wrong, key=lambda each: MENDED_FIRST.index(each.name))
    return Proven(proof, first.slug, dict(first.facts))


def _of(counter: str, health: Health | None) -> Leg:
    """A counter's printer; what a device tells nothing of is named by its place."""
    leg = _printer(health)
    place = {"counter": counter, "role": "printer", "state": "fault"}
    slug = "visit_device_unproven" if leg.state == "dead" and not leg.slug else leg.slug
    return Leg("printer", leg.state, slug, {**place, **leg.facts})


def _worst(found: Iterable[Leg]) -> str:
    states = {"none" if each.slug in NOT_THERE else each.state for each in found}
    return next((each for each in ("dead", "cannot_tell", "ok") if each in states), "none")


def said(found: Sequence[Leg]) -> tuple[str, ...]:
    """What a voice says of them: each dead one once, in order; "ok" where none is, "unsure" where nobody knows.

    A counter without a printer stands on it as little as on a speaker.
    """
    dead = dict.fromkeys(each.name for each in found if each.state == "dead")
    if "lan" in dead:
        dead.pop("internet", None)  # behind it
    unsure = any(each.state == "cannot_tell" and each.slug != NO_PRINTER for each in found)
    return tuple(dead) or (("unsure",) if unsure else ("ok",))
