"""``countertop devices test`` where no service runs: the lab's own devices prove one another."""

from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from terminal.cli.devices.proof import prove
from tests.flows.ports import claim

APP = typer.Typer()
APP.command()(prove)


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERTOP_URL", f"http://127.0.0.1:{claim()}")


@pytest.mark.row(97)
def test_all_of_the_lab_s_devices_pass_and_the_measurements_are_told() -> None:
    done = CliRunner().invoke(APP, ["--all", "--json"])
    told = msgspec.json.decode(done.stdout)
    assert (done.exit_code, told["where"], told["passed"]) == (0, "lab", True)
    assert [each["role"] for each in told["proofs"]] == ["display", "scanner", "printer", "speaker"]
    assert all(each["measured"]["model"] for each in told["proofs"])
    again = msgspec.json.decode(CliRunner().invoke(APP, ["display", "--json"]).stdout)
    assert len(again["proofs"]) == 1
    assert again["proofs"][0]["measured"]["read"] != told["proofs"][0]["measured"]["read"]


def test_people_are_told_that_it_was_the_lab() -> None:
    done = CliRunner().invoke(APP, ["scanner"])
    assert done.exit_code == 0
    assert "simulated" in done.stdout
    assert "passed" in done.stdout


def test_bad_input_an_unknown_kind_of_device_is_named() -> None:
    done = CliRunner().invoke(APP, ["toaster"])
    assert done.exit_code == 2
    assert "toaster" in done.output
