"""``countertop lab replay FILE``: a sale recorded in a shop is played in the lab, and kept as a test."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal.cli.lab.play import played
from terminal.cli.words import REFUSED, USAGE, console, give_up, put
from terminal.given_file import read_handed

if TYPE_CHECKING:
    from terminal.simulation.lab_run import Verdict


def run_replay(file: Path, *, number: int, test: Path | None, scenario: Path | None, as_json: bool) -> int:
    """The exit code: 0 the lab's till says the same words, 1 it says others, 2 nothing can be read or written."""
    from terminal.simulation.field import ZIP_MAX, NoRecording, recording, replay
    from terminal.simulation.field_story import scenario_text, test_text

    name = f"field-sale-{number}"
    try:
        events = recording(read_handed(file, ZIP_MAX + 1), number)  # a longer one is told
        made = replay(events)
        text = scenario_text(made, events, name)
        for path, content in (
            (scenario, text),
            (test, test_text(text, made.words, name, f"{file.name}, sale {number}")),
        ):
            if path is not None:
                with path.open("x", encoding="utf-8") as out:  # never over a file that is there
                    out.write(content)
        verdict = _played(text)
    except NoRecording as error:
        give_up(f"{file}: {error}.", USAGE)
    except OSError as error:
        give_up(f"{error.filename}: {error.strerror}.", USAGE)
    same = verdict.words == made.words
    told: dict[str, Any] = {
        "same": same,
        "field": made.words,
        "lab": verdict.words,
        "faults": sorted(made.faults),
        "not_replayed": made.untold,
        "wrong": verdict.wrong,
    }
    if as_json:
        put(told)
    else:
        _show(told)
    return 0 if same and verdict.agrees else REFUSED


def _played(text: str) -> "Verdict":
    from terminal.lab.scenario_files import read

    with tempfile.TemporaryDirectory(prefix="countertop-lab-") as folder:
        path = Path(folder) / "field.toml"
        path.write_text(text, "utf-8")
        [verdict] = played(read(path), range(1, 2))
    return verdict


def _show(told: dict[str, Any]) -> None:
    lines = [
        f"in the shop  {' → '.join(told['field'])}",
        f"in the lab   {' → '.join(told['lab'])}",
        f"faults       {', '.join(told['faults']) or 'none'}",
        *(f"not replayed {each}" for each in told["not_replayed"]),
        *(f"wrong        {each}" for each in told["wrong"]),
        "The lab's till says the same words." if told["same"] else "The lab's till says other words.",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
