"""Scenario files played: the shipped ones hold, a wrong hope is told, the command has its exit codes."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.lab.scenario_files import FOLDER, shipped
from terminal.lab.scenarios import Step
from terminal.simulation.lab_run import lab_run, play

LONG = ("bank-down-half-hour",)  # half an hour of questions takes half a second

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those


@pytest.mark.row(144, 146)
@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[pytest.mark.slow] if each in LONG else []) for each in shipped()],
)
def test_the_story_happens_and_the_oracle_agrees(name: str, tmp_path: Path) -> None:
    verdict = lab_run(name, tmp_path)
    assert verdict.fired
    assert verdict.wrong == ()


@pytest.mark.row(10)
def test_two_slips_that_waited_for_paper_come_in_their_order(tmp_path: Path) -> None:
    first, second = lab_run("two-customers-one-roll", tmp_path).slips
    assert "19.90" in first
    assert "28.50" in second


def test_what_was_not_seen_in_time_is_told_and_a_fault_that_never_fired_proves_nothing(tmp_path: Path) -> None:
    story = shipped()["customer-leaves"]
    vain = Step("see", till="paid", within_s=5)
    never = Step("break", fault="refund-slow")
    verdict = play(msgspec.structs.replace(story, step=(never, *story.step, vain)), tmp_path)
    assert verdict.wrong[0] == "not within 5 s: till paid (it says not_paid)"
    assert not verdict.fired


@pytest.mark.row(118)
def test_an_alert_that_is_not_raised_and_one_that_nobody_hoped_for_are_told(tmp_path: Path) -> None:
    story = msgspec.structs.replace(shipped()["customer-leaves"], alerts=("refund_soon",))
    assert "alerts: none; expected refund_soon" in play(story, tmp_path).wrong


@pytest.mark.row(146, 149)
def test_the_command_plays_a_file_of_one_s_own_writes_junit_and_ends_with_0_1_or_2(tmp_path: Path) -> None:
    run = CliRunner()
    text = (FOLDER / "customer-leaves.toml").read_text("utf-8")
    mine, junit = tmp_path / "mine.toml", tmp_path / "out.xml"
    mine.write_text(text, "utf-8")
    words = ["lab", "run", str(mine), "--json", "--seed", "3..4", "--junit", str(junit)]
    good = run.invoke(app, words)
    assert good.exit_code == 0
    told = msgspec.json.decode(good.stdout)
    assert [each["verdict"]["seed"] for each in told] == [3, 4]
    assert told[0]["verdict"]["words"] == ["waiting", "checking", "not_paid"]
    suite = Xml.fromstring(junit.read_bytes())
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")

    mine.write_text(text.replace("captured = 0", "captured = 1"), "utf-8")
    bad = run.invoke(app, ["lab", "run", str(mine), "-q", "--junit", str(junit)])
    assert bad.exit_code == 1
    failure = Xml.fromstring(junit.read_bytes()).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "I3: the bank took the money 0 times, expected 1"

    mine.write_text(text.replace('do = "cancel"', 'do = "cancle"'), "utf-8")
    for words in (["run", str(mine)], ["run", "no-such"], ["run", str(tmp_path / "none.toml")]):
        assert run.invoke(app, ["lab", *words]).exit_code == 2
    wrong = run.invoke(app, ["lab", "lint", str(mine)])
    assert wrong.exit_code == 1
    assert "near: cancel" in wrong.output
    assert run.invoke(app, ["lab", "lint"]).exit_code == 0


def test_the_list_has_faults_and_stories_with_layer_and_what_the_cashier_does() -> None:
    told = msgspec.json.decode(CliRunner().invoke(app, ["lab", "list", "--json"]).stdout)
    rows = {each["slug"]: each for each in told}
    assert rows["fat-finger"]["layer"] == "scenario"
    assert rows["display-out-and-wrong-amount"]["faults"] == ["unplug-display", "notify-wrong-amount"]
    assert "new roll" in rows["paper-out"]["cashier"]
    assert len(rows) >= 80


@pytest.mark.row(151)
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("firmware-available", "countertop-display 0.9"),
        ("firmware-required", "HELLO version 2"),
        ("firmware-broken", "HELLO"),
    ],
)
def test_another_program_in_the_display_delays_no_payment(name: str, says: str, tmp_path: Path) -> None:
    verdict = lab_run(name, tmp_path)
    assert verdict.agrees, verdict.wrong
    assert verdict.captured == 1
    assert any(says in line.text for line in verdict.lines if line.place == "display" and line.way == "in")


@pytest.mark.row(151)
@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("available", ("1.1 passed its self-test", "started again")),
        ("required", ("1.0 refuses to start: journal_newer", "1.1 started")),
        ("broken", ("1.1 did not pass", "started again")),
    ],
)
def test_f5_an_update_of_the_service_itself_costs_no_sale(
    what: str, says: tuple[str, str], tmp_path: Path
) -> None:
    verdict = lab_run(f"service-update-{what}", tmp_path)
    assert verdict.agrees, verdict.wrong
    assert verdict.captured == 1
    told = [line.text for line in verdict.lines if line.place == "service"]
    assert [any(each in line for line in told) for each in says] == [True, True], told
