"""Everybody can read it: contrast computed from the pages' own colour tokens (WCAG 2.2, 1.4.3 and 1.4.6)."""

import re

import pytest

from terminal.web.pages.frame import HERE

TOKENS = (HERE / "static" / "tokens.css").read_text()
SHEETS = sorted((HERE / "static").glob("*.css"))
TEXT = [
    ("ink", "paper"),
    ("soft", "paper"),
    ("soft", "card"),
    ("ink", "card"),
    ("key-ink", "key"),
    ("key-ink", "key-down"),
    ("soft", "key"),
    ("accent", "paper"),
    ("accent", "card"),
    ("good", "paper"),
    ("bad", "paper"),
    ("doubt", "paper"),
    ("amber", "paper"),
    ("settled", "paper"),
    ("settled", "card"),
    ("good", "card"),
    ("amber", "card"),
]
STATES = ("waiting", "checking", "paid", "not-paid", "late", "training")


def _theme(dark: bool) -> dict[str, str]:
    light, _, night = TOKENS.partition("@media")
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", night)) if dark else found


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_the_standard_s() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.row(141)
@pytest.mark.parametrize("dark", [False, True])
def test_text_has_at_least_four_and_a_half_and_amounts_and_states_seven(dark: bool) -> None:
    colours = _theme(dark)
    for front, back in TEXT:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    assert contrast(colours["ink"], colours["paper"]) >= 7
    for state in STATES:
        assert contrast(colours["on-state"], colours[state]) >= 7, state
    assert contrast(colours["on-test"], colours["test"]) >= 7


@pytest.mark.row(141)
def test_states_have_the_colours_of_the_screen_language() -> None:
    colours = _theme(False)
    wanted = {
        "ink": "#1b1f24",
        "waiting": "#0a46c0",
        "checking": "#5b2a9e",
        "paid": "#075e28",
        "not-paid": "#a8201a",
        "late": "#7a4f00",
        "training": "#7a1fa2",
    }
    assert {name: colours[name] for name in wanted} == wanted


def test_no_sheet_brings_colours_past_the_tokens() -> None:
    """White paper, code and stripes are the same in both themes; everything else is a token."""
    fixed = {"#fff", "#16181b", "#2f343a"}
    for sheet in SHEETS:
        if sheet.name != "tokens.css":
            found = set(re.findall(r"#[0-9a-f]{3,8}\b(?=[;,) ])", sheet.read_text()))
            assert found <= fixed | {"#1b1f24"}, sheet.name
