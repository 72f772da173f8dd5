"""Which leg is dead, and what is only unknown behind it."""

from typing import Final

import pytest

from terminal.counter.ports import Health, HealthState
from terminal.payments.notice import Answer, NotSent, NotThere, Refusal, Refused, Unclear
from terminal.visit.legs import legs
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
