"""Which leg is dead, and what is only unknown behind it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pytest

from terminal.counter.ports import Health, HealthState
from terminal.errors import Fact
from terminal.help.registry import registry
from terminal.payments.notice import Answer, NotSent, NotThere, Refusal, Refused, Unclear
from terminal.visit.legs import Leg, Name, State, legs, prove_sheet, said
from terminal.visit.proofs import Heard

pytestmark = pytest.mark.row(96)
WELL: Final = Health(HealthState.OK, "", 0, {})


def judged(
    *answers: Answer | None, printer: Health | None = WELL, network: bool | None = True, off_s: int = 0
) -> list[tuple[str, str, str]]:
    heard = [Heard(f"bank{n}", "", each, off_s) for n, each in enumerate(answers)]
    return [(each.name, each.state, each.slug) for each in legs(printer, network, heard)]


def test_all_works_when_a_bank_gave_a_verified_answer() -> None:
    assert judged(NotThere()) == [(name, "ok", "") for name in ("printer", "lan", "internet", "bank", "clock")]


def test_a_dead_line_is_told_as_the_line_and_never_as_the_bank() -> None:
    assert judged(NotSent("connect"), NotSent("dns")) == [
        ("printer", "ok", ""),
        ("lan", "ok", ""),
        ("internet", "dead", "no_internet"),
        ("bank", "cannot_tell", "sheet_behind_internet"),
        ("bank", "cannot_tell", "sheet_behind_internet"),
        ("clock", "cannot_tell", "sheet_clock_untold"),
    ]


def test_one_bank_that_answers_proves_the_line_for_the_other() -> None:
    told = judged(NotThere(), NotSent("connect"))
    assert told[2:5] == [("internet", "ok", ""), ("bank", "ok", ""), ("bank", "dead", "visit_bank_unreached")]


@pytest.mark.parametrize(
    ("answer", "off_s", "bank", "clock"),
    [
        (Refused(Refusal.CLOCK_OR_KEY), 0, ("dead", "visit_keys_refused"), "ok"),
        (Refused(Refusal.CLOCK_OR_KEY), 300, ("dead", "visit_clock_off"), "dead"),
        (Unclear("timeout"), 0, ("cannot_tell", "visit_bank_silent"), "ok"),
    ],
)
def test_wrong_keys_a_wrong_clock_and_a_slow_bank_are_three_things(
    answer: Answer, off_s: int, bank: tuple[str, str], clock: str
) -> None:
    told = judged(answer, off_s=off_s)
    assert (told[3][1:], told[4][1]) == (bank, clock)


def test_the_network_is_dead_only_when_nothing_comes_through_it() -> None:
    assert judged(NotThere(), network=False)[1] == ("lan", "ok", "")
    assert judged(NotSent("dns"), network=False)[1] == ("lan", "dead", "visit_no_network")
    assert judged(NotSent("dns"), network=None)[1] == ("lan", "cannot_tell", "visit_no_network")


def test_a_channel_nobody_can_ask_and_a_counter_without_printer_are_no_faults() -> None:
    told = judged(None, printer=None)
    assert told[0] == ("printer", "cannot_tell", "sheet_no_printer")
    assert told[3] == ("bank", "cannot_tell", "sheet_bank_unasked")
    out = Health(HealthState.FAULT, "printer_paper_out", 0, {"model": "TM"})
    assert judged(NotThere(), printer=out)[0] == ("printer", "dead", "printer_paper_out")


def proven(
    *answers: Answer | None,
    printers: Mapping[str, Health | None] = MappingProxyType({"1": WELL}),
    network: bool | None = True,
    off_s: int = 0,
) -> tuple[str, Mapping[str, Fact], dict[str, str]]:
    """Cause, facts and the state of each leg, as a record has them."""
    told = prove_sheet(printers, network, [Heard(f"bank{n}", "", each, off_s) for n, each in enumerate(answers)])
    assert not told.cause or registry().errors[told.cause].facts <= told.facts.keys()
    return told.cause, told.facts, dict(told.proof["legs"])


def test_as_a_proof_the_cause_is_the_leg_that_is_mended_first_and_what_lies_behind_it_is_not_called_dead() -> None:
    cause, _, states = proven(NotThere())
    assert (cause, set(states.values())) == ("", {"ok"})
    cause, _, states = proven(NotSent("no route"), network=False)
    assert (cause, states["network"], states["bank"]) == ("visit_no_network", "dead", "cannot_tell")
    cause, _, states = proven(NotSent("dns"))
    assert (cause, states["internet"], states["bank"]) == ("no_internet", "dead", "cannot_tell")
    cause, _, states = proven(NotThere(), Refused(Refusal.CLOCK_OR_KEY), printers={"1": None}, network=None)
    assert (cause, states["internet"], states["bank"]) == ("visit_keys_refused", "ok", "dead")
    assert states["printer"] == "none", "no printer is no dead one"
    fault = Health(HealthState.FAULT, "", 0, {})
    cause, facts, states = proven(NotThere(), printers={"1": fault}, off_s=90)
    assert (cause, facts["seconds"], states["clock"]) == ("visit_clock_off", "90", "dead")
    cause, facts, states = proven(NotThere(), printers={"1": WELL, "2": fault})
    assert (cause, facts["counter"], states["printer"]) == ("visit_device_unproven", "2", "dead")
    told = Health(HealthState.FAULT, "printer_paper_out", 0, {})
    assert proven(NotThere(), printers={"1": told})[0] == "printer_paper_out", "in the same words as on the sheet"


def test_a_silent_bank_fails_the_step_and_one_that_cannot_be_asked_does_not() -> None:
    cause, _, states = proven(Unclear("timeout"))
    assert (cause, states["bank"]) == ("visit_bank_silent", "cannot_tell")
    cause, _, states = proven(None)
    assert (cause, states["bank"]) == ("", "none")


@pytest.mark.row(96)
@pytest.mark.parametrize(
    ("states", "said_"),
    [
        ({}, ("ok",)),
        ({"printer": "dead", "clock": "dead"}, ("printer", "clock")),
        ({"lan": "dead", "internet": "dead", "bank": "cannot_tell"}, ("lan",)),
        ({"internet": "dead", "bank": "cannot_tell", "clock": "cannot_tell"}, ("internet",)),
        ({"bank": "cannot_tell"}, ("unsure",)),
    ],
)
def test_a_voice_names_what_is_dead_and_nothing_that_lies_behind_it(
    states: dict[Name, State], said_: tuple[str, ...]
) -> None:
    names: tuple[Name, ...] = ("printer", "lan", "internet", "bank", "bank", "clock")
    assert said([Leg(each, states.get(each, "ok")) for each in names]) == said_
    assert said([Leg("printer", "cannot_tell", "sheet_no_printer"), Leg("lan", "ok")]) == ("ok",)
