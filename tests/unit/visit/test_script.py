"""A written visit is read strictly: what cannot be followed is told before anything begins."""

from pathlib import Path

import pytest

from terminal.errors import InvalidRequest
from terminal.visit.script import SCRIPT_MAX, read_script

WHOLE = (Path(__file__).parents[2] / "flows" / "visit.toml").read_text("utf-8")
LATER = 'step = "training"\nseconds = 300'
SWAPPED = WHOLE.replace('"sheet"', '"training"', 1).replace(LATER, 'step = "sheet"\nseconds = 300')
STEP = '\n[[steps]]\nstep = "sheet"\nseconds = 1\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("format = 2", "format"),
        ("not toml", ""),
        (WHOLE.replace('"604182"', '"60418"'), "pin"),
        (WHOLE.replace("seconds = 60   ", "minutes = 1   "), "minutes"),
        (WHOLE + STEP, "stands there twice"),
        (WHOLE.replace('step = "sheet"', 'step = "coffee"'), "coffee"),
        (SWAPPED, "order"),
        ("x" * (SCRIPT_MAX + 1), "bytes"),
        ("format = " + "[" * 20_000, "recursion"),
        ("format = " + "7" * 5000, "digits"),
    ],
)  # fmt: skip
def test_a_script_with_a_mistake_says_where(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match="script_wrong") as told:
        read_script(text.encode())
    assert why in str(told.value.facts["why"])


def test_the_shipped_one_is_sound() -> None:
    script = read_script(WHOLE.encode())
    assert [each.step for each in script.steps][:2] == ["sheet", "questions"]
    assert sum(each.seconds for each in script.steps) + script.seconds <= 1200
