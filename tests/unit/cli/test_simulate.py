"""``countertop simulate``: what it says of a run and of one seed."""

from collections import Counter

import pytest

from terminal.cli.simulate import _covered
from terminal.simulation.coverage import expected
from terminal.simulation.mass import Tally
from terminal.simulation.run import Outcome
from terminal.simulation.swarm import COUNTED
from tests.flows.cli_rig import command


def test_a_sound_seed_has_nothing_to_make_smaller() -> None:
    told = command("simulate", "--seed", "5", "--minimise")
    assert (told.code, told.out) == (0, "seed 5 is right\n")


def test_a_run_that_met_too_little_fails_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counter(dict.fromkeys((*COUNTED, *expected()), 100))
    assert _covered(counts, 40_000, whole=False) is False
    counts["kill"] = 7
    assert _covered(counts, 40_000, whole=True) is True
    assert "TOO SELDOM: kill: 7 times" in capsys.readouterr().out
    assert _covered(Counter(), 100, whole=False) is False, "a short run says nothing about coverage"


def test_a_tally_says_what_was_lost_doubled_falsely_paid_or_left_open() -> None:
    tally = Tally()
    for blame in ("", "I1: gone", "I2: believed", "I4: open", "I4: open", "I10: glass"):
        tally.add(Outcome(1, 25, "0", 10, 60.0, blame, (), {"real keys": not blame}))
    assert tally.wrong() == {"lost": 1, "double": 0, "false paid": 1, "unresolved": 2, "other": 1}
    assert "1 lost, 0 double, 1 false paid, 2 unresolved, 1 other" in tally.line()
    assert "(1 with real RSA, 17 %" in tally.line()
