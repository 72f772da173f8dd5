"""Recorded in the field, replayed in the lab: a sale's redacted timeline becomes a scenario and a test."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.journal.reader import Reader
from terminal.lab.scenario_files import named, read
from terminal.lab.scenarios import Scenario
from terminal.simulation.field import ZIP_MAX, Happened, NoRecording, recording, replay
from terminal.simulation.field_story import scenario_text, steps_of
from terminal.simulation.lab_run import Verdict, play
from tests.flows.cli_rig import Place, command

FIELD = "display-out-and-wrong-amount"


def in_the_field(folder: Path) -> tuple[Verdict, str]:
    """The display is out, the bank's message lies, the paper ends inside the slip; with the sale's id."""
    story = named(FIELD)
    assert isinstance(story, Scenario)
    steps = [each for each in story.step if each.do != "mend"]
    torn = msgspec.structs.replace(steps[0], fault="paper-out-mid-slip")
    mend = next(each for each in story.step if each.do == "mend")
    after = [msgspec.structs.replace(mend, fault=name) for name in ("paper-out-mid-slip", "unplug-display")]
    sees = msgspec.structs.replace(story.sees, paper="copy")
    folder.mkdir()
    verdict = play(msgspec.structs.replace(story, sees=sees, step=(torn, *steps[:-1], *after, steps[-1])), folder)
    reader = Reader.at(folder / "journal.db")
    try:
        [sale] = reader.list("sale")
    finally:
        reader.close()
    return verdict, sale.subject


@pytest.mark.row(148)
def test_a_sale_with_three_troubles_is_recorded_redacted_and_its_test_passes_with_the_same_words(
    tmp_path: Path,
) -> None:
    shop, sale = in_the_field(tmp_path / "shop")
    assert shop.agrees, shop.wrong
    place = Place(tmp_path)
    place.example()
    place.state.mkdir(mode=0o700)
    shutil.copy(tmp_path / "shop" / "journal.db", place.state / "journal.db")

    box, test, file = tmp_path / "x.zip", tmp_path / "test_field.py", tmp_path / "field.toml"
    assert command("sale", "record", sale, "--out", box, "--config", place.config).code == 0
    assert command("sale", "record", sale, "--out", box, "--config", place.config).code == 1  # never over a file
    assert command("sale", "record", "nobody", "--out", tmp_path / "y.zip", "--config", place.config).code == 1
    with zipfile.ZipFile(box) as files:
        assert files.namelist() == ["sale-1.json", "versions.json"]
        assert sale not in files.read("sale-1.json").decode()

    ended = command("lab", "replay", box, "--test", test, "--scenario", file, "--json")
    told = msgspec.json.decode(ended.out)
    assert ended.code == 0, told
    assert tuple(told["field"]) == tuple(told["lab"]) == shop.words
    assert told["faults"] == ["notify-wrong-amount", "paper-out-mid-slip", "unplug-display"]
    assert "Which line of the slip the printer had reached." in told["not_replayed"]
    assert read(file).faults
    module: dict[str, Any] = {}
    exec(compile(test.read_text("utf-8"), str(test), "exec"), module)  # what was written a line above
    place_of_test = tmp_path / "own"
    place_of_test.mkdir()
    module["test_field_sale_1_goes_as_it_went_in_the_shop"](place_of_test)
    assert module["WORDS"] == shop.words
    assert command("lab", "replay", box, "--test", test).code == 2  # never over a file


def bundle(events: Any, name: str = "sale-1.json") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        box.writestr(name, msgspec.json.encode(events))
    return out.getvalue()


OPENED = {
    "type": "sale_opened",
    "at_ms": 5,
    "body": {
        **{"sale": "…6NP5", "no": 1, "counter": "1", "amount_minor": 700, "currency": "…", "shares": [700]},
        **{"title": "", "order_no": "", "reference": "", "directions": ["push"], "at_ms": 5},
    },
}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no zip", "it cannot be read"),
        (bundle([OPENED], "sale-2.json"), "it has no sale-1.json; sales in it: sale-2.json"),
        (bundle({"a": 1}), "it cannot be read"),
        (bundle([{"type": 3}]), "without type, time or body"),
        (bundle([]), "does not begin with a sale's opening"),
        (bundle([{**OPENED, "body": {}}]), "its events are no sale's"),
        (b"x" * (ZIP_MAX + 1), "longer than"),
    ],
)
def test_what_is_no_recording_is_told(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(NoRecording, match=why):
        replay(recording(data))
    assert command("lab", "replay", path).code == 2


def test_a_clock_that_was_set_is_told_and_time_goes_on() -> None:
    later = {"type": "cancel_requested", "at_ms": -86_400_000, "body": {"why": "customer_left", "at_ms": 0}}
    events = recording(bundle([OPENED, later]))
    assert [each.ms for each in events] == [0, 0, 0]
    made = replay(events)
    assert any("clock" in each for each in made.untold)
    assert "amount_minor = 700" in scenario_text(made, events, "mine")
    assert [each["do"] for each in steps_of(made.acts)] == ["open", "cancel"]


def test_what_nobody_can_do_in_the_lab_is_told() -> None:
    body: Any = OPENED["body"]
    events = [Happened(0, "sale_opened", {**body, "currency": "CNY"}), Happened(9, "sale_parked", {})]
    assert any("sale_parked" in each for each in replay(events).untold)
