"""``conformance new``: importable and clean from the start, red with clear rules, green once it is written."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from terminal.conformance.run import Report, run_kit
from terminal.conformance.template import CannotStart, files, start
from terminal.connectors import own_connector
from tests.unit.conformance.own_package import installed, make

ROOT: Final = Path(__file__).parents[3]
BIN: Final = Path(sys.executable).parent
pytestmark = pytest.mark.no_cover


def tried(home: Path) -> Report:
    with installed(home):
        offer = own_connector("acme")
        assert offer is not None
        return run_kit(offer.bench())


@pytest.mark.row(40)
def test_a_new_connector_is_red_with_clear_rules_and_grows_green_step_by_step(tmp_path: Path) -> None:
    counts = []
    for number, steps in enumerate(
        [(), (5,), (5, 6), (1, 3, 4, 5, 6, 7, 10), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]
    ):
        place = tmp_path / str(number)
        report = tried(make(place, "acme", *steps, fill=bool(steps)))
        counts.append(len(report.of("red")))
        for each in report.of("red"):
            assert each.why
            assert not each.why.startswith("raised "), f"{each.case.name}: {each.why}"
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 40
    assert counts[-1] == 0


@pytest.mark.row(40)
def test_the_worked_example_is_green_and_declares_nothing_away(tmp_path: Path) -> None:
    report = tried(make(tmp_path, "acme"))
    assert [f"{each.case.name}: {each.why}" for each in report.of("red")] == []
    assert len(report.of("green")) > 110
    assert {each.why for each in report.of("not applicable")} <= {"no probes", "no unsigned notifications"}


def lint(*folders: Path) -> str:
    told = ""
    for words in (["check", "--output-format", "concise"], ["format", "--check"]):
        command = [str(BIN / "ruff"), words[0], "--no-cache", "--config", str(ROOT / "pyproject.toml"), *words[1:]]
        done = subprocess.run([*command, *map(str, folders)], capture_output=True, text=True, timeout=60)
        told += done.stdout if done.returncode else ""
    return told


def test_it_is_clean_before_and_after(tmp_path: Path) -> None:
    assert lint(start("my_bank", tmp_path / "a"), make(tmp_path / "b", "acme")) == ""


@pytest.mark.slow
def test_its_types_are_strict_before_and_after(tmp_path: Path) -> None:
    for home in (make(tmp_path / "a", "acme", fill=False), make(tmp_path / "b", "acme")):
        done = subprocess.run(
            [str(BIN / "mypy"), "--strict", "-p", "countertop_acme", "--cache-dir", str(tmp_path / "cache")],
            cwd=ROOT,
            env={"MYPYPATH": str(home)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout


def test_a_name_stands_wherever_the_connector_is_named() -> None:
    made = files("my_bank")
    assert "@" not in "".join(made.values()).replace("@dataclass", "").replace("@property", "").replace(
        "@pytest", ""
    )
    assert 'connector = "my_bank"' in made["countertop_my_bank/profile.toml"]
    assert 'my_bank = "countertop_my_bank.offer:OFFER"' in made["pyproject.toml"]
    assert made["README.md"].startswith("# MyBank for Countertop\n")


@pytest.mark.parametrize("name", ["", "a", "Acme", "my-bank", "1bank", "x" * 33, "../acme", "acme\n"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotStart, match="no name of a connector"):
        start(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CannotStart, match="there already"):
        start("acme", tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="cannot be made"):
        start("acme", tmp_path / "file" / "below")
