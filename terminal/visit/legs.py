"""Which leg a shop stands on is dead: printer, network, internet, bank, clock (row 96). Pure: told facts, judged.

What nobody knows is ``cannot_tell``; a leg behind a dead one is never called dead itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from terminal.counter.ports import Health, HealthState
from terminal.payments.notice import NotSent
from terminal.visit.proofs import CLOCK_OFF_S, Heard, channel_cause

Name = Literal["printer", "lan", "internet", "bank", "clock"]
State = Literal["ok", "dead", "cannot_tell"]
SILENT: Final = frozenset({"visit_bank_silent"})  # it may be well and slow
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
        return Leg("printer", "cannot_tell", "sheet_no_printer")
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
