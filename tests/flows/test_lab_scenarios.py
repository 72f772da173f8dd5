"""Every named fault and scenario, played headless: the same names as on the lab's page and in ``lab run``."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from terminal.lab.faults import Fault, Sees, catalogue, find
from terminal.simulation.lab_run import LabRun, Verdict, lab_run
from terminal.virtual_time import run

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those
NOTHING = Sees((), "any", "any", (), "nothing")


@pytest.mark.row(144, 146)
@pytest.mark.parametrize("name", catalogue())
def test_the_fault_happens_and_the_oracle_agrees(name: str, tmp_path: Path) -> None:
    verdict = lab_run(name, tmp_path)
    assert verdict.fired
    assert verdict.wrong == ()


@pytest.mark.parametrize("seed", range(2, 12))
def test_i3_i15_scan_and_glass_race_in_every_order(seed: int, tmp_path: Path) -> None:
    verdict = lab_run("race-scan-vs-qr", tmp_path, seed=seed)
    assert verdict.agrees, verdict.wrong
    assert verdict.captured == 1


@pytest.mark.parametrize("seed", range(2, 8))
def test_a2_cancel_and_payment_in_the_same_moment(seed: int, tmp_path: Path) -> None:
    verdict = lab_run("cancel-vs-pay", tmp_path, seed=seed)
    assert verdict.agrees, verdict.wrong
    assert (verdict.ends == "paid") == (verdict.captured == 1)


@pytest.mark.row(147)
def test_p1_paper_out_in_the_middle_gives_one_torn_original_and_one_whole_copy(tmp_path: Path) -> None:
    verdict = lab_run("paper-out-mid-slip", tmp_path)
    first, second = verdict.slips
    assert "COPY" not in first
    assert "Keep this slip" not in first
    assert "COPY 1" in second
    assert "￥28.50" in second
    assert "Keep this slip" in second


def test_a_killed_service_says_the_amount_once_and_prints_once(tmp_path: Path) -> None:
    verdict = lab_run("kill-mid-sale", tmp_path)
    assert len(verdict.slips) == len(verdict.said) == 1


def test_the_same_seed_gives_the_same_run_and_another_gives_another(tmp_path: Path) -> None:
    def play(place: str, seed: int) -> Verdict:
        (tmp_path / place).mkdir()
        return lab_run("race-scan-vs-qr", tmp_path / place, seed=seed)

    one, same, other = play("one", 5), play("same", 5), play("other", 6)
    assert one == same
    assert [line.text for line in one.lines] != [line.text for line in other.lines]


def played(fault: Fault, folder: Path) -> Verdict:
    return run(LabRun(fault, 1, folder).play(), seed=1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ends": ("cancelled",)}, "the sale ended 'paid', expected cancelled"),
        ({"captured": 2}, "I3: the bank took the money 1 times, expected 2"),
        ({"exception": "excess"}, "no excess before a person"),
    ],
)
def test_a_wrong_expectation_is_not_agreed_with(wrong: dict[str, object], said: str, tmp_path: Path) -> None:
    fault = find("plain-sale")
    verdict = played(msgspec.structs.replace(fault, run=msgspec.structs.replace(fault.run, **wrong)), tmp_path)
    assert not verdict.agrees
    assert said in verdict.wrong[0]


@pytest.mark.parametrize("slug", ["wrong-amount", "scanner-half-read", "paper-out-mid-slip", "unplug-scanner"])
def test_a_fault_that_never_happens_is_not_agreed_with(slug: str, tmp_path: Path) -> None:
    """The customer pays the glass, no query and no scan is needed, and the paper lasts."""
    fault = find(slug)
    script = msgspec.structs.replace(fault.run, direction="push-cancel", ends=("cancelled",), captured=0)
    params = {**fault.params, "bytes": 100_000} if "bytes" in fault.params else fault.params
    verdict = played(msgspec.structs.replace(fault, run=script, params=params, sees=NOTHING), tmp_path)
    assert verdict.agrees == (slug == "unplug-scanner")
    assert verdict.wrong == ()


def test_a_verdict_without_its_fault_is_no_agreement(tmp_path: Path) -> None:
    verdict = lab_run("plain-sale", tmp_path)
    assert verdict.agrees
    assert not replace(verdict, fired=False).agrees
    assert not replace(verdict, wrong=("I3: twice",)).agrees
